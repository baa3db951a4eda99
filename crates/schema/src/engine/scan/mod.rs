//! One pass over a body: the grammar and the schema at once, with no tree.

mod array;
mod branches;
mod cursor;
mod met;
mod object;
mod skip;

use std::cell::Cell;

use self::cursor::behind_string;
use super::digits::scan_number;
use super::eval::Eval;
use super::program::{
    ANY, ARRAY, BOOLEAN, NEVER, NULL, NUMBER, Node, NodeId, Nodes, OBJECT, STRING, Types,
};
use super::scratch::Scratch;
use super::tape::Builder;
use super::{Fail, Seed, strings};

/// What is peeked at behind the last byte; as a byte it begins nothing either.
const END: u8 = 0;

pub(crate) struct Scan<'a, 's> {
    pub(crate) body: &'a [u8],
    pub(crate) at: usize,
    pub(crate) nodes: &'a Nodes,
    /// Each of the nodes, one step nearer.
    pub(crate) each: &'a [Node],
    pub(crate) scratch: &'s mut Scratch,
    /// Which known member was found behind which: `scratch.following` for the time of the scan.
    pub(crate) following: &'s [Cell<u16>],
    pub(crate) seed: &'a Seed,
}

impl<'a> Scan<'a, '_> {
    /// The whole body.
    pub(crate) fn run(&mut self) -> Result<(), Fail> {
        self.space();
        self.value(self.nodes.root, 0)?;
        self.space();
        if self.at < self.body.len() {
            return Err(Fail::Syntax);
        }
        Ok(())
    }

    /// A value that must meet the node.
    pub(crate) fn value(&mut self, id: NodeId, depth: usize) -> Result<(), Fail> {
        let Some(node) = self.each.get(id as usize) else {
            return if id == ANY {
                self.skip(depth)
            } else {
                self.never()
            };
        };
        match self.peek() {
            b'"' => {
                if node.free & STRING == 0 {
                    return self.checked_string(node, depth);
                }
                self.skip_string()
            }
            b'{' => {
                if node.direct & OBJECT == 0 {
                    return self.indirect_object(id, node, depth);
                }
                match &node.object {
                    Some(members) => self.object(members, depth),
                    None => self.skip_object(depth),
                }
            }
            b'[' => {
                if node.direct & ARRAY == 0 {
                    return self.indirect(id, node, (ARRAY, 4), depth);
                }
                match &node.array {
                    Some(items) => self.array(items, depth),
                    None => self.skip_array(depth),
                }
            }
            b'-' | b'0'..=b'9' => {
                if node.direct & NUMBER == 0 {
                    return self.indirect(id, node, (NUMBER, 2), depth);
                }
                self.at = self.behind_number(node, self.at)?;
                Ok(())
            }
            byte => self.word(id, node, byte, depth),
        }
    }

    /// A value that begins at `at` with `byte`; what is behind it. What has nothing within is read
    /// in place, for a call of `value` takes as many steps as a short number; words are too seldom.
    #[inline(always)]
    fn inner(&mut self, id: NodeId, (at, byte): (usize, u8), depth: usize) -> Result<usize, Fail> {
        self.at = at;
        let Some(node) = self.each.get(id as usize) else {
            self.value(id, depth)?;
            return Ok(self.at);
        };
        match byte {
            b'"' if node.free & STRING != 0 => return behind_string(self.body, at),
            b'-' | b'0'..=b'9' if node.direct & NUMBER != 0 => return self.behind_number(node, at),
            b'"' => self.checked_string(node, depth)?,
            _ => self.value(id, depth)?,
        }
        Ok(self.at)
    }

    #[inline(always)]
    fn behind_number(&mut self, node: &Node, at: usize) -> Result<usize, Fail> {
        let number = scan_number(self.body, at)?;
        if !number.meets(self.body, node) {
            return Err(Fail::Schema);
        }
        Ok(number.end)
    }

    /// What another node, or a tape, decides about.
    #[inline(never)]
    fn indirect(
        &mut self,
        id: NodeId,
        node: &'a Node,
        (kind, class): (Types, usize),
        depth: usize,
    ) -> Result<(), Fail> {
        if node.types & kind == 0 {
            return Err(Fail::Schema);
        }
        match &node.switch {
            Some(switch) => self.value(switch[class], depth),
            None => self.on_tape(id, depth),
        }
    }

    fn indirect_object(&mut self, id: NodeId, node: &'a Node, depth: usize) -> Result<(), Fail> {
        match &node.tag {
            Some(tag) if node.types & OBJECT != 0 => self.tagged(id, tag, depth),
            _ if node.sieve.is_some() && node.types & OBJECT != 0 => {
                let sieve = node.sieve.as_ref();
                let found = self.ahead(|near| sieve.and_then(|sieve| near.sift(sieve)));
                match found {
                    Some(NEVER) => Err(Fail::Schema),
                    Some(left) => self.value(left, depth),
                    None => self.on_tape(id, depth),
                }
            }
            _ => self.indirect(id, node, (OBJECT, 5), depth),
        }
    }

    /// `null`, `true` or `false`.
    fn word(&mut self, id: NodeId, node: &'a Node, byte: u8, depth: usize) -> Result<(), Fail> {
        let values = node.values.as_ref();
        let (class, kind, is_listed) = match byte {
            b'n' => (0, NULL, values.is_none_or(|values| values.null)),
            b't' => (1, BOOLEAN, values.is_none_or(|values| values.yes)),
            b'f' => (1, BOOLEAN, values.is_none_or(|values| values.no)),
            _ => return Err(Fail::Syntax),
        };
        if node.types & kind == 0 {
            return Err(Fail::Schema);
        }
        if let Some(switch) = &node.switch {
            return self.value(switch[class], depth);
        }
        if node.on_tape & kind != 0 {
            return self.on_tape(id, depth);
        }
        if !is_listed {
            return Err(Fail::Schema);
        }
        match byte {
            b'n' => self.literal(b"null"),
            b't' => self.literal(b"true"),
            _ => self.literal(b"false"),
        }
    }

    #[inline(never)]
    fn never(&self) -> Result<(), Fail> {
        if self.at < self.body.len() {
            Err(Fail::Schema)
        } else {
            Err(Fail::Syntax)
        }
    }

    fn checked_string(&mut self, node: &'a Node, depth: usize) -> Result<(), Fail> {
        if node.types & STRING == 0 {
            return Err(Fail::Schema);
        }
        if let Some(switch) = &node.switch {
            return self.value(switch[3], depth);
        }
        let start = self.at;
        let token = self.string()?;
        if !strings::meets(self.body, token, node) {
            // The fault is where the string begins.
            self.at = start;
            return Err(Fail::Schema);
        }
        if node.on_tape & STRING != 0 {
            self.at = start;
            return self.built(node, depth);
        }
        Ok(())
    }

    /// A value whose rules look at it twice.
    #[inline(never)]
    fn on_tape(&mut self, id: NodeId, depth: usize) -> Result<(), Fail> {
        match self.nodes.get(id) {
            Some(node) => self.built(node, depth),
            None => Err(Fail::Syntax),
        }
    }

    fn built(&mut self, node: &'a Node, depth: usize) -> Result<(), Fail> {
        let start = self.at;
        self.scratch.tape.entries.clear();
        let mut builder = Builder {
            body: self.body,
            at: start,
            tape: &mut self.scratch.tape,
            keys: &mut self.scratch.keys,
            // Where the last of two counts, what was told apart by the first must be told anew.
            is_unique: true,
            stop: usize::MAX,
        };
        builder.value(depth)?;
        let end = builder.at;
        let values = self.scratch.tape.entries.len();
        self.scratch.memo.clear(values);
        let mut eval = self.eval();
        if !eval.node(node, 0) || eval.is_beyond {
            return Err(Fail::Schema);
        }
        self.at = end;
        Ok(())
    }

    /// What checks the values that are on the tape.
    pub(super) fn eval(&mut self) -> Eval<'a, '_> {
        Eval {
            body: self.body,
            nodes: self.nodes,
            tape: &self.scratch.tape,
            memo: &mut self.scratch.memo,
            order: &mut self.scratch.order,
            seed: self.seed,
            nested: 0,
            is_beyond: false,
        }
    }
}
