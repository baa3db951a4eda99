//! One pass over a body: the grammar and the schema at once, with no tree.

use super::digits::scan_number;
use super::eval::Eval;
use super::keys::Mark;
use super::program::{
    ANY, ARRAY, BOOLEAN, Items, MOST_IN_PLACE, Members, NEVER, NULL, NUMBER, Node, NodeId, Nodes,
    OBJECT, STRING, Sieve, Tag, Text, Types,
};
use super::scratch::Scratch;
use super::tape::Builder;
use super::text::{self, Token};
use super::{Fail, MAX_DEPTH, Seed};

/// How far ahead a member that tells branches apart is looked for, in bytes; one that is not
/// found within costs a tape.
const AHEAD: usize = 512;

/// What is peeked at behind the last byte; as a byte it begins nothing either.
const END: u8 = 0;

pub(crate) struct Scan<'a, 's> {
    pub(crate) body: &'a [u8],
    pub(crate) at: usize,
    pub(crate) nodes: &'a Nodes,
    pub(crate) scratch: &'s mut Scratch,
    pub(crate) is_unique: bool,
    pub(crate) seed: &'a Seed,
}

/// Which known members were met.
type Seen = [u64; MOST_IN_PLACE / 64];

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

    #[inline]
    fn peek(&self) -> u8 {
        self.body.get(self.at).copied().unwrap_or(END)
    }

    #[inline]
    fn space(&mut self) {
        self.at = text::skip_space(self.body, self.at);
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.body.get(self.at) == Some(&byte);
        self.at += usize::from(eaten);
        eaten
    }

    #[inline(always)]
    fn skip_string(&mut self) -> Result<(), Fail> {
        self.at = text::skip(self.body, self.at).ok_or(Fail::Syntax)?;
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Result<Token, Fail> {
        let token = text::scan(self.body, self.at).map_err(|_| Fail::Syntax)?;
        self.at = token.end + 1;
        Ok(token)
    }

    #[inline]
    fn literal(&mut self, word: &[u8]) -> Result<(), Fail> {
        if !self.body[self.at..].starts_with(word) {
            return Err(Fail::Syntax);
        }
        self.at += word.len();
        Ok(())
    }

    #[inline]
    fn deepen(depth: usize) -> Result<usize, Fail> {
        if depth >= MAX_DEPTH {
            return Err(Fail::Depth);
        }
        Ok(depth + 1)
    }

    /// A value that no rule is for.
    fn skip(&mut self, depth: usize) -> Result<(), Fail> {
        match self.peek() {
            b'"' => self.skip_string(),
            b'{' => self.skip_object(depth),
            b'[' => self.skip_array(depth),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            b'-' | b'0'..=b'9' => {
                self.at = scan_number(self.body, self.at)?.end;
                Ok(())
            }
            _ => Err(Fail::Syntax),
        }
    }

    fn skip_array(&mut self, depth: usize) -> Result<(), Fail> {
        let depth = Self::deepen(depth)?;
        self.at += 1;
        self.space();
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            self.skip(depth)?;
            self.space();
            if !self.eat(b',') {
                break;
            }
            self.space();
        }
        if self.eat(b']') {
            Ok(())
        } else {
            Err(Fail::Syntax)
        }
    }

    fn skip_object(&mut self, depth: usize) -> Result<(), Fail> {
        let depth = Self::deepen(depth)?;
        self.at += 1;
        self.space();
        if self.eat(b'}') {
            return Ok(());
        }
        let mark = self.scratch.keys.mark();
        loop {
            if self.peek() != b'"' {
                return Err(Fail::Syntax);
            }
            let name = self.string()?;
            if self.scratch.keys.add(self.body, mark, name) {
                return Err(Fail::Twice);
            }
            self.colon()?;
            self.skip(depth)?;
            self.space();
            if !self.eat(b',') {
                break;
            }
            self.space();
        }
        self.end_object(mark)
    }

    #[inline]
    fn colon(&mut self) -> Result<(), Fail> {
        self.space();
        if !self.eat(b':') {
            return Err(Fail::Syntax);
        }
        self.space();
        Ok(())
    }

    #[inline]
    fn end_object(&mut self, mark: Mark) -> Result<(), Fail> {
        if !self.eat(b'}') {
            return Err(Fail::Syntax);
        }
        if self.scratch.keys.end(self.body, mark) {
            return Err(Fail::Twice);
        }
        Ok(())
    }

    /// A value that must meet the node.
    pub(crate) fn value(&mut self, id: NodeId, depth: usize) -> Result<(), Fail> {
        let Some(node) = self.nodes.get(id) else {
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
                self.number(node)
            }
            byte => self.word(id, node, byte, depth),
        }
    }

    /// An element or a member: what has nothing within is read in place, for a call of `value`
    /// takes as many steps as a short number.
    #[inline(always)]
    fn inner(&mut self, id: NodeId, depth: usize) -> Result<(), Fail> {
        match (self.nodes.get(id), self.peek()) {
            (Some(node), b'-' | b'0'..=b'9') if node.direct & NUMBER != 0 => self.number(node),
            (Some(node), b'"') if node.free & STRING == 0 => self.checked_string(node, depth),
            (Some(_), b'"') => self.skip_string(),
            _ => self.value(id, depth),
        }
    }

    #[inline(always)]
    fn number(&mut self, node: &Node) -> Result<(), Fail> {
        let number = scan_number(self.body, self.at)?;
        if !number.meets(self.body, node) {
            return Err(Fail::Schema);
        }
        self.at = number.end;
        Ok(())
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
        let (class, kind, word, is_listed) = match byte {
            b'n' => (
                0,
                NULL,
                &b"null"[..],
                node.values.as_ref().is_none_or(|v| v.null),
            ),
            b't' => (
                1,
                BOOLEAN,
                &b"true"[..],
                node.values.as_ref().is_none_or(|v| v.yes),
            ),
            b'f' => (
                1,
                BOOLEAN,
                &b"false"[..],
                node.values.as_ref().is_none_or(|v| v.no),
            ),
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
        self.literal(word)
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
        if !meets(self.body, token, node) {
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
            is_unique: self.is_unique,
            stop: usize::MAX,
        };
        builder.value(depth)?;
        let end = builder.at;
        self.scratch.memo.clear();
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
        if !eval.node(node, 0) || eval.is_beyond {
            return Err(Fail::Schema);
        }
        self.at = end;
        Ok(())
    }

    fn array(&mut self, items: &'a Items, depth: usize) -> Result<(), Fail> {
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

    fn object(&mut self, members: &'a Members, depth: usize) -> Result<(), Fail> {
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

    /// An object that one of its members tells the node of.
    fn tagged(&mut self, id: NodeId, tag: &'a Tag, depth: usize) -> Result<(), Fail> {
        match self.ahead(|near| near.look_ahead(tag)) {
            Some(node) => self.value(node, depth),
            None => self.on_tape(id, depth),
        }
    }

    /// Looks at what is near, of which the last value may be cut off, and comes back. What is
    /// wrong there is found by the scan.
    fn ahead(&mut self, look: impl FnOnce(&mut Self) -> Option<NodeId>) -> Option<NodeId> {
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
    fn sift(&mut self, sieve: &'a Sieve) -> Option<NodeId> {
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

/// Whether a string meets the node's rules for strings.
pub(crate) fn meets(body: &[u8], token: Token, node: &Node) -> bool {
    is_listed(body, token, node)
        && node
            .text
            .as_ref()
            .is_none_or(|text| text.holds(body, token))
}

pub(crate) fn is_listed(body: &[u8], token: Token, node: &Node) -> bool {
    node.values.as_ref().is_none_or(|values| {
        if token.is_escaped {
            values.has_string(token.decode(body).as_bytes())
        } else {
            values.has_string(token.raw(body))
        }
    })
}

impl Text {
    fn holds(&self, body: &[u8], token: Token) -> bool {
        self.has_length(body, token) && self.has_form(body, token)
    }

    pub(crate) fn has_length(&self, body: &[u8], token: Token) -> bool {
        let bytes = (token.end - token.start) as u64;
        if token.is_ascii {
            return self.shortest <= bytes && bytes <= self.longest;
        }
        // A character is at least one byte; in escapes, at most twelve.
        if bytes <= self.longest && (self.shortest == 0 || bytes / 12 >= self.shortest) {
            return true;
        }
        if bytes < self.shortest {
            return false;
        }
        let length = token.length(body);
        self.shortest <= length && length <= self.longest
    }

    fn has_form(&self, body: &[u8], token: Token) -> bool {
        if self.patterns.is_empty() && self.formats.is_empty() {
            return true;
        }
        let text = token.decode(body);
        self.patterns.iter().all(|pattern| pattern.matches(&text))
            && self.formats.iter().all(|format| format.matches(&text))
    }
}
