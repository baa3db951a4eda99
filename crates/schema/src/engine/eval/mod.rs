//! Verdicts over a tape: whether a value, which may be looked at more than once, meets a node.

mod containers;
mod marks;
mod rules;

use super::equal::View;
use super::memo::Memo;
use super::program::{
    ALL, ANY, ARRAY, BOOLEAN, NULL, NUMBER, Node, NodeId, Nodes, OBJECT, STRING, Tag, Types,
};
use super::tape::{Entry, Kind, Tape};
use super::{Seed, digits, strings};

/// The most nodes that are asked within each other. A body is at most 127 levels deep, and each
/// level asks a few; of a schema that asks more no body that deep is accepted.
pub(crate) const MOST_NESTED: usize = 1_000;

pub(crate) struct Eval<'a, 's> {
    pub(crate) body: &'a [u8],
    pub(crate) nodes: &'a Nodes,
    pub(crate) tape: &'s Tape,
    pub(crate) memo: &'s mut Memo,
    pub(crate) order: &'s mut Vec<(u64, u32)>,
    pub(crate) seed: &'a Seed,
    pub(crate) nested: usize,
    /// More were asked, so that no verdict is known.
    pub(crate) is_beyond: bool,
}

/// The bit and the place in a switch of a kind of value.
pub(crate) const fn class_of(kind: Kind) -> (Types, usize) {
    match kind {
        Kind::Null => (NULL, 0),
        Kind::True | Kind::False => (BOOLEAN, 1),
        Kind::Number => (NUMBER, 2),
        Kind::String | Kind::Name => (STRING, 3),
        Kind::Array => (ARRAY, 4),
        Kind::Object => (OBJECT, 5),
    }
}

impl<'a, 's> Eval<'a, 's> {
    pub(crate) const fn view(&self) -> View<'_> {
        View {
            body: self.body,
            tape: self.tape,
        }
    }

    fn entry(&self, place: u32) -> Option<&'s Entry> {
        self.tape.entry(place)
    }

    /// Whether the value at `place` meets the node of this number.
    pub(crate) fn id(&mut self, id: NodeId, place: u32) -> bool {
        let (Some(node), Some(entry)) = (self.nodes.get(id), self.entry(place)) else {
            return id == ANY;
        };
        if node.on_tape & class_of(entry.kind).0 == 0 {
            return self.node(node, place);
        }
        if let Some(known) = self.memo.get(id, place, entry.next) {
            return known;
        }
        if self.nodes.is_circular {
            // To be asked again meanwhile, for the same value, adds nothing to what is asked.
            self.memo.put(id, place, entry.next, true);
        }
        let verdict = self.node(node, place);
        self.memo.put(id, place, entry.next, verdict);
        verdict
    }

    /// Whether the value at `place` meets the node.
    pub(crate) fn node(&mut self, node: &'a Node, place: u32) -> bool {
        if self.nested >= MOST_NESTED {
            self.is_beyond = true;
            return false;
        }
        self.nested += 1;
        let verdict = self.meets(node, place);
        self.nested -= 1;
        verdict
    }

    fn meets(&mut self, node: &'a Node, place: u32) -> bool {
        let Some(entry) = self.entry(place) else {
            return false;
        };
        let (class, index) = class_of(entry.kind);
        if node.types & class == 0 {
            return false;
        }
        if let Some(switch) = &node.switch {
            return self.id(switch[index], place);
        }
        if let (Some(tag), Kind::Object) = (&node.tag, entry.kind) {
            let node = self.tagged(tag, place);
            return self.id(node, place);
        }
        let holds = match entry.kind {
            Kind::Null => node.values.as_ref().is_none_or(|values| values.null),
            Kind::True => node.values.as_ref().is_none_or(|values| values.yes),
            Kind::False => node.values.as_ref().is_none_or(|values| values.no),
            Kind::Number => {
                node.free & NUMBER == NUMBER || {
                    let number = self.view().number(entry);
                    number.is_some_and(|number| digits::meets(number, node))
                }
            }
            Kind::String | Kind::Name => {
                node.free & STRING != 0 || strings::meets(self.body, entry.token(), node)
            }
            Kind::Array => {
                let items = node.array.as_ref();
                items.is_none_or(|items| self.array(items, entry, place))
            }
            Kind::Object => {
                let members = node.object.as_ref();
                members.is_none_or(|members| self.object(members, entry, place))
            }
        };
        if !holds || node.on_tape & class == 0 {
            return holds;
        }
        // Loops rather than iterators where nodes ask nodes: each closure takes stack of its own.
        for rest in &node.rest {
            if rest.types() & class != 0 && !self.rest(rest, node, place) {
                return false;
            }
        }
        true
    }

    /// The node that an object's tag tells.
    pub(crate) fn tagged(&self, tag: &Tag, place: u32) -> NodeId {
        let Some(member) = self.tape.member(self.body, place, &tag.name) else {
            return tag.absent;
        };
        match self.entry(member) {
            Some(entry) if entry.kind == Kind::String => tag.of(&entry.token().decode(self.body)),
            _ => tag.other,
        }
    }
}

const _: () = assert!(ALL == NULL | BOOLEAN | NUMBER | STRING | ARRAY | OBJECT);
