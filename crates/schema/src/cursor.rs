use crate::engine::digits::scan_number;
use crate::engine::text::{Token, scan, skip_space};

/// Where and how a text is not strict JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) expected: &'static str,
}

/// Reads tokens of a text, and tells what it misses where there is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) const fn text(&self) -> &'a [u8] {
        self.text
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub(crate) const fn fault(&self, expected: &'static str) -> Fault {
        Fault {
            offset: self.at,
            expected,
        }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(crate) fn space(&mut self) {
        self.at = skip_space(self.text, self.at);
    }

    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.peek() == Some(byte);
        self.at += usize::from(eaten);
        eaten
    }

    /// `true`, `false` or `null`.
    pub(crate) fn literal(&mut self) -> Result<(), Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let words = ["true", "false", "null"];
        let word = words.iter().find(|word| rest.starts_with(word.as_bytes()));
        let word = word.ok_or_else(|| self.fault("a JSON value"))?;
        self.at += word.len();
        Ok(())
    }

    /// A string, of which the cursor stands at the opening quote.
    pub(crate) fn string(&mut self) -> Result<Token, Fault> {
        let token = scan(self.text, self.at).map_err(|at| Fault {
            offset: at,
            expected: self.expected_in_string(at),
        })?;
        self.at = token.end + 1;
        Ok(token)
    }

    fn expected_in_string(&self, at: usize) -> &'static str {
        match self.text.get(at..) {
            None | Some([] | [0..=0x1f, ..]) => "the end of the string",
            Some([0x80..=0xff, ..]) => "UTF-8",
            Some([b'\\', b'u', ..]) => "a string without lone surrogates",
            Some([b'\\', ..]) => "an escape of RFC 8259, section 7",
            Some(_) => "four hexadecimal digits",
        }
    }

    /// A number, of which the cursor stands at the first character.
    pub(crate) fn number(&mut self) -> Result<&'a [u8], Fault> {
        let Ok(number) = scan_number(self.text, self.at) else {
            return Err(self.fault("a number (RFC 8259, section 6) that fits a 64-bit float"));
        };
        let text = self.text.get(self.at..number.end).unwrap_or_default();
        self.at = number.end;
        Ok(text)
    }
}
