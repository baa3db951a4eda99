//! Rules that apply schemas to the same value.

use std::cell::Cell;

use super::Explain;
use crate::engine::eval::class_of;
use crate::engine::program;
use crate::engine::program::{ANY, Members, NodeId, OBJECT, Rest, Types};
use crate::engine::tape::Entry;

/// Most branches, and branches within them, that are looked at to find the only one that is for a
/// value.
const MOST_LOOKS: usize = 2_000;

/// And how deep these are within each other, which may be without end.
const DEEPEST: usize = 64;

impl<'a> Explain<'a, '_> {
    pub(super) fn rest(
        &mut self,
        id: NodeId,
        node: &'a program::Node,
        rest: &'a Rest,
        entry: &Entry,
        place: u32,
    ) {
        match rest {
            Rest::And(inner) => return self.value(*inner, place),
            Rest::AnyOf(branches) | Rest::OneOf(branches) if entry.is_open => {
                // A container that was not read to its end: only what its first bytes exclude
                // is known of the branches.
                if let [only] = &self.possible(branches, entry, place)[..] {
                    self.value(*only, place);
                }
                return;
            }
            Rest::Patterns { .. } => return self.patterns(rest, place),
            Rest::If {
                condition,
                then,
                otherwise,
            } if !entry.is_open => {
                let holds = self.eval.id(*condition, place);
                return self.value(if holds { *then } else { *otherwise }, place);
            }
            Rest::Dependent { name, node } if !entry.is_open => {
                if self.eval.tape.member(self.eval.body, place, name).is_some() {
                    self.value(*node, place);
                }
                return;
            }
            _ if entry.is_open => return,
            _ => {}
        }
        if let Rest::UnevaluatedItems { marks, node }
        | Rest::UnevaluatedProperties { marks, node } = rest
        {
            return self.unevaluated(*marks, *node, entry, place);
        }
        if self.eval.rest(rest, node, place) {
            return;
        }
        match rest {
            Rest::AnyOf(branches) => {
                // Where only one branch is for such a value, it tells more.
                if self.told_by_the_only(branches, entry, place) {
                    return;
                }
                let expected = format!("at least one of {} schemas to hold", branches.len());
                self.tell(id, "anyOf", expected, entry);
            }
            Rest::OneOf(branches) => {
                if self.told_by_the_only(branches, entry, place) {
                    return;
                }
                let expected = format!("exactly one of {} schemas to hold", branches.len());
                self.tell(id, "oneOf", expected, entry);
            }
            Rest::Not(_) => self.tell(
                id,
                "not",
                "a value that the schema within does not hold for",
                entry,
            ),
            Rest::Contains { fewest, most, .. } => {
                let (keyword, expected) = self.contains(rest, place, *fewest, *most);
                self.tell(id, keyword, expected, entry);
            }
            Rest::Unique => self.tell(id, "uniqueItems", "elements that all differ", entry),
            _ => {}
        }
    }

    fn contains(
        &mut self,
        rest: &Rest,
        place: u32,
        fewest: u64,
        most: u64,
    ) -> (&'static str, String) {
        let Rest::Contains { node, .. } = rest else {
            return ("contains", String::new());
        };
        let tape = self.eval.tape;
        let mut found = 0;
        for (element, _) in tape.elements(place) {
            found += u64::from(self.eval.id(*node, element));
        }
        if found > most {
            return ("maxContains", format!("at most {most} such elements"));
        }
        if fewest == 1 {
            return (
                "contains",
                "an element for which the schema within holds".to_owned(),
            );
        }
        ("minContains", format!("at least {fewest} such elements"))
    }

    /// Whether only one branch is for such a value, and tells what is wrong with it.
    fn told_by_the_only(&mut self, branches: &[NodeId], entry: &Entry, place: u32) -> bool {
        let before = self.found.len();
        if let [only] = &self.possible(branches, entry, place)[..] {
            self.value(*only, place);
        }
        self.found.len() > before
    }

    /// The branches that a value of its type, with its tag, may meet.
    fn possible(&self, branches: &[NodeId], entry: &Entry, place: u32) -> Vec<NodeId> {
        let (class, _) = class_of(entry.kind);
        let looks = Cell::new(0);
        branches
            .iter()
            .copied()
            .filter(|branch| self.may_meet(*branch, class, place, (&looks, 0)))
            .collect()
    }

    /// Whether a member must be one string, or one of some, and is another.
    fn has_unlisted(&self, members: &Members, place: u32) -> bool {
        let listing = |place: usize| {
            let node = self.eval.nodes.get(members.known.get(place)?.node)?;
            node.values.is_some().then_some(node)
        };
        if (0..members.known.len()).all(|place| listing(place).is_none()) {
            return false;
        }
        // Each member of the body once, for the branch may know many.
        self.eval.tape.members(place).any(|(name, value)| {
            let found = self.eval.find(members, name.token());
            let node = found.and_then(listing);
            let entry = self.entry(value);
            node.zip(entry)
                .is_some_and(|(node, entry)| !self.is_listed(node, &entry, value))
        })
    }

    fn may_meet(
        &self,
        id: NodeId,
        class: Types,
        place: u32,
        (looks, depth): (&Cell<usize>, usize),
    ) -> bool {
        let Some(node) = self.eval.nodes.get(id) else {
            return id == ANY;
        };
        looks.set(looks.get() + 1);
        if looks.get() > MOST_LOOKS || depth > DEEPEST {
            return true;
        }
        if node.types & class == 0 {
            return false;
        }
        if let (Some(members), OBJECT) = (&node.object, class) {
            if self.has_unlisted(members, place) {
                return false;
            }
        }
        let within = (looks, depth + 1);
        node.rest.iter().all(|rest| match rest {
            Rest::And(inner) => self.may_meet(*inner, class, place, within),
            Rest::AnyOf(branches) | Rest::OneOf(branches) => branches
                .iter()
                .any(|branch| self.may_meet(*branch, class, place, within)),
            _ => true,
        })
    }
}
