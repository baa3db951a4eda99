//! The way to the array of items, and what stands beside it.

use super::nested::Nested;
use super::{Container, Mode, ScanError, Scanner};
use crate::pointer::array_index;

impl Scanner {
    /// One byte outside items and values beside the path: whether it is used up.
    pub(super) fn step(&mut self, byte: u8) -> Result<bool, ScanError> {
        let space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match self.mode {
            Mode::InKey { escaped } => {
                self.partial.push(byte);
                self.mode = match byte {
                    b'"' if !escaped => Mode::Colon {
                        on_path: self.key_is_on_path(),
                    },
                    byte => Mode::InKey {
                        escaped: byte == b'\\' && !escaped,
                    },
                };
            }
            Mode::Null { at } => match b"null".get(at) {
                Some(wanted) if *wanted == byte => self.mode = Mode::Null { at: at + 1 },
                Some(_) => return Err(ScanError::Syntax),
                None => {
                    self.mode = self.after();
                    return Ok(false);
                }
            },
            _ if space => {}
            Mode::Value => return self.value(byte),
            Mode::Key { first } => match byte {
                b'"' => {
                    self.partial.clear();
                    self.partial.push(byte);
                    self.mode = Mode::InKey { escaped: false };
                }
                b'}' if first => self.close(),
                _ => return Err(ScanError::Syntax),
            },
            Mode::Colon { on_path } if byte == b':' => {
                self.mode = if on_path { Mode::Value } else { Mode::Beside };
            }
            Mode::FirstElement if byte == b']' => self.close(),
            Mode::FirstElement => {
                self.mode = self.element();
                return Ok(false);
            }
            Mode::Beside if starts_value(byte) => {
                self.mode = Mode::Skip(Nested::START);
                return Ok(false);
            }
            Mode::After => match (self.open.last_mut(), byte) {
                (Some(Container::Object), b',') => self.mode = Mode::Key { first: false },
                (Some(Container::Array { index }), b',') => {
                    *index += 1;
                    self.mode = self.element();
                }
                (Some(Container::Object), b'}') | (Some(Container::Array { .. }), b']') => {
                    self.close();
                }
                _ => return Err(ScanError::Syntax),
            },
            _ => return Err(ScanError::Syntax),
        }
        Ok(true)
    }

    /// The first byte of a value on the path.
    fn value(&mut self, byte: u8) -> Result<bool, ScanError> {
        if self.open.len() < self.path.tokens().len() {
            match byte {
                b'{' => {
                    self.open.push(Container::Object);
                    self.mode = Mode::Key { first: true };
                }
                b'[' => {
                    self.open.push(Container::Array { index: 0 });
                    self.mode = Mode::FirstElement;
                }
                byte if starts_value(byte) => {
                    self.mode = Mode::Skip(Nested::START);
                    return Ok(false);
                }
                _ => return Err(ScanError::Syntax),
            }
            return Ok(true);
        }
        if self.found {
            return Err(ScanError::Twice);
        }
        self.found = true;
        self.mode = match byte {
            b'[' => Mode::Items {
                first: true,
                comma: false,
            },
            b'n' => Mode::Null { at: 1 },
            // It may be no JSON either, which its end tells.
            b'{' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' => {
                self.is_other = true;
                self.mode = Mode::Skip(Nested::START);
                return Ok(false);
            }
            _ => return Err(ScanError::Syntax),
        };
        Ok(true)
    }

    /// Before an element of an array on the path.
    fn element(&self) -> Mode {
        let wanted = &self.path.tokens()[self.open.len() - 1];
        match self.open.last() {
            Some(Container::Array { index }) if array_index(wanted) == Some(*index) => Mode::Value,
            _ => Mode::Beside,
        }
    }

    fn key_is_on_path(&self) -> bool {
        let wanted = &*self.path.tokens()[self.open.len() - 1];
        let key = &self.partial[1..self.partial.len() - 1];
        if key.contains(&b'\\') {
            serde_json::from_slice::<String>(&self.partial).is_ok_and(|key| key == wanted)
        } else {
            key == wanted.as_bytes()
        }
    }

    fn close(&mut self) {
        self.open.pop();
        self.mode = self.after();
    }

    pub(super) fn after(&self) -> Mode {
        if self.open.is_empty() {
            Mode::End
        } else {
            Mode::After
        }
    }
}

/// Anything may be the beginning of a value but what would close or part the one before;
/// the item's parser knows better.
pub(super) const fn starts_value(byte: u8) -> bool {
    !matches!(byte, b',' | b':' | b']' | b'}')
}
