//! Elements and members.

use std::borrow::Cow;

use super::Explain;
use crate::engine::program::{ANY, Items, Members, NodeId, Rest};
use crate::engine::tape::{Entry, Kind};
use crate::finding::Step;

impl<'a> Explain<'a, '_> {
    pub(super) fn array(&mut self, id: NodeId, items: &Items, entry: &Entry, place: u32) {
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

    pub(super) fn object(&mut self, id: NodeId, members: &'a Members, entry: &Entry, place: u32) {
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
                name: text.into(),
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

    pub(super) fn patterns(&mut self, rest: &'a Rest, place: u32) {
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
                name: (*name).into(),
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

    pub(super) fn unevaluated(&mut self, marks: u32, node: NodeId, entry: &Entry, place: u32) {
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
