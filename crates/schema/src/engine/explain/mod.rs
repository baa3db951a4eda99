//! Where a body breaks its schema: the second pass, over a tape, with nodes that are each of one
//! place in the schema.

mod branches;
mod containers;
mod scalars;
mod words;

use std::borrow::Cow;

use self::words::{FALSE, keyword_of_false, listed, types_in_words};
use super::eval::{Eval, MOST_NESTED, class_of};
use super::program::NodeId;
use super::tape::{Entry, Kind};
use super::{digits, program};
use crate::finding::{Finding, Step};

/// Most visits for the sake of a place to each value of a body, on average.
///
/// Branches within branches would visit a deep one for ever. A schema that does not branch visits
/// it once for each of the schemas that it is made of.
const VISITS_OF_A_VALUE: usize = 16;

/// As many are allowed whatever the length of the body.
const FEWEST_VISITS: usize = 1_000_000;

pub(crate) struct Explain<'a, 's> {
    eval: Eval<'a, 's>,
    path: Vec<Step>,
    pub(crate) found: Vec<Finding>,
    most: usize,
    visits: usize,
    /// Nodes and the places of the values that they are asked about, where nodes may ask each
    /// other without end.
    asked: Vec<(NodeId, u32)>,
}

impl<'a, 's> Explain<'a, 's> {
    pub(crate) const fn new(eval: Eval<'a, 's>, most: usize) -> Self {
        Self {
            eval,
            path: Vec::new(),
            found: Vec::new(),
            most,
            visits: 0,
            asked: Vec::new(),
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.most || self.visits > self.most_visits()
    }

    fn most_visits(&self) -> usize {
        let of_all = self
            .eval
            .tape
            .entries
            .len()
            .saturating_mul(VISITS_OF_A_VALUE);
        of_all.max(FEWEST_VISITS)
    }

    fn entry(&self, place: u32) -> Option<Entry> {
        self.eval.tape.entry(place).copied()
    }

    fn tell(
        &mut self,
        id: NodeId,
        keyword: &'static str,
        expected: impl Into<Cow<'static, str>>,
        entry: &Entry,
    ) {
        if self.is_full() {
            return;
        }
        let place = self
            .eval
            .nodes
            .places
            .get(id as usize)
            .map_or("", String::as_str);
        let (keyword, schema) = if keyword == FALSE {
            (keyword_of_false(place), place.to_owned())
        } else {
            (keyword, format!("{place}/{keyword}"))
        };
        let start = entry.start as usize;
        self.found.push(Finding {
            keyword: keyword.into(),
            path: self.path.clone(),
            schema,
            expected: expected.into(),
            // What was not read to its end has no end to show.
            value: Some(
                start..if entry.is_open {
                    start
                } else {
                    entry.end as usize
                },
            ),
        });
    }

    fn within(&mut self, segment: Step, id: NodeId, place: u32) {
        self.path.push(segment);
        self.value(id, place);
        self.path.pop();
    }

    /// Tells what of the node the value at `place` does not meet.
    pub(crate) fn value(&mut self, id: NodeId, place: u32) {
        self.visits += 1;
        let (Some(node), Some(entry)) = (self.eval.nodes.get(id), self.entry(place)) else {
            return;
        };
        if self.is_full() || self.eval.nested > MOST_NESTED / 2 {
            return;
        }
        if self.eval.nodes.is_circular {
            let about_it = self.asked.iter().rev();
            let mut about_it = about_it.take_while(|(_, other)| *other == place);
            if about_it.any(|(other, _)| *other == id) {
                return;
            }
            self.asked.push((id, place));
        }
        self.eval.nested += 1;
        self.rules(id, node, &entry, place);
        self.eval.nested -= 1;
        self.asked.pop();
    }

    fn rules(&mut self, id: NodeId, node: &'a program::Node, entry: &Entry, place: u32) {
        let (class, _) = class_of(entry.kind);
        if node.types == 0 && node.values.is_none() {
            return self.tell(id, FALSE, "nothing here", entry);
        }
        let is_listed = self.is_listed(node, entry, place);
        if !is_listed {
            let keyword = if node.is_const { "const" } else { "enum" };
            self.tell(id, keyword, listed(node), entry);
        }
        let declared = node.declared;
        let has_type = match entry.kind {
            Kind::Number => {
                let number = self.eval.view().number(entry);
                number.is_some_and(|number| digits::is_of(number, declared, node.is_draft_4))
            }
            _ => declared & class != 0,
        };
        if !has_type {
            self.tell(id, "type", types_in_words(declared), entry);
        }
        if node.types & class == 0 {
            return;
        }
        match entry.kind {
            Kind::Number => self.number(id, node, entry),
            Kind::String | Kind::Name => {
                if let Some(text) = &node.text {
                    self.string(id, text, entry);
                }
            }
            Kind::Array => {
                if let Some(items) = &node.array {
                    self.array(id, items, entry, place);
                }
            }
            Kind::Object => {
                if let Some(members) = &node.object {
                    self.object(id, members, entry, place);
                }
            }
            Kind::Null | Kind::True | Kind::False => {}
        }
        for rest in &node.rest {
            if rest.types() & class != 0 && !self.is_full() {
                self.rest(id, node, rest, entry, place);
            }
        }
    }
}
