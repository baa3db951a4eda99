use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use http::{Request, Uri};

use crate::strategy::Malformed;

/// Where a page begins: data, without the request that it belongs to.
///
/// Neither `Debug` nor any error shows its content, which may hold a credential.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Uri(Uri),
    Number(u64),
    Tokens(Vec<Box<str>>),
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
        Self(Repr::Tokens(tokens.into_iter().map(Into::into).collect()))
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
            Repr::Tokens(tokens) => Some(tokens),
            _ => None,
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
                let kind = if matches!(hidden, Repr::Uri(_)) {
                    "Uri"
                } else {
                    "Tokens"
                };
                write!(f, "{kind}(#{:016x})", hasher.finish())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_content() {
        let uri = Cursor::uri(Uri::from_static("https://h/?access_token=hunter2"));
        let token = Cursor::tokens(["\"hunter2\""]);
        assert!(!format!("{uri:?} {token:?}").contains("hunter2"));
        assert_ne!(format!("{token:?}"), format!("{:?}", Cursor::tokens(["1"])));
    }
}
