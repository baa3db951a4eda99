//! Where a body breaks its schema: the second pass, over a tape, with nodes that are each of one
//! place in the schema.

use std::borrow::Cow;
use std::cell::Cell;

use super::eval::{Eval, MOST_NESTED, class_of};
use super::program::{ANY, Items, Members, NodeId, OBJECT, Rest, Text, Types};
use super::tape::{Entry, Kind};
use super::{digits, program, scan};
use crate::finding::{Finding, Step};

/// The longest list of what is allowed that is told.
const LONGEST_LIST: usize = 10;

/// Most values that are visited for the sake of a place.
const MOST_VISITS: usize = 1_000_000;

/// Most branches, and branches within them, that are looked at to find the only one that is for a
/// value.
const MOST_LOOKS: usize = 2_000;

pub(crate) struct Explain<'a, 's> {
    pub(crate) eval: Eval<'a, 's>,
    pub(crate) path: Vec<Step>,
    pub(crate) found: Vec<Finding>,
    pub(crate) most: usize,
    pub(crate) visits: usize,
}

impl<'a> Explain<'a, '_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.most || self.visits > MOST_VISITS
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
        self.eval.nested += 1;
        self.rules(id, node, &entry, place);
        self.eval.nested -= 1;
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

    fn is_listed(&self, node: &program::Node, entry: &Entry, place: u32) -> bool {
        let Some(values) = &node.values else {
            return true;
        };
        match entry.kind {
            Kind::Null => values.null,
            Kind::True => values.yes,
            Kind::False => values.no,
            Kind::Number => {
                let number = self.eval.view().number(entry);
                number.is_some_and(|number| digits::is_listed(number, node))
            }
            Kind::String | Kind::Name => scan::is_listed(self.eval.body, entry.token(), node),
            Kind::Array | Kind::Object => {
                entry.is_open
                    || values
                        .trees
                        .iter()
                        .any(|tree| self.eval.view().equals_value(place, tree))
            }
        }
    }

    fn number(&mut self, id: NodeId, node: &program::Node, entry: &Entry) {
        let (Some(bounds), Some(number)) = (&node.bounds, self.eval.view().number(entry)) else {
            return;
        };
        if let Some(least) = bounds.least.filter(|_| !bounds.meets_least(number)) {
            let (keyword, than) = if least.is_exclusive && !node.is_draft_4 {
                ("exclusiveMinimum", "a number over")
            } else if least.is_exclusive {
                ("minimum", "a number over")
            } else {
                ("minimum", "a number of at least")
            };
            self.tell(id, keyword, format!("{than} {}", least.value), entry);
        }
        if let Some(most) = bounds.most.filter(|_| !bounds.meets_most(number)) {
            let (keyword, than) = if most.is_exclusive && !node.is_draft_4 {
                ("exclusiveMaximum", "a number below")
            } else if most.is_exclusive {
                ("maximum", "a number below")
            } else {
                ("maximum", "a number of at most")
            };
            self.tell(id, keyword, format!("{than} {}", most.value), entry);
        }
        if let Some(divisor) = bounds.divisors.iter().find(|by| !by.divides(number)) {
            self.tell(id, "multipleOf", format!("a multiple of {divisor}"), entry);
        }
    }

    fn string(&mut self, id: NodeId, text: &Text, entry: &Entry) {
        let token = entry.token();
        let length = token.length(self.eval.body);
        if length < text.shortest {
            let expected = format!("at least {} characters", text.shortest);
            self.tell(id, "minLength", expected, entry);
        }
        if length > text.longest {
            let expected = format!("at most {} characters", text.longest);
            self.tell(id, "maxLength", expected, entry);
        }
        let value = token.decode(self.eval.body);
        if let Some(pattern) = text
            .patterns
            .iter()
            .find(|pattern| !pattern.matches(&value))
        {
            let expected = format!("a string that matches {}", pattern.source());
            self.tell(id, "pattern", expected, entry);
        }
        if let Some(format) = text.formats.iter().find(|format| !format.matches(&value)) {
            self.tell(
                id,
                "format",
                format!("a string of format {}", format.name()),
                entry,
            );
        }
    }

    fn array(&mut self, id: NodeId, items: &Items, entry: &Entry, place: u32) {
        let count = u64::from(entry.count);
        if count < items.fewest && !entry.is_open {
            self.tell(
                id,
                "minItems",
                format!("at least {} elements", items.fewest),
                entry,
            );
        }
        if count > items.most {
            self.tell(
                id,
                "maxItems",
                format!("at most {} elements", items.most),
                entry,
            );
        }
        if items.prefix.is_empty() && items.rest == ANY {
            return;
        }
        let tape = self.eval.tape;
        for (index, (element, _)) in tape.elements(place).enumerate() {
            if self.is_full() {
                return;
            }
            self.within(Step::Index(index), items.at(index), element);
        }
    }

    fn object(&mut self, id: NodeId, members: &'a Members, entry: &Entry, place: u32) {
        let tape = self.eval.tape;
        if !entry.is_open {
            self.counts(id, members, entry, place);
        }
        for (name, value) in tape.members(place) {
            if self.is_full() {
                return;
            }
            let token = name.token();
            let text = token.decode(self.eval.body);
            let is_declared = members.find(text.as_bytes()).is_some();
            let segment = Step::Key {
                name: text.into_owned(),
                known: is_declared,
            };
            if members.names != ANY && !self.eval.name(members.names, token) {
                self.path.push(segment.clone());
                self.tell(id, "propertyNames", "a name that the schema allows", name);
                self.path.pop();
            }
            let node = self.eval.node_of_member(members, token);
            self.within(segment, node, value);
        }
    }

    fn counts(&mut self, id: NodeId, members: &Members, entry: &Entry, place: u32) {
        let count = u64::from(entry.count);
        if count < members.fewest {
            let expected = format!("at least {} members", members.fewest);
            self.tell(id, "minProperties", expected, entry);
        }
        if count > members.most {
            let expected = format!("at most {} members", members.most);
            self.tell(id, "maxProperties", expected, entry);
        }
        let is_there = self.present(members, place);
        let has = |index: usize| is_there.get(index).is_some_and(|is_there| *is_there);
        let name = |index: usize| members.known.get(index).map_or("", |known| &known.name);
        let mut missing = Vec::new();
        for (index, _) in members.known.iter().enumerate() {
            let is_required = members.required[index / 64] >> (index % 64) & 1 == 1;
            if is_required && !has(index) {
                missing.push(("required", format!("the member {:?}", name(index))));
            }
        }
        for (index, others) in &members.dependents {
            if !has(usize::from(*index)) {
                continue;
            }
            for other in others.iter().filter(|other| !has(usize::from(**other))) {
                let expected = format!("the member {:?}", name(usize::from(*other)));
                missing.push((members.dependents_keyword, expected));
            }
        }
        for (keyword, expected) in missing {
            self.tell(id, keyword, expected, entry);
        }
    }

    /// Which of the known members there are.
    fn present(&self, members: &Members, place: u32) -> Vec<bool> {
        let mut is_there = vec![false; members.known.len()];
        for (name, _) in self.eval.tape.members(place) {
            if let Some(found) = self.eval.find(members, name.token()) {
                is_there[found] = true;
            }
        }
        is_there
    }

    fn rest(
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
            .filter(|branch| self.may_meet(*branch, class, place, &looks))
            .collect()
    }

    fn may_meet(&self, id: NodeId, class: Types, place: u32, looks: &Cell<usize>) -> bool {
        let Some(node) = self.eval.nodes.get(id) else {
            return id == ANY;
        };
        looks.set(looks.get() + 1);
        if looks.get() > MOST_LOOKS {
            return true;
        }
        if node.types & class == 0 {
            return false;
        }
        if let (Some(members), OBJECT) = (&node.object, class) {
            // A member that must be one string and is another.
            for known in &members.known {
                let Some(value) = self.eval.tape.member(self.eval.body, place, &known.name) else {
                    continue;
                };
                let (Some(inner), Some(entry)) =
                    (self.eval.nodes.get(known.node), self.entry(value))
                else {
                    continue;
                };
                if inner.values.is_some() && !self.is_listed(inner, &entry, value) {
                    return false;
                }
            }
        }
        node.rest.iter().all(|rest| match rest {
            Rest::And(inner) => self.may_meet(*inner, class, place, looks),
            Rest::AnyOf(branches) | Rest::OneOf(branches) => branches
                .iter()
                .any(|branch| self.may_meet(*branch, class, place, looks)),
            _ => true,
        })
    }

    fn patterns(&mut self, rest: &'a Rest, place: u32) {
        let Rest::Patterns {
            declared,
            patterns,
            additional,
        } = rest
        else {
            return;
        };
        let tape = self.eval.tape;
        for (key, value) in tape.members(place) {
            if self.is_full() {
                return;
            }
            let name: Cow<'_, str> = key.token().decode(self.eval.body);
            let is_declared = declared.iter().any(|known| **known == *name);
            let segment = Step::Key {
                name: name.clone().into_owned(),
                known: is_declared,
            };
            let mut is_known = is_declared;
            for (pattern, node) in patterns {
                if pattern.matches(&name) {
                    is_known = true;
                    self.within(segment.clone(), *node, value);
                }
            }
            if !is_known {
                self.within(segment, *additional, value);
            }
        }
    }

    fn unevaluated(&mut self, marks: u32, node: NodeId, entry: &Entry, place: u32) {
        // What holds otherwise is asked first: without it the marks mean nothing.
        if !self.found.is_empty() {
            return;
        }
        let tape = self.eval.tape;
        // In the order in which they stand.
        let mut left = self.eval.unevaluated(marks, place).into_iter().peekable();
        if entry.kind == Kind::Array {
            for (index, (element, _)) in tape.elements(place).enumerate() {
                if left.next_if_eq(&element).is_some() && !self.is_full() {
                    self.within(Step::Index(index), node, element);
                }
            }
        } else {
            for (name, value) in tape.members(place) {
                if left.next_if_eq(&value).is_some() && !self.is_full() {
                    let name = name.token().decode(self.eval.body);
                    self.within(Step::data(name), node, value);
                }
            }
        }
    }
}

