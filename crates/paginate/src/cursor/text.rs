//! A cursor as text, to be kept and read again.

use std::error::Error;
use std::fmt;

use http::Uri;
use serde_json::value::RawValue;

use super::{Cursor, Repr};
use crate::json::edit::quote;

/// How long a cursor may be, as [text](Cursor::encode): 1 MiB.
pub const MAX_CURSOR_BYTES: usize = 1024 * 1024;

impl Cursor {
    /// The cursor as text, to be kept and [decoded](Self::decode) later.
    ///
    /// `home` is the URL of the first request. A URL of the same scheme and authority is
    /// written without them, so that they are taken from the request that the stream is
    /// resumed with.
    #[must_use]
    pub fn encode(&self, home: &Uri) -> String {
        match &self.0 {
            Repr::Number(number) => format!("n{number}"),
            Repr::Token(token) => format!("t[{token}]"),
            Repr::Tokens(tokens) => format!("t[{}]", tokens.join(",")),
            Repr::Link(uri, with) => {
                let mut parts = vec![quote(&Self::uri(uri.clone()).encode(home))];
                parts.extend(with.iter().map(|part| String::from(&**part)));
                format!("l[{}]", parts.join(","))
            }
            Repr::Uri(uri) => {
                let at_home = uri.scheme() == home.scheme() && uri.authority() == home.authority();
                match uri.path_and_query() {
                    Some(path) if at_home => format!("p{path}"),
                    _ => format!("u{uri}"),
                }
            }
        }
    }

    /// Reads what [`encode`](Self::encode) has written.
    ///
    /// The URL of a cursor is still subject to the stream's
    /// [`OriginPolicy`](crate::OriginPolicy): a text from elsewhere leads nowhere else.
    ///
    /// # Errors
    ///
    /// It is no such text, or longer than [`MAX_CURSOR_BYTES`].
    pub fn decode(text: &str, home: &Uri) -> Result<Self, InvalidCursor> {
        Self::read(text, home).ok_or(InvalidCursor(()))
    }

    fn read(text: &str, home: &Uri) -> Option<Self> {
        if text.len() > MAX_CURSOR_BYTES {
            return None;
        }
        let rest = text.get(1..)?;
        match text.as_bytes()[0] {
            b'n' => {
                let canonical = rest == "0" || !rest.starts_with(['0', '+']);
                rest.parse().ok().filter(|_| canonical).map(Self::number)
            }
            b't' => {
                let tokens: Vec<&RawValue> = serde_json::from_str(rest).ok()?;
                Some(Self::tokens(tokens.into_iter().map(RawValue::get)))
            }
            b'l' => {
                let parts: Vec<&RawValue> = serde_json::from_str(rest).ok()?;
                let (url, with) = parts.split_first()?;
                let url: String = serde_json::from_str(url.get()).ok()?;
                match Self::read(&url, home)?.0 {
                    Repr::Uri(uri) => Some(Self::link(uri, with.iter().map(|part| part.get()))),
                    _ => None,
                }
            }
            b'p' if rest.starts_with('/') => crate::uri::with_path_and_query(home, rest)
                .ok()
                .map(Self::uri),
            b'u' => {
                let uri: Uri = rest.parse().ok()?;
                uri.scheme().is_some().then(|| Self::uri(uri))
            }
            _ => None,
        }
    }

    /// Whether it can be kept: what is followed has to be read again when it was
    /// [encoded](Self::encode).
    pub(crate) fn fits(&self) -> bool {
        match &self.0 {
            Repr::Link(uri, with) => {
                let url = quote(&format!("u{uri}")).len();
                let each = with.iter().map(|part| part.len() + ",".len());
                "l[]".len() + url + each.sum::<usize>() <= MAX_CURSOR_BYTES
            }
            Repr::Token(token) => "t[]".len() + token.len() <= MAX_CURSOR_BYTES,
            Repr::Tokens(tokens) => {
                let each = tokens.iter().map(|token| token.len() + ",".len());
                "t[]".len() + each.sum::<usize>().saturating_sub(1) <= MAX_CURSOR_BYTES
            }
            // Bounded by their types.
            Repr::Number(_) | Repr::Uri(_) => true,
        }
    }
}

/// A text is no cursor. It is not repeated, since it may hold a credential.
#[derive(Debug)]
pub struct InvalidCursor(());

impl fmt::Display for InvalidCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a cursor, or longer than {MAX_CURSOR_BYTES} bytes")
    }
}

impl Error for InvalidCursor {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_the_same_after_it_was_kept_as_text() {
        let home = Uri::from_static("https://h/a?x=1");
        for (cursor, text) in [
            (Cursor::number(0), "n0"),
            (Cursor::number(u64::MAX), "n18446744073709551615"),
            (
                Cursor::tokens(["\"a,]\"", "[1,2]", "{\"k\":1e400}"]),
                r#"t["a,]",[1,2],{"k":1e400}]"#,
            ),
            (Cursor::tokens::<&str>([]), "t[]"),
            (Cursor::tokens(["1e400"]), "t[1e400]"),
            (
                Cursor::uri(Uri::from_static("https://h/b?c=%7E'")),
                "p/b?c=%7E'",
            ),
            (
                Cursor::uri(Uri::from_static("https://elsewhere/b")),
                "uhttps://elsewhere/b",
            ),
            (
                Cursor::link(Uri::from_static("https://h/b?c"), ["\"POST\"", "{\"a\":1}"]),
                r#"l["p/b?c","POST",{"a":1}]"#,
            ),
            (
                Cursor::link(Uri::from_static("http://h/b"), ["null"]),
                r#"l["uhttp://h/b",null]"#,
            ),
        ] {
            assert_eq!(cursor.encode(&home), text);
            assert_eq!(Cursor::decode(text, &home).unwrap(), cursor);
        }
        let relative = Uri::from_static("/items");
        let next = Cursor::uri(Uri::from_static("/items?page=2"));
        assert_eq!(next.encode(&relative), "p/items?page=2");
        assert_eq!(Cursor::decode("p/items?page=2", &relative).unwrap(), next);
    }

    #[test]
    fn a_text_that_is_no_cursor_is_refused() {
        let home = Uri::from_static("https://h/");
        let long = format!("t[\"{}\"]", "x".repeat(MAX_CURSOR_BYTES));
        for bad in [
            "",
            "n",
            "n-1",
            "n+1",
            "n01",
            "n18446744073709551616",
            "t",
            "t[",
            "t{}",
            "t[1,]",
            "p",
            "pb",
            "p/ b",
            "u/b",
            "uh",
            "é",
            "x1",
            "l",
            "l[]",
            "l[1]",
            r#"l["n1"]"#,
            r#"l["t[]"]"#,
            r#"l["l[\"p/\"]"]"#,
            &long,
        ] {
            assert!(Cursor::decode(bad, &home).is_err(), "{bad}");
        }
        assert!(Cursor::decode("p//evil/b", &Uri::from_static("/a")).is_err());
    }

    #[test]
    fn what_fits_can_be_read_again_and_what_does_not_cannot() {
        let home = Uri::from_static("https://h/");
        for tokens in 0..4 {
            for spare in 0..4 {
                let len = (MAX_CURSOR_BYTES - spare) / tokens.max(1);
                let token = format!("\"{}\"", "x".repeat(len - 3));
                let cursor = Cursor::tokens(vec![token; tokens]);
                let read = Cursor::decode(&cursor.encode(&home), &home);
                assert_eq!(read.is_ok(), cursor.fits(), "{tokens} of {len}");
            }
        }
    }
}
