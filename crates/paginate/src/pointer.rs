use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A JSON Pointer ([RFC 6901]): a place in a page.
///
/// The empty pointer is the page itself. Wherever this crate takes a pointer it takes a
/// `&str` too, and panics if that is none; parse input from elsewhere first:
///
/// ```
/// use outbound_paginate::Pointer;
///
/// let pointer: Pointer = "/links/next".parse()?;
/// assert_eq!(pointer.as_str(), "/links/next");
/// assert!("links".parse::<Pointer>().is_err());
/// # Ok::<_, outbound_paginate::InvalidPointer>(())
/// ```
///
/// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pointer {
    text: Arc<str>,
    tokens: Arc<[Box<str>]>,
}

impl Pointer {
    /// The pointer as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn tokens(&self) -> &[Box<str>] {
        &self.tokens
    }

    /// For builders, whose pointers are literals as a rule.
    #[track_caller]
    pub(crate) fn expect<P>(pointer: P) -> Self
    where
        P: TryInto<Self>,
        P::Error: fmt::Display,
    {
        match pointer.try_into() {
            Ok(pointer) => pointer,
            Err(error) => panic!("{error}"),
        }
    }
}

/// The index that a reference token stands for within an array.
pub(crate) fn array_index(token: &str) -> Option<u64> {
    let canonical = token == "0" || !token.starts_with(['0', '+']);
    canonical.then(|| token.parse().ok()).flatten()
}

impl FromStr for Pointer {
    type Err = InvalidPointer;

    fn from_str(text: &str) -> Result<Self, InvalidPointer> {
        let invalid = || InvalidPointer {
            pointer: text.into(),
        };
        let tokens: Arc<[Box<str>]> = match text.strip_prefix('/') {
            Some(rest) => rest
                .split('/')
                .map(unescape)
                .collect::<Option<_>>()
                .ok_or_else(invalid)?,
            None if text.is_empty() => Arc::new([]),
            None => return Err(invalid()),
        };
        Ok(Self {
            text: text.into(),
            tokens,
        })
    }
}

fn unescape(token: &str) -> Option<Box<str>> {
    let mut out = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(char) = chars.next() {
        out.push(match char {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            char => char,
        });
    }
    Some(out.into())
}

impl TryFrom<&str> for Pointer {
    type Error = InvalidPointer;

    fn try_from(text: &str) -> Result<Self, InvalidPointer> {
        text.parse()
    }
}

impl TryFrom<String> for Pointer {
    type Error = InvalidPointer;

    fn try_from(text: String) -> Result<Self, InvalidPointer> {
        text.parse()
    }
}

impl From<&Self> for Pointer {
    fn from(pointer: &Self) -> Self {
        pointer.clone()
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// A text is no JSON Pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPointer {
    pointer: Box<str>,
}

impl fmt::Display for InvalidPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no JSON Pointer: it must be empty or start with `/`, with `~0` for `~` and `~1` for `/`",
            self.pointer
        )
    }
}

impl std::error::Error for InvalidPointer {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_unescaped_once() {
        let pointer: Pointer = "/a~1b/~01//0".parse().unwrap();
        let tokens: Vec<_> = pointer.tokens().iter().map(|t| &**t).collect();
        assert_eq!(tokens, ["a/b", "~1", "", "0"]);
        assert!("".parse::<Pointer>().unwrap().tokens().is_empty());
        for bad in ["a", "/~", "/~2"] {
            assert!(bad.parse::<Pointer>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_canonical_numbers_are_indexes() {
        assert_eq!(array_index("0"), Some(0));
        assert_eq!(array_index("12"), Some(12));
        for bad in ["", "-", "01", "+1", "1a"] {
            assert_eq!(array_index(bad), None, "{bad}");
        }
    }
}