/// The keyword of the schema `false`, which has none.
const FALSE: &str = "false";

/// The keyword that the schema `false` is the value of.
fn keyword_of_false(place: &str) -> &'static str {
    const KEYWORDS: [&str; 6] = [
        "additionalProperties",
        "additionalItems",
        "items",
        "unevaluatedItems",
        "unevaluatedProperties",
        "propertyNames",
    ];
    let last = place.rsplit('/').next().unwrap_or_default();
    KEYWORDS
        .into_iter()
        .find(|keyword| *keyword == last)
        .unwrap_or(FALSE)
}

fn types_in_words(types: Types) -> String {
    let names = [
        (program::NULL, "null"),
        (program::BOOLEAN, "boolean"),
        (program::NUMBER, "number"),
        (program::INTEGER, "integer"),
        (program::STRING, "string"),
        (program::ARRAY, "array"),
        (OBJECT, "object"),
    ];
    let is_number = types & program::NUMBER == program::NUMBER;
    let words: Vec<&str> = names
        .iter()
        .filter(|(bits, _)| types & bits == *bits && !(is_number && *bits == program::INTEGER))
        .map(|(_, name)| *name)
        .collect();
    words.join(" or ")
}

/// What the schema lists, which is no data.
fn listed(node: &program::Node) -> String {
    let Some(values) = &node.values else {
        return String::new();
    };
    let mut words: Vec<String> = Vec::new();
    let atoms = [
        (values.null, "null"),
        (values.yes, "true"),
        (values.no, "false"),
    ];
    words.extend(
        atoms
            .iter()
            .filter(|atom| atom.0)
            .map(|atom| atom.1.to_owned()),
    );
    words.extend(values.numbers.iter().map(ToString::to_string));
    words.extend(values.strings.iter().map(|text| format!("{text:?}")));
    words.extend(values.trees.iter().map(ToString::to_string));
    let more = words.len().saturating_sub(LONGEST_LIST);
    words.truncate(LONGEST_LIST);
    let mut told = words.join(", ");
    if more > 0 {
        told.push_str(&format!(" or {more} more"));
    }
    if words.len() > 1 {
        format!("one of {told}")
    } else {
        told
    }
}
