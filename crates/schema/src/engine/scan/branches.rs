//! Branches that a look ahead tells apart.

use super::{END, Scan};
use crate::engine::Fail;
use crate::engine::program::{NEVER, NodeId, Sieve, Tag};

/// How far ahead a member that tells branches apart is looked for, in bytes; one that is not
/// found within costs a tape.
const AHEAD: usize = 512;

impl<'a> Scan<'a, '_> {
    /// An object that one of its members tells the node of.
    pub(super) fn tagged(&mut self, id: NodeId, tag: &'a Tag, depth: usize) -> Result<(), Fail> {
        match self.ahead(|near| near.look_ahead(tag)) {
            Some(node) => self.value(node, depth),
            None => self.on_tape(id, depth),
        }
    }

    /// Looks at what is near, of which the last value may be cut off, and comes back. What is
    /// wrong there is found by the scan.
    pub(super) fn ahead(
        &mut self,
        look: impl FnOnce(&mut Self) -> Option<NodeId>,
    ) -> Option<NodeId> {
        let (body, at) = (self.body, self.at);
        self.body = body.get(..at + AHEAD).unwrap_or(body);
        let found = look(self);
        (self.body, self.at) = (body, at);
        found
    }

    /// The node that the tag tells, if it is near.
    fn look_ahead(&mut self, tag: &'a Tag) -> Option<NodeId> {
        self.at += 1;
        self.space();
        if self.peek() == b'}' {
            return Some(tag.absent);
        }
        loop {
            if self.peek() != b'"' {
                return None;
            }
            let name = self.string().ok()?;
            self.colon().ok()?;
            if name.equals(self.body, &tag.name) {
                match self.peek() {
                    END => return None,
                    b'"' => {}
                    _ => return Some(tag.other),
                }
                let value = self.string().ok()?;
                return Some(match value.is_escaped {
                    false => tag.of(std::str::from_utf8(value.raw(self.body)).ok()?),
                    true => tag.of(&value.decode(self.body)),
                });
            }
            self.step_over()?;
            self.space();
            if !self.eat(b',') {
                return (self.peek() == b'}').then_some(tag.absent);
            }
            self.space();
        }
    }

    /// The node of the only branch that the first members leave.
    pub(super) fn sift(&mut self, sieve: &'a Sieve) -> Option<NodeId> {
        let mut left = sieve.all;
        self.at += 1;
        self.space();
        loop {
            if self.peek() != b'"' {
                return None;
            }
            let name = self.string().ok()?;
            self.colon().ok()?;
            if self.peek() == END {
                return None;
            }
            left &= match sieve.find(&name.decode(self.body)) {
                None => sieve.others,
                Some(sifted) if sifted.values.is_empty() || self.peek() != b'"' => sifted.any,
                Some(sifted) => {
                    let start = self.at;
                    let value = self.string().ok()?;
                    self.at = start;
                    sifted.of(&value.decode(self.body))
                }
            };
            if left == 0 {
                return Some(NEVER);
            }
            if left.is_power_of_two() {
                return sieve.nodes.get(left.trailing_zeros() as usize).copied();
            }
            self.step_over()?;
            self.space();
            if !self.eat(b',') {
                return None;
            }
            self.space();
        }
    }

    /// A value, whatever it is.
    fn step_over(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                b'"' => {
                    self.string().ok()?;
                }
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    open = open.checked_sub(1)?;
                    self.at += 1;
                }
                b',' if open == 0 => return None,
                END => return None,
                _ => self.at += 1,
            }
            if open == 0
                && matches!(
                    self.body.get(self.at),
                    Some(b',' | b'}' | b' ' | b'\n' | b'\r' | b'\t')
                )
            {
                return Some(());
            }
        }
    }
}
