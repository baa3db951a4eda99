//! Objects, as they are met.

use std::cell::Cell;

use super::Scan;
use super::cursor::{behind, behind_integer, behind_string, next, next_behind_colon};
use super::met::{is_complete, is_of_size, note};
use crate::engine::Fail;
use crate::engine::keys::Mark;
use crate::engine::program::{
    ANY, BOOLEAN, INTEGER, MOST_IN_PLACE, Member, Members, NEVER, NULL, NUMBER, Node, NodeId,
    STRING, Types,
};
use crate::engine::text::Token;

/// What a name is held to.
enum Found {
    /// It is the known member at this place.
    Known(usize),
    Other(NodeId),
}

/// The most words of marks of known members that were met.
const MOST_WORDS: usize = MOST_IN_PLACE / 64;

impl<'a> Scan<'a, '_> {
    #[inline(always)]
    pub(super) fn object(&mut self, members: &'a Members, depth: usize) -> Result<(), Fail> {
        // Few objects have more than 64 members: with one word, marks stay in a register.
        if members.required.len() <= 1 {
            self.members::<1>(members, depth)
        } else {
            self.members::<MOST_WORDS>(members, depth)
        }
    }

    /// `WORDS`: of 64 marks each, as many as the known members need.
    fn members<const WORDS: usize>(
        &mut self,
        members: &'a Members,
        depth: usize,
    ) -> Result<(), Fail> {
        let depth = Self::deepen(depth)?;
        let body = self.body;
        let mut seen = [0_u64; WORDS];
        let mut others = 0_u64;
        let mark = self.scratch.keys.mark();
        let (mut at, mut byte) = next(body, self.at + 1);
        if byte != b'}' {
            let start = members.following as usize;
            let memory = self.following.get(start..).unwrap_or_default();
            let mut before = members.known.len();
            loop {
                let following = memory.get(before).ok_or(Fail::Stopped)?;
                at = match guess(members, following, body, at) {
                    Some((place, member, behind)) => {
                        note(&mut seen, place, member.bit)?;
                        before = place;
                        (at, byte) = next_behind_colon(body, behind);
                        match free(member.free, body, (at, byte))? {
                            Some(behind) => behind,
                            None => {
                                self.at = at;
                                self.ruled(member.node, byte, depth)?;
                                self.at
                            }
                        }
                    }
                    None => {
                        self.at = at;
                        let node = match self.named(members, following, mark)? {
                            Found::Known(place) => {
                                let member = &members.known[place];
                                note(&mut seen, place, member.bit)?;
                                before = place;
                                member.node
                            }
                            Found::Other(node) => {
                                others += 1;
                                node
                            }
                        };
                        self.space();
                        self.value(node, depth)?;
                        self.at
                    }
                };
                (at, byte) = next(body, at);
                if byte != b',' {
                    break;
                }
                at = next(body, at + 1).0;
            }
        }
        self.close((at, byte), b'}')?;
        if self.scratch.keys.end(body, mark) {
            return Err(Fail::Twice);
        }
        if !is_complete(members, &seen) || !is_of_size(members, &seen, others) {
            return Err(Fail::Schema);
        }
        Ok(())
    }

    /// A member that rules are for, which begins with `byte`.
    #[inline(always)]
    fn ruled(&mut self, id: NodeId, byte: u8, depth: usize) -> Result<(), Fail> {
        match (byte, self.each.get(id as usize)) {
            (b'"', Some(node)) => self.checked_string(node, depth),
            (b'-' | b'0'..=b'9', Some(node)) if node.direct & NUMBER != 0 => self.number(node),
            _ => self.value(id, depth),
        }
    }

    /// It stands apart so that the loop over members keeps its registers.
    #[inline(never)]
    fn number(&mut self, node: &Node) -> Result<(), Fail> {
        self.at = self.behind_number(node, self.at)?;
        Ok(())
    }

    /// A member whose name must be looked up; the cursor is behind its colon then.
    #[inline(never)]
    fn named(
        &mut self,
        members: &'a Members,
        following: &Cell<u16>,
        mark: Mark,
    ) -> Result<Found, Fail> {
        if self.peek() != b'"' {
            return Err(Fail::Syntax);
        }
        let start = self.at;
        let name = self.string()?;
        if members.names != ANY {
            self.check_name(members.names, name)?;
        }
        let found = if name.is_escaped {
            members.find(name.decode(self.body).as_bytes())
        } else {
            members.find(name.raw(self.body))
        };
        let found = match found {
            Some(place) => {
                if let Ok(place) = u16::try_from(place) {
                    following.set(place);
                }
                Found::Known(place)
            }
            None => {
                let node = match &*members.by_patterns {
                    [only] => *only,
                    _ => members.unknown(&name.decode(self.body)),
                };
                if node == NEVER {
                    self.at = start;
                    return Err(Fail::Schema);
                }
                if self.scratch.keys.add(self.body, mark, name) {
                    return Err(Fail::Twice);
                }
                Found::Other(node)
            }
        };
        self.space();
        if !self.eat(b':') {
            return Err(Fail::Syntax);
        }
        Ok(found)
    }

    /// `propertyNames`.
    fn check_name(&mut self, id: NodeId, name: Token) -> Result<(), Fail> {
        let mut eval = self.eval();
        if eval.name(id, name) && !eval.is_beyond {
            Ok(())
        } else {
            Err(Fail::Schema)
        }
    }
}

/// The member that came next the last time, if it does again, and what is behind its colon: its
/// name is not scanned but compared.
#[inline(always)]
fn guess<'a>(
    members: &'a Members,
    following: &Cell<u16>,
    body: &[u8],
    at: usize,
) -> Option<(usize, &'a Member, usize)> {
    let next = usize::from(following.get());
    let member = members.known.get(next)?;
    let length = member.begins(body.get(at..)?)?;
    Some((next, member, at + length))
}

/// What is behind a value of a type of which nothing more is asked; `None` of others, and of numbers
/// that are no plain integers.
#[inline(always)]
fn free(free: Types, body: &[u8], (at, byte): (usize, u8)) -> Result<Option<usize>, Fail> {
    match byte {
        b'"' if free & STRING != 0 => behind_string(body, at).map(Some),
        b'1'..=b'9' if free & INTEGER != 0 => Ok(behind_integer(body, at)),
        b'n' if free & NULL != 0 => behind(b"null", body, at).map(Some),
        b't' if free & BOOLEAN != 0 => behind(b"true", body, at).map(Some),
        b'f' if free & BOOLEAN != 0 => behind(b"false", body, at).map(Some),
        _ => Ok(None),
    }
}
