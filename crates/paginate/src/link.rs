//! The `Link` header field of [RFC 8288], parsed without copying.
//!
//! The parser recovers: one malformed link costs that link, not the field. Commas and
//! semicolons inside `<…>` and inside quoted strings belong there, parameter names and
//! relation types compare without case, and of a repeated parameter the first counts.
//!
//! ```
//! use outbound_paginate::link;
//!
//! let field = br#"</a?ids=1,2>; rel="prev", </b>; REL="next last"; crossorigin"#;
//! let next = link::parse(field).find(|link| link.has_rel("next")).unwrap();
//! assert_eq!(next.target(), "/b");
//! ```
//!
//! [RFC 8288]: https://www.rfc-editor.org/rfc/rfc8288

use std::borrow::Cow;
use std::fmt;

use http::header::{HeaderMap, LINK};

/// Iterates over the links of all `Link` field lines, in their order.
///
/// ```
/// use http::HeaderMap;
/// use outbound_paginate::link;
///
/// let mut headers = HeaderMap::new();
/// headers.append("link", r#"</users>; rel="self""#.parse()?);
/// headers.append("link", r#"</users?after=7>; rel="next""#.parse()?);
/// let next = link::links(&headers).find(|link| link.has_rel("next"));
/// assert_eq!(next.unwrap().target(), "/users?after=7");
/// # Ok::<_, http::header::InvalidHeaderValue>(())
/// ```
pub fn links(headers: &HeaderMap) -> impl Iterator<Item = Link<'_>> + use<'_> {
    let fields = headers.get_all(LINK).iter();
    fields.flat_map(|field| parse(field.as_bytes()))
}

/// Iterates over the links of one `Link` field value.
///
/// Elements that are no links are skipped, as are links whose target is not UTF-8.
pub const fn parse(field: &[u8]) -> Links<'_> {
    Links { rest: field }
}

/// The links of one field value, in their order; made by [`parse`].
#[derive(Clone)]
#[must_use = "iterators do nothing unless polled"]
pub struct Links<'a> {
    rest: &'a [u8],
}

/// One link: a target and what is said of it.
#[derive(Clone, Copy)]
pub struct Link<'a> {
    target: &'a str,
    params: &'a [u8],
}

impl<'a> Link<'a> {
    /// The URI reference between `<` and `>`, without white space around it.
    #[must_use]
    pub const fn target(&self) -> &'a str {
        self.target
    }

    /// The first parameter called `name`, without its quotes and backslashes.
    ///
    /// A parameter without a value is the empty string. Bytes that are not UTF-8 are
    /// replaced.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Cow<'a, str>> {
        Params { rest: self.params }
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.unquoted())
    }

    /// All parameters in their order, repeated ones too: name and value, the latter
    /// without its quotes and backslashes.
    pub fn params(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        let params = Params { rest: self.params };
        params.map(|(name, value)| (String::from_utf8_lossy(name), value.unquoted()))
    }

    /// Whether `rel` is among the link's relation types.
    #[must_use]
    pub fn has_rel(&self, rel: &str) -> bool {
        self.param("rel").is_some_and(|rels| {
            rels.split_ascii_whitespace()
                .any(|found| found.eq_ignore_ascii_case(rel))
        })
    }
}

impl<'a> Iterator for Links<'a> {
    type Item = Link<'a>;

    fn next(&mut self) -> Option<Link<'a>> {
        loop {
            // Empty list elements are legal, RFC 9110 section 5.6.1.
            let start = self.rest.iter().position(|b| !is_ows(*b) && *b != b',')?;
            self.rest = &self.rest[start..];
            if self.rest[0] != b'<' {
                self.rest = &self.rest[until(self.rest, |b| b == b',')..];
                continue;
            }
            let after = &self.rest[1..];
            // A `<` cannot stand in a URI: the link before it was never closed.
            let end = after.iter().position(|b| matches!(b, b'<' | b'>'))?;
            if after[end] == b'<' {
                self.rest = &after[end..];
                continue;
            }
            let params = &after[end + 1..];
            let params_end = until(params, |b| b == b',');
            self.rest = &params[params_end..];
            let target = after[..end].trim_ascii();
            if let Ok(target) = std::str::from_utf8(target) {
                return Some(Link {
                    target,
                    params: &params[..params_end],
                });
            }
        }
    }
}

struct Params<'a> {
    rest: &'a [u8],
}

#[derive(Clone, Copy)]
enum Value<'a> {
    Token(&'a [u8]),
    Quoted(&'a [u8]),
}

impl<'a> Value<'a> {
    fn unquoted(self) -> Cow<'a, str> {
        match self {
            Value::Quoted(text) if text.contains(&b'\\') => {
                let mut out = Vec::with_capacity(text.len());
                let mut bytes = text.iter();
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => out.extend(bytes.next()),
                        byte => out.push(*byte),
                    }
                }
                Cow::Owned(String::from_utf8_lossy(&out).into_owned())
            }
            Value::Token(text) | Value::Quoted(text) => String::from_utf8_lossy(text),
        }
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = (&'a [u8], Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // Whatever stands before the next semicolon belongs to no parameter.
            let semicolon = until(self.rest, |b| b == b';');
            let param = self.rest.get(semicolon + 1..)?;
            let end = until(param, |b| b == b';');
            self.rest = &param[end..];
            let param = param[..end].trim_ascii();
            let name_end = until(param, |b| b == b'=');
            let name = param[..name_end].trim_ascii_end();
            if name.is_empty() || name.iter().any(|byte| *byte == b'"' || is_ows(*byte)) {
                continue;
            }
            let value = param.get(name_end + 1..).unwrap_or_default();
            let value = value.trim_ascii_start();
            return Some((
                name,
                match value.strip_prefix(b"\"") {
                    Some(quoted) => {
                        let end = closing_quote(quoted).unwrap_or(quoted.len());
                        Value::Quoted(&quoted[..end])
                    }
                    None => Value::Token(value),
                },
            ));
        }
    }
}

/// The index of the first byte outside quoted strings that `stop` accepts, or the length.
///
/// A string begins where a value does: a quote elsewhere is a byte like others, and so is
/// one that is never closed, lest it swallow the links behind it.
fn until(input: &[u8], stop: impl Fn(u8) -> bool) -> usize {
    let mut at = 0;
    let mut value = true;
    while at < input.len() {
        match input[at] {
            byte if stop(byte) => return at,
            b'"' if value => {
                at += closing_quote(&input[at + 1..]).map_or(1, |closing| closing + 2);
                value = false;
                continue;
            }
            b'=' => value = true,
            byte if is_ows(byte) => {}
            _ => value = false,
        }
        at += 1;
    }
    input.len()
}

/// The index of the quote that closes the string which `input` is within.
fn closing_quote(input: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < input.len() {
        match input[at] {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

const fn is_ows(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

// A target may carry a credential in its query, so neither type shows it.
impl fmt::Debug for Links<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").finish_non_exhaustive()
    }
}

impl fmt::Debug for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("rel", &self.param("rel"))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_lose_their_quotes_and_backslashes() {
        let link = parse(br#"</x>; a="1 \"2\""; B=3; c; a=4"#).next().unwrap();
        assert_eq!(link.param("A").unwrap(), "1 \"2\"");
        assert_eq!(link.param("b").unwrap(), "3");
        assert_eq!(link.param("c").unwrap(), "");
        assert_eq!(link.param("d"), None);
    }
}
