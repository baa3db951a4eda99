//! What stands behind a backslash, and sets of characters.

use super::cursor::Cursor;

/// The code point that ends what there is.
const LAST: u32 = 0x10_ffff;

impl Cursor<'_> {
    /// The character that an escape stands for, behind its first letter.
    pub(super) fn escaped(&mut self, first: char) -> Option<u32> {
        Some(match first {
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'v' => 0x0b,
            'c' => u32::from(self.next().filter(char::is_ascii_alphabetic)?) % 32,
            '0' if self.peek().is_some_and(|next| next.is_ascii_digit()) => return None,
            '0' => 0,
            'x' => self.hexadecimal(2)?,
            'u' => self.code_point()?,
            other if other.is_alphanumeric() => return None,
            other => u32::from(other),
        })
    }

    fn hexadecimal(&mut self, digits: u32) -> Option<u32> {
        let mut number = 0;
        for _ in 0..digits {
            number = number * 16 + self.next()?.to_digit(16)?;
        }
        Some(number)
    }

    /// Behind `\u`; two surrogates are one character.
    pub(super) fn code_point(&mut self) -> Option<u32> {
        if self.eat('{') {
            let mut number = self.next()?.to_digit(16)?;
            while !self.eat('}') {
                let digit = self.next()?.to_digit(16)?;
                number = number.saturating_mul(16).saturating_add(digit);
            }
            return (number <= LAST).then_some(number);
        }
        let high = self.hexadecimal(4)?;
        let mut ahead = self.clone();
        if (0xd800..0xdc00).contains(&high) && ahead.eat('\\') && ahead.eat('u') {
            if let Some(low @ 0xdc00..=0xdfff) = ahead.hexadecimal(4) {
                *self = ahead;
                return Some(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
        }
        Some(high)
    }

    /// Behind `\p`. Whether Unicode knows it is not asked.
    pub(super) fn property(&mut self) -> Option<()> {
        let is_of_it = |c: char| c.is_ascii_alphanumeric() || c == '_';
        self.expect('{')?;
        self.run(is_of_it)?;
        if self.eat('=') {
            self.run(is_of_it)?;
        }
        self.expect('}')
    }

    /// Behind an opening bracket.
    pub(super) fn class(&mut self) -> Option<()> {
        self.eat('^');
        while !self.eat(']') {
            let first = self.member()?;
            let mut ahead = self.clone();
            if ahead.eat('-') && ahead.peek() != Some(']') {
                *self = ahead;
                let last = self.member()?;
                // A set is no end of a range.
                if first? > last? {
                    return None;
                }
            }
        }
        Some(())
    }

    /// A member of a class: a character, or `None` of a set like `\d`.
    #[allow(clippy::option_option)] // The outer one is whether there is any.
    fn member(&mut self) -> Option<Option<u32>> {
        let first = self.next()?;
        if first != '\\' {
            return Some(Some(u32::from(first)));
        }
        Some(match self.next()? {
            'b' => Some(0x08),
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => None,
            'p' | 'P' => {
                self.property()?;
                None
            }
            other => Some(self.escaped(other)?),
        })
    }
}
