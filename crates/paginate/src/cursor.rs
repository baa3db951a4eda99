use std::error::Error;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::slice;

use http::uri::Authority;
use http::{Request, Uri};
use serde_json::value::RawValue;

use crate::fingerprint::Fnv;
use crate::json::edit::quote;
use crate::malformed::Malformed;

/// How long a cursor may be, as [text](Cursor::encode): 1 MiB.
pub const MAX_CURSOR_BYTES: usize = 1024 * 1024;

/// Where a page begins: data, without the request that it belongs to.
///
/// Neither `Debug` nor any error shows its content, which may hold a credential.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Uri(Uri),
    Number(u64),
    Token(Box<str>),
    /// None, or more than one.
    Tokens(Vec<Box<str>>),
    /// A URL, and what else it is asked for with.
    Link(Uri, Vec<Box<str>>),
}

impl Cursor {
    /// The next page's URL; [`PageView::resolve`](crate::PageView::resolve) makes one of
    /// a reference.
    #[must_use]
    pub const fn uri(uri: Uri) -> Self {
        Self(Repr::Uri(uri))
    }

    /// A page number or an offset.
    #[must_use]
    pub const fn number(number: u64) -> Self {
        Self(Repr::Number(number))
    }

    /// Tokens of the server, each the text of a JSON value.
    #[must_use]
    pub fn tokens<T: Into<Box<str>>>(tokens: impl IntoIterator<Item = T>) -> Self {
        let mut tokens = tokens.into_iter().map(Into::into).fuse();
        Self(match (tokens.next(), tokens.next()) {
            (Some(token), None) => Repr::Token(token),
            (first, second) => Repr::Tokens(
                [first, second]
                    .into_iter()
                    .flatten()
                    .chain(tokens)
                    .collect(),
            ),
        })
    }

    /// A URL that is asked for with something else, of which each is the text of a JSON value.
    pub(crate) fn link<T: Into<Box<str>>>(uri: Uri, with: impl IntoIterator<Item = T>) -> Self {
        Self(Repr::Link(uri, with.into_iter().map(Into::into).collect()))
    }

    /// The URL, if it is one.
    #[must_use]
    pub const fn as_uri(&self) -> Option<&Uri> {
        match &self.0 {
            Repr::Uri(uri) => Some(uri),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub const fn as_number(&self) -> Option<u64> {
        match self.0 {
            Repr::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The tokens, if it holds some.
    #[must_use]
    pub fn as_tokens(&self) -> Option<&[Box<str>]> {
        match &self.0 {
            Repr::Token(token) => Some(slice::from_ref(token)),
            Repr::Tokens(tokens) => Some(tokens),
            _ => None,
        }
    }

    /// The link, if it is one.
    pub(crate) fn as_link(&self) -> Option<(&Uri, &[Box<str>])> {
        match &self.0 {
            Repr::Link(uri, with) => Some((uri, with)),
            _ => None,
        }
    }

    /// The URL that it is, or that it holds.
    pub(crate) const fn url(&self) -> Option<&Uri> {
        match &self.0 {
            Repr::Uri(uri) | Repr::Link(uri, _) => Some(uri),
            Repr::Number(_) | Repr::Token(_) | Repr::Tokens(_) => None,
        }
    }

    /// The same with another URL, if it has one.
    pub(crate) fn with_url(self, url: Uri) -> Self {
        match self.0 {
            Repr::Uri(_) => Self::uri(url),
            Repr::Link(_, with) => Self(Repr::Link(url, with)),
            other => Self(other),
        }
    }

    /// Points `request` at the cursor's URL.
    ///
    /// # Errors
    ///
    /// The cursor is no URL.
    pub fn follow<B>(&self, request: &mut Request<B>) -> Result<(), Malformed> {
        let uri = self.as_uri().ok_or_else(Self::foreign)?;
        *request.uri_mut() = uri.clone();
        Ok(())
    }

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

    /// What it is known by in a later run too.
    pub(crate) fn print(&self) -> u64 {
        let mut hash = Fnv::new();
        let mut url = |uri: &Uri| {
            for part in [uri.scheme_str(), uri.authority().map(Authority::as_str)] {
                hash.part(part.unwrap_or_default().as_bytes());
            }
            hash.part(uri.path().as_bytes());
            hash.part(uri.query().unwrap_or_default().as_bytes());
        };
        match &self.0 {
            Repr::Number(number) => hash.part(&number.to_le_bytes()),
            Repr::Uri(uri) => url(uri),
            Repr::Link(uri, with) => {
                url(uri);
                with.iter().for_each(|part| hash.part(part.as_bytes()));
            }
            Repr::Token(token) => hash.part(token.as_bytes()),
            Repr::Tokens(tokens) => tokens.iter().for_each(|token| hash.part(token.as_bytes())),
        }
        hash.end()
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

    /// For strategies that are given another strategy's cursor.
    pub(crate) fn foreign() -> Malformed {
        Malformed::new("the cursor belongs to another pagination strategy")
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Number(number) => f.debug_tuple("Number").field(number).finish(),
            hidden => {
                // Enough to see whether two are the same, not enough to use one.
                let mut hasher = DefaultHasher::new();
                hidden.hash(&mut hasher);
                let kind = match hidden {
                    Repr::Uri(_) => "Uri",
                    Repr::Link(..) => "Link",
                    Repr::Number(_) | Repr::Token(_) | Repr::Tokens(_) => "Tokens",
                };
                write!(f, "{kind}(#{:016x})", hasher.finish())
            }
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
    use std::collections::HashSet;

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

    #[test]
    fn what_a_cursor_is_known_by_is_its_own_and_stays_the_same() {
        let cursors = [
            Cursor::number(1),
            Cursor::tokens(["\"a\""]),
            Cursor::tokens(["\"a\"", "1"]),
            Cursor::uri(Uri::from_static("https://h/a?b")),
            Cursor::uri(Uri::from_static("http://h/a?b")),
            Cursor::uri(Uri::from_static("/a?b")),
            Cursor::link(Uri::from_static("/a?b"), ["1"]),
        ];
        let prints: HashSet<u64> = cursors.iter().map(Cursor::print).collect();
        assert_eq!(prints.len(), cursors.len());
        // In checkpoints that others keep.
        assert_eq!(format!("{:016x}", cursors[1].print()), "d4065cd37f0b54af");
    }

    #[test]
    fn debug_shows_no_content() {
        let uri = Cursor::uri(Uri::from_static("https://h/?access_token=hunter2"));
        let token = Cursor::tokens(["\"hunter2\""]);
        let link = Cursor::link(Uri::from_static("https://h/?t=hunter2"), ["\"hunter2\""]);
        assert!(!format!("{uri:?} {token:?} {link:?}").contains("hunter2"));
        assert_ne!(format!("{token:?}"), format!("{:?}", Cursor::tokens(["1"])));
    }
}
