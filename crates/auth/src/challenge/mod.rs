//! What a server asks for.

mod parse;

use std::fmt;

use http::{HeaderMap, HeaderName};

/// One challenge of `WWW-Authenticate` or `Proxy-Authenticate` (RFC 9110, section 11.6.1): the
/// name of a scheme, and one token or named parameters.
///
/// The parser never fails: what cannot be understood is left out, and the challenges around it
/// are read. A quoted string without its end ends the header line, and the challenge that it
/// stands in is dropped rather than used by half.
///
/// ```
/// use http::HeaderMap;
/// use http::header::WWW_AUTHENTICATE;
/// use outbound_auth::Challenge;
///
/// let mut headers = HeaderMap::new();
/// headers.append(WWW_AUTHENTICATE, r#"Basic realm="a, \"b\"", Negotiate YQ=="#.parse()?);
/// headers.append(WWW_AUTHENTICATE, "BEARER scope=read".parse()?);
/// let challenges = Challenge::from_headers(&headers, &WWW_AUTHENTICATE);
///
/// assert_eq!(challenges.len(), 3);
/// assert_eq!(challenges[0].get("realm"), Some(r#"a, "b""#));
/// assert_eq!(challenges[1].token68(), Some("YQ=="));
/// assert!(challenges[2].is("Bearer"));
/// # Ok::<_, http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: Box<str>,
    token68: Option<Box<str>>,
    parameters: Vec<Parameter>,
}

#[derive(Clone, PartialEq, Eq)]
struct Parameter {
    /// Lower case.
    name: Box<str>,
    /// Without quotes and backslashes.
    value: Box<[u8]>,
}

impl Challenge {
    /// The longest header line that is read: 16 KiB. A longer one is passed over.
    pub const MAX_LINE: usize = 16 * 1024;

    /// How many challenges are read, of all lines together: 32.
    pub const MAX_CHALLENGES: usize = 32;

    /// How many parameters of one challenge are kept: 32.
    pub const MAX_PARAMETERS: usize = 32;

    /// All challenges of all lines of the header `name`, in their order.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap, name: &HeaderName) -> Vec<Self> {
        let mut challenges = Vec::new();
        for line in headers.get_all(name) {
            parse::line(line.as_bytes(), &mut challenges);
        }
        challenges
    }

    /// The challenges of one header line.
    #[must_use]
    pub fn parse(line: impl AsRef<[u8]>) -> Vec<Self> {
        let mut challenges = Vec::new();
        parse::line(line.as_ref(), &mut challenges);
        challenges
    }

    /// The name of the scheme, as the server wrote it.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether it is of this scheme; case makes no difference.
    #[must_use]
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The one token that stands in the place of parameters, as `Negotiate` has it.
    #[must_use]
    pub fn token68(&self) -> Option<&str> {
        self.token68.as_deref()
    }

    /// The parameter `name` (case makes no difference), without quotes; `None` also if its value
    /// is not UTF-8. If a server repeats a parameter, the first counts.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.get_bytes(name)?).ok()
    }

    /// As [`get`](Self::get), whatever the value's charset.
    #[must_use]
    pub fn get_bytes(&self, name: &str) -> Option<&[u8]> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name.eq_ignore_ascii_case(name))
            .map(|parameter| &*parameter.value)
    }

    /// The names of the parameters in lower case, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(|parameter| &*parameter.name)
    }
}

/// Names only: a value may be a nonce.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names().collect();
        f.debug_struct("Challenge")
            .field("scheme", &self.scheme)
            .field("token68", &self.token68.is_some())
            .field("parameters", &names)
            .finish()
    }
}
