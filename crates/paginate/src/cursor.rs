use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::slice;

use http::uri::Authority;
use http::{Request, Uri};

use crate::fingerprint::Fnv;
use crate::malformed::Malformed;

pub(crate) mod text;

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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

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
