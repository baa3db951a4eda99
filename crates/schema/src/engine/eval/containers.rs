//! Arrays and objects.

use super::Eval;
use crate::engine::program::{ANY, Items, Members, NodeId};
use crate::engine::tape::Entry;
use crate::engine::text::Token;

impl<'a> Eval<'a, '_> {
    pub(super) fn array(&mut self, items: &Items, entry: &Entry, place: u32) -> bool {
        let count = u64::from(entry.count);
        if count < items.fewest || count > items.most {
            return false;
        }
        if items.prefix.is_empty() && items.rest == ANY {
            return true;
        }
        let tape = self.tape;
        for (index, (element, _)) in tape.elements(place).enumerate() {
            if !self.id(items.at(index), element) {
                return false;
            }
        }
        true
    }

    pub(super) fn object(&mut self, members: &'a Members, entry: &Entry, place: u32) -> bool {
        let count = u64::from(entry.count);
        if count < members.fewest || count > members.most {
            return false;
        }
        let words = members.required.len();
        let mut few = [0_u64; 4];
        let mut many = Vec::new();
        let seen = if words <= few.len() {
            &mut few[..words]
        } else {
            many.resize(words, 0);
            &mut many[..]
        };
        let tape = self.tape;
        for (name, value) in tape.members(place) {
            let token = name.token();
            if members.names != ANY && !self.name(members.names, token) {
                return false;
            }
            let node = match self.find(members, token) {
                Some(found) => {
                    seen[found / 64] |= 1 << (found % 64);
                    members.known[found].node
                }
                None => self.unknown(members, token),
            };
            if node != ANY && !self.id(node, value) {
                return false;
            }
        }
        has_required(members, seen)
    }

    pub(crate) fn find(&self, members: &Members, name: Token) -> Option<usize> {
        if name.is_escaped {
            members.find(name.decode(self.body).as_bytes())
        } else {
            members.find(name.raw(self.body))
        }
    }

    fn unknown(&self, members: &Members, name: Token) -> NodeId {
        match &*members.by_patterns {
            [only] => *only,
            _ => members.unknown(&name.decode(self.body)),
        }
    }

    /// The node that a member of this name is held to.
    pub(crate) fn node_of_member(&self, members: &Members, name: Token) -> NodeId {
        match self.find(members, name) {
            Some(found) => members.known[found].node,
            None => self.unknown(members, name),
        }
    }
}

/// Whether the members that must be there were seen.
pub(super) fn has_required(members: &Members, seen: &[u64]) -> bool {
    let is_seen = |place: u16| seen[usize::from(place) / 64] >> (place % 64) & 1 == 1;
    members
        .required
        .iter()
        .zip(seen)
        .all(|(required, seen)| required & !seen == 0)
        && members
            .dependents
            .iter()
            .all(|(name, others)| !is_seen(*name) || others.iter().all(|other| is_seen(*other)))
}
