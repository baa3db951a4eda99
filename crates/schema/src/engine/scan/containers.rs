//! Arrays and objects, as they are met.

use super::Scan;
use crate::engine::Fail;
use crate::engine::eval::Eval;
use crate::engine::keys::Mark;
use crate::engine::program::{ANY, Items, MOST_IN_PLACE, Members, NEVER, NodeId};
use crate::engine::text::Token;

/// What a name is held to.
enum Found {
    /// It is the known member at this place.
    Known(usize, NodeId),
    Other(NodeId),
}

/// The most words of marks of known members that were met.
const MOST_WORDS: usize = MOST_IN_PLACE / 64;

impl<'a> Scan<'a, '_> {
    pub(super) fn array(&mut self, items: &'a Items, depth: usize) -> Result<(), Fail> {
        let start = self.at;
        let depth = Self::deepen(depth)?;
        self.at += 1;
        let mut count = 0_usize;
        if self.next() == b']' {
            self.at += 1;
        } else {
            loop {
                self.inner::<false>(items.at(count), depth)?;
                count += 1;
                if !self.goes_on(b']')? {
                    break;
                }
            }
        }
        let count = count as u64;
        if count < items.fewest || count > items.most {
            self.at = self.at.max(start);
            return Err(Fail::Schema);
        }
        Ok(())
    }

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
        self.at += 1;
        let mut seen = [0_u64; WORDS];
        let mut count = 0_u64;
        let mark = self.scratch.keys.mark();
        if self.next() == b'}' {
            self.at += 1;
        } else {
            let mut before = members.known.len();
            loop {
                self.space();
                let found = match self.guess(members, before) {
                    Some(found) => found,
                    None => self.named(members, before, mark)?,
                };
                let node = match found {
                    Found::Known(place, node) => {
                        note(&mut seen, place)?;
                        before = place;
                        node
                    }
                    Found::Other(node) => node,
                };
                count += 1;
                self.inner::<true>(node, depth)?;
                if !self.goes_on(b'}')? {
                    break;
                }
            }
            if self.scratch.keys.end(self.body, mark) {
                return Err(Fail::Twice);
            }
        }
        if !is_complete(members, &seen) || count < members.fewest || count > members.most {
            return Err(Fail::Schema);
        }
        Ok(())
    }

    /// Behind a value, whether another follows; if not, the container ends here.
    #[inline(always)]
    fn goes_on(&mut self, end: u8) -> Result<bool, Fail> {
        let byte = self.next();
        self.at += 1;
        if byte == b',' {
            return Ok(true);
        }
        if byte == end {
            return Ok(false);
        }
        self.at -= 1;
        Err(Fail::Syntax)
    }

    /// The member that came next the last time, if it does again: its name is not scanned but
    /// compared.
    #[inline(always)]
    fn guess(&mut self, members: &'a Members, before: usize) -> Option<Found> {
        let memory = members.following as usize + before;
        let next = usize::from(*self.scratch.following.get(memory)?);
        let member = members.known.get(next)?;
        self.at += member.begins(self.body.get(self.at..)?)?;
        Some(Found::Known(next, member.node))
    }

    /// A member whose name must be looked up; the cursor is behind its colon then.
    #[inline(never)]
    fn named(&mut self, members: &'a Members, before: usize, mark: Mark) -> Result<Found, Fail> {
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
                let memory = members.following as usize + before;
                if let (Some(slot), Ok(place)) =
                    (self.scratch.following.get_mut(memory), u16::try_from(place))
                {
                    *slot = place;
                }
                Found::Known(place, members.known[place].node)
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

/// Marks a known member as met, which must not have been.
#[inline(always)]
fn note(seen: &mut [u64], found: usize) -> Result<(), Fail> {
    let (word, bit) = (found / 64 % seen.len(), 1 << (found % 64));
    if seen[word] & bit != 0 {
        return Err(Fail::Twice);
    }
    seen[word] |= bit;
    Ok(())
}

#[inline(always)]
fn is_complete(members: &Members, seen: &[u64]) -> bool {
    let has_required = members
        .required
        .iter()
        .zip(seen)
        .all(|(required, seen)| required & !seen == 0);
    has_required && (members.dependents.is_empty() || has_dependents(members, seen))
}

#[inline(never)]
fn has_dependents(members: &Members, seen: &[u64]) -> bool {
    let is_seen = |place: u16| {
        let place = usize::from(place);
        seen[place / 64 % seen.len()] >> (place % 64) & 1 == 1
    };
    members
        .dependents
        .iter()
        .all(|(name, others)| !is_seen(*name) || others.iter().all(|other| is_seen(*other)))
}
