//! The grammar of challenges, read leniently and in one pass.

use super::{Challenge, Parameter};

/// Reads one header line into `challenges`.
pub(super) fn line(line: &[u8], challenges: &mut Vec<Challenge>) {
    if line.len() > Challenge::MAX_LINE {
        return;
    }
    let mut reader = Reader { line, at: 0 };
    while challenges.len() < Challenge::MAX_CHALLENGES && reader.skip(is_separator) {
        // A scheme stands alone or before a space; whatever else there is belongs to nothing.
        let scheme = reader.take(is_token).filter(|_| reader.is_at_gap());
        reader.skip(is_space);
        match scheme {
            Some(scheme) if reader.peek() != Some(b'=') => {
                let Some(challenge) = reader.challenge(scheme) else {
                    return;
                };
                challenges.push(challenge);
            }
            _ => reader.skip_element(),
        }
    }
}

struct Reader<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// What follows a scheme; `None` if a string never ends, and with it the line.
    fn challenge(&mut self, scheme: &'a str) -> Option<Challenge> {
        let mut challenge = Challenge {
            scheme: scheme.into(),
            token68: self.token68().map(Into::into),
            parameters: Vec::new(),
        };
        if challenge.token68.is_some() {
            return Some(challenge);
        }
        loop {
            let before = self.at;
            if !self.skip(is_separator) {
                return Some(challenge);
            }
            let Some(name) = self.take(is_token) else {
                self.skip_element();
                continue;
            };
            self.skip(is_space);
            if self.peek() != Some(b'=') {
                // Another challenge's scheme.
                self.at = before;
                return Some(challenge);
            }
            self.at += 1;
            self.skip(is_space);
            let value = self.value()?;
            let known = challenge.get_bytes(name).is_some();
            if !known && challenge.parameters.len() < Challenge::MAX_PARAMETERS {
                challenge.parameters.push(Parameter {
                    name: name.to_ascii_lowercase().into(),
                    value,
                });
            }
        }
    }

    /// A token68 fills its list element; `realm=x` begins like one.
    fn token68(&mut self) -> Option<&'a str> {
        let before = self.at;
        let text = self.take(is_token68);
        let end = self.at + self.rest().iter().take_while(|byte| **byte == b'=').count();
        self.at = end;
        self.skip(is_space);
        if text.is_some() && matches!(self.peek(), None | Some(b',')) {
            return std::str::from_utf8(&self.line[before..end]).ok();
        }
        self.at = before;
        None
    }

    /// A quoted string, or what stands there in its place: servers forget quotes around URLs.
    fn value(&mut self) -> Option<Box<[u8]>> {
        if self.peek() != Some(b'"') {
            let from = self.at;
            self.skip(|byte| byte != b',' && !is_space(byte));
            return Some(self.line[from..self.at].into());
        }
        self.at += 1;
        let mut value = Vec::new();
        loop {
            let byte = self.next()?;
            match byte {
                b'"' => return Some(value.into()),
                b'\\' => value.push(self.next()?),
                byte => value.push(byte),
            }
        }
    }

    /// Passes over a list element that cannot be understood.
    fn skip_element(&mut self) {
        while let Some(byte) = self.peek().filter(|byte| *byte != b',') {
            if byte == b'"' {
                if self.value().is_none() {
                    self.at = self.line.len();
                }
            } else {
                self.at += 1;
            }
        }
    }

    fn rest(&self) -> &'a [u8] {
        &self.line[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn is_at_gap(&self) -> bool {
        self.peek().is_none_or(is_separator)
    }

    /// Whether anything is left behind what is skipped.
    fn skip(&mut self, skipped: impl Fn(u8) -> bool) -> bool {
        let count = self
            .rest()
            .iter()
            .take_while(|byte| skipped(**byte))
            .count();
        self.at += count;
        self.at < self.line.len()
    }

    /// One or more bytes, which are ASCII.
    fn take(&mut self, taken: impl Fn(u8) -> bool) -> Option<&'a str> {
        let from = self.at;
        self.skip(taken);
        let taken = std::str::from_utf8(&self.line[from..self.at]).ok()?;
        Some(taken).filter(|taken| !taken.is_empty())
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

const fn is_separator(byte: u8) -> bool {
    is_space(byte) || byte == b','
}

/// `tchar` of RFC 9110, section 5.6.2.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// `token68` of RFC 9110, section 11.2, but for its padding.
const fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
}
