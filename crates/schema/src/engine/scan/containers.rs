//! Arrays and objects, as they are met.

use super::Scan;
use crate::engine::Fail;
use crate::engine::eval::Eval;
use crate::engine::keys::Mark;
use crate::engine::program::{ANY, Items, MOST_IN_PLACE, Members, NEVER, NodeId};
use crate::engine::text::Token;

/// Which known members were met.
type Seen = [u64; MOST_IN_PLACE / 64];

impl<'a> Scan<'a, '_> {
    pub(super) fn array(&mut self, items: &'a Items, depth: usize) -> Result<(), Fail> {
        let start = self.at;
        let depth = Self::deepen(depth)?;
        self.at += 1;
        self.space();
        let mut count = 0_usize;
        if !self.eat(b']') {
            loop {
                self.inner(items.at(count), depth)?;
                count += 1;
                self.space();
                if !self.eat(b',') {
                    break;
                }
                self.space();
            }
            if !self.eat(b']') {
                return Err(Fail::Syntax);
            }
        }
        let count = count as u64;
        if count < items.fewest || count > items.most {
            self.at = self.at.max(start);
            return Err(Fail::Schema);
        }
        Ok(())
    }

    pub(super) fn object(&mut self, members: &'a Members, depth: usize) -> Result<(), Fail> {
        let depth = Self::deepen(depth)?;
        self.at += 1;
        self.space();
        let mut seen: Seen = Seen::default();
        let mut count = 0_u64;
        let mark = self.scratch.keys.mark();
        if self.peek() == b'}' {
            self.at += 1;
        } else {
            let mut before = members.known.len();
            loop {
                if self.peek() != b'"' {
                    return Err(Fail::Syntax);
                }
                let node = match self.guess(members, before) {
                    Some(found) => {
                        before = found;
                        self.note(&mut seen, found)?;
                        members.known[found].node
                    }
                    None => self.named(members, &mut before, &mut seen, mark)?,
                };
                count += 1;
                self.space();
                self.inner(node, depth)?;
                self.space();
                if !self.eat(b',') {
                    break;
                }
                self.space();
            }
            self.end_object(mark)?;
        }
        if !is_complete(members, &seen) || count < members.fewest || count > members.most {
            return Err(Fail::Schema);
        }
        Ok(())
    }

    /// The member that came next the last time, if it does again: its name is not scanned but
    /// compared.
    #[inline]
    fn guess(&mut self, members: &'a Members, before: usize) -> Option<usize> {
        if members.names != ANY {
            return None;
        }
        let memory = members.following as usize + before;
        let next = usize::from(*self.scratch.following.get(memory)?);
        let member = members.known.get(next)?;
        if !member.begins(self.body.get(self.at + 1..)?) {
            return None;
        }
        self.at += 1 + member.quoted.len();
        Some(next)
    }

    #[inline]
    fn note(&self, seen: &mut Seen, found: usize) -> Result<(), Fail> {
        let (word, bit) = (found / 64 % seen.len(), 1 << (found % 64));
        if seen[word] & bit != 0 {
            return Err(Fail::Twice);
        }
        seen[word] |= bit;
        Ok(())
    }

    /// A member whose name must be looked up; the cursor is behind its colon then.
    #[inline(never)]
    fn named(
        &mut self,
        members: &'a Members,
        before: &mut usize,
        seen: &mut Seen,
        mark: Mark,
    ) -> Result<NodeId, Fail> {
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
        let node = match found {
            Some(found) => {
                let memory = members.following as usize + *before;
                if let (Some(slot), Ok(found)) =
                    (self.scratch.following.get_mut(memory), u16::try_from(found))
                {
                    *slot = found;
                }
                *before = found;
                self.note(seen, found)?;
                members.known[found].node
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
                node
            }
        };
        self.space();
        if !self.eat(b':') {
            return Err(Fail::Syntax);
        }
        Ok(node)
    }

    /// `propertyNames`.
    fn check_name(&mut self, id: NodeId, name: Token) -> Result<(), Fail> {
        let mut eval = Eval {
            body: self.body,
            nodes: self.nodes,
            tape: &self.scratch.tape,
            memo: &mut self.scratch.memo,
            order: &mut self.scratch.order,
            seed: self.seed,
            nested: 0,
            is_beyond: false,
        };
        if eval.name(id, name) && !eval.is_beyond {
            Ok(())
        } else {
            Err(Fail::Schema)
        }
    }
}

#[inline]
fn is_complete(members: &Members, seen: &Seen) -> bool {
    let has_required = members
        .required
        .iter()
        .zip(seen)
        .all(|(required, seen)| required & !seen == 0);
    has_required && (members.dependents.is_empty() || has_dependents(members, seen))
}

#[inline(never)]
fn has_dependents(members: &Members, seen: &Seen) -> bool {
    let is_seen = |place: u16| {
        let place = usize::from(place);
        seen[place / 64 % seen.len()] >> (place % 64) & 1 == 1
    };
    members
        .dependents
        .iter()
        .all(|(name, others)| !is_seen(*name) || others.iter().all(|other| is_seen(*other)))
}
