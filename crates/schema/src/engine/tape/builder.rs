//! From a body to a tape.

use super::{Entry, Kind, Tape};
use crate::engine::keys::Keys;
use crate::engine::text::{self, Token};
use crate::engine::{Fail, MAX_DEPTH, scan_number};

/// Builds a tape.
#[derive(Debug)]
pub(crate) struct Builder<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) at: usize,
    pub(crate) tape: &'a mut Tape,
    pub(crate) keys: &'a mut Keys,
    /// A name that stands twice is refused; otherwise the last one counts.
    pub(crate) is_unique: bool,
    /// No value that begins behind this byte is read.
    pub(crate) stop: usize,
}

impl Builder<'_> {
    /// Adds the value at the current byte, which is no white space.
    pub(crate) fn value(&mut self, depth: usize) -> Result<(), Fail> {
        let start = self.at;
        match self.body.get(start) {
            Some(b'"') => {
                let token = self.string()?;
                self.push(start, Kind::String);
                self.describe(token);
            }
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b't') => self.literal(b"true", Kind::True)?,
            Some(b'f') => self.literal(b"false", Kind::False)?,
            Some(b'n') => self.literal(b"null", Kind::Null)?,
            Some(b'-' | b'0'..=b'9') => {
                self.at = scan_number(self.body, start)?.end;
                self.push(start, Kind::Number);
            }
            _ => return Err(Fail::Syntax),
        }
        if self.at >= self.stop {
            return Err(Fail::Stopped);
        }
        Ok(())
    }

    /// Whether nothing but white space follows.
    pub(crate) fn is_at_end(&self) -> bool {
        text::skip_space(self.body, self.at) == self.body.len()
    }

    fn string(&mut self) -> Result<Token, Fail> {
        let token = text::scan(self.body, self.at).map_err(|_| Fail::Syntax)?;
        self.at = token.end + 1;
        Ok(token)
    }

    fn literal(&mut self, word: &[u8], kind: Kind) -> Result<(), Fail> {
        let start = self.at;
        if self.body.get(start..start + word.len()) != Some(word) {
            return Err(Fail::Syntax);
        }
        self.at += word.len();
        self.push(start, kind);
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation)] // Bodies are shorter than 4 GiB.
    fn push(&mut self, start: usize, kind: Kind) {
        let next = self.tape.entries.len() as u32 + 1;
        self.tape.entries.push(Entry {
            start: start as u32,
            end: self.at as u32,
            next,
            count: 0,
            kind,
            is_escaped: false,
            is_ascii: true,
            is_replaced: false,
            is_open: false,
        });
    }

    /// What was seen of the string that was added last.
    #[inline]
    fn describe(&mut self, token: Token) {
        if let Some(entry) = self.tape.entries.last_mut() {
            entry.is_escaped = token.is_escaped;
            entry.is_ascii = token.is_ascii;
        }
    }

    fn open(&mut self, kind: Kind, depth: usize) -> Result<usize, Fail> {
        if depth >= MAX_DEPTH {
            return Err(Fail::Depth);
        }
        let place = self.tape.entries.len();
        let start = self.at;
        self.at += 1;
        self.push(start, kind);
        self.tape.entries[place].is_open = true;
        if start >= self.stop {
            return Err(Fail::Stopped);
        }
        self.at = text::skip_space(self.body, self.at);
        Ok(place)
    }

    #[allow(clippy::cast_possible_truncation)] // As above.
    fn close(&mut self, place: usize, count: u32) {
        let next = self.tape.entries.len() as u32;
        let end = self.at as u32;
        let entry = &mut self.tape.entries[place];
        (entry.next, entry.end, entry.count, entry.is_open) = (next, end, count, false);
    }

    fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.body.get(self.at) == Some(&byte);
        self.at += usize::from(eaten);
        eaten
    }

    fn space(&mut self) {
        self.at = text::skip_space(self.body, self.at);
    }

    fn array(&mut self, depth: usize) -> Result<(), Fail> {
        let place = self.open(Kind::Array, depth)?;
        let mut count = 0;
        if !self.eat(b']') {
            loop {
                self.value(depth + 1).inspect_err(|_| self.cut(place))?;
                count += 1;
                self.space();
                if self.eat(b']') {
                    break;
                }
                if !self.eat(b',') {
                    return Err(Fail::Syntax);
                }
                self.space();
            }
        }
        self.close(place, count);
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Fail> {
        let place = self.open(Kind::Object, depth)?;
        let mark = self.keys.mark();
        let (mut count, mut is_twice) = (0, false);
        if !self.eat(b'}') {
            loop {
                if self.body.get(self.at) != Some(&b'"') {
                    return Err(Fail::Syntax);
                }
                let start = self.at;
                let token = self.string()?;
                self.push(start, Kind::Name);
                self.describe(token);
                is_twice |= self.keys.add(self.body, mark, token);
                self.space();
                if !self.eat(b':') {
                    return Err(Fail::Syntax);
                }
                self.space();
                self.value(depth + 1).inspect_err(|_| self.cut(place))?;
                count += 1;
                self.space();
                if self.eat(b'}') {
                    break;
                }
                if !self.eat(b',') {
                    return Err(Fail::Syntax);
                }
                self.space();
            }
        }
        is_twice |= self.keys.end(self.body, mark);
        self.close(place, count);
        if is_twice {
            if self.is_unique {
                return Err(Fail::Twice);
            }
            self.replace(place);
        }
        Ok(())
    }

    /// The tape ends within this one.
    #[allow(clippy::cast_possible_truncation)] // As above.
    fn cut(&mut self, place: usize) {
        let next = self.tape.entries.len() as u32;
        self.tape.entries[place].next = next;
    }

    /// Marks members that others of the same name replace.
    #[allow(clippy::cast_possible_truncation)] // As above.
    fn replace(&mut self, place: usize) {
        let mut names = Vec::new();
        let mut at = place + 1;
        let end = self.tape.entries[place].next as usize;
        while at < end {
            let token = self.tape.entries[at].token();
            names.push((token.decode(self.body).into_owned(), at));
            at = self.tape.entries[at + 1].next as usize;
        }
        names.sort_unstable();
        let mut replaced = 0;
        for pair in names.windows(2) {
            if pair[0].0 == pair[1].0 {
                self.tape.entries[pair[0].1].is_replaced = true;
                replaced += 1;
            }
        }
        self.tape.entries[place].count -= replaced;
    }
}
