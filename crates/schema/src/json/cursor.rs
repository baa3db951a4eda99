use crate::json::Text;

/// Deepest nesting that is accepted: what `serde_json` accepts too.
pub(crate) const MAX_DEPTH: usize = 127;

/// Where and how a text is not strict JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) expected: &'static str,
}

/// A number as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number<'a> {
    pub(crate) text: &'a str,
    /// Whether it has neither a fraction nor an exponent.
    pub(crate) is_plain: bool,
}

/// Reads tokens of a text, which is UTF-8.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Fails unless all of `bytes` is UTF-8.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self { text, bytes, at: 0 }),
            Err(error) => Err(Fault {
                offset: error.valid_up_to(),
                expected: "UTF-8",
            }),
        }
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(crate) const fn fault(&self, expected: &'static str) -> Fault {
        Fault {
            offset: self.at,
            expected,
        }
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub(crate) fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.peek() == Some(byte);
        self.at += usize::from(eaten);
        eaten
    }

    /// `true`, `false` or `null`.
    pub(crate) fn literal(&mut self) -> Result<(), Fault> {
        for word in ["true", "false", "null"] {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(());
            }
        }
        Err(self.fault("a JSON value"))
    }

    /// A string, of which the cursor stands at the opening quote.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Text<'a>, Fault> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            self.at = plain_end(self.bytes, self.at);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(self.fault("the end of the string")),
            }
        }
        let text = Text::new(&self.text[start..self.at], escaped);
        self.at += 1;
        Ok(text)
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.at += 1;
                let lone = Fault {
                    offset: start,
                    expected: "a string without lone surrogates",
                };
                match self.hexadecimal()? {
                    0xd800..=0xdbff => {
                        if !(self.eat(b'\\') && self.eat(b'u')) {
                            return Err(lone);
                        }
                        match self.hexadecimal()? {
                            0xdc00..=0xdfff => Ok(()),
                            _ => Err(lone),
                        }
                    }
                    0xdc00..=0xdfff => Err(lone),
                    _ => Ok(()),
                }
            }
            _ => Err(self.fault("an escape of RFC 8259, section 7")),
        }
    }

    fn hexadecimal(&mut self) -> Result<u16, Fault> {
        let digits = self.bytes.get(self.at..self.at + 4);
        let unit = digits.and_then(super::text::code_unit);
        let unit = unit.ok_or_else(|| self.fault("four hexadecimal digits"))?;
        self.at += 4;
        Ok(unit)
    }

    /// A number, of which the cursor stands at the first character.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<Number<'a>, Fault> {
        /// Digits that no 64-bit float can fail to reach: its greatest has 309.
        const SURELY_FINITE: usize = 308;
        let start = self.at;
        self.eat(b'-');
        let whole = self.at;
        if !self.eat(b'0') {
            self.digits()?;
        }
        let mut is_finite = self.at - whole <= SURELY_FINITE;
        let mut is_plain = true;
        if self.eat(b'.') {
            is_plain = false;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            is_plain = false;
            is_finite = false;
            self.at += 1;
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        if !is_finite && !text.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(Fault {
                offset: start,
                expected: "a number that fits a 64-bit float",
            });
        }
        Ok(Number { text, is_plain })
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.fault("a digit"));
        }
        Ok(())
    }
}

impl Number<'_> {
    /// `1.0` and `1e2` are integers, as in JSON Schema from draft 6 on.
    pub(crate) fn is_integer(self) -> bool {
        self.is_plain
            || self
                .text
                .parse::<f64>()
                .is_ok_and(|number| number.fract() == 0.0)
    }
}

/// Where a run of characters ends that stand for themselves in a string.
#[inline]
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // Eight at a time: a byte of the result is marked where a byte of the word is zero. Marks
    // above the first may be wrong, for a borrow runs upwards; only the first is used.
    const fn zeros(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word & HIGHS
    }
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        let quotes = zeros(word ^ (ONES * b'"' as u64));
        let escapes = zeros(word ^ (ONES * b'\\' as u64));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = quotes | escapes | controls;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes
        .get(at)
        .is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f))
    {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_at_the_first_quote_escape_or_control_character_wherever_it_stands() {
        for end in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for length in 0..40 {
                for rest in ["", "abcdefghijklmnop", "\"\\\"\\\"\\\"\\"] {
                    let mut bytes = "a\u{e9}\u{7f}x !#[]\u{20ac}".repeat(4).into_bytes();
                    bytes.truncate(length);
                    bytes.push(end);
                    bytes.extend_from_slice(rest.as_bytes());
                    assert_eq!(plain_end(&bytes, 0), length, "{end} {rest}");
                }
            }
        }
        assert_eq!(plain_end(b"abcdefghij", 0), 10);
    }
}
