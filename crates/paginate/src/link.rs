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
            if name.is_empty() || name.contains(&b'"') {
                continue;
            }
            let value = param.get(name_end + 1..).unwrap_or_default();
            let value = value.trim_ascii_start();
            return Some((
                name,
                match value.strip_prefix(b"\"") {
                    Some(quoted) => Value::Quoted(&quoted[..closing_quote(quoted)]),
                    None => Value::Token(value),
                },
            ));
        }
    }
}

/// The index of the first byte outside quoted strings that `stop` accepts, or the length.
fn until(input: &[u8], stop: impl Fn(u8) -> bool) -> usize {
    let mut at = 0;
    while at < input.len() {
        match input[at] {
            byte if stop(byte) => return at,
            b'"' => at += 2 + closing_quote(&input[at + 1..]),
            _ => at += 1,
        }
    }
    input.len()
}

/// The index of the quote that closes the string which `input` is within, or the length.
fn closing_quote(input: &[u8]) -> usize {
    let mut at = 0;
    while at < input.len() {
        match input[at] {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    input.len()
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

    fn next(field: &[u8]) -> Option<&str> {
        parse(field)
            .find(|link| link.has_rel("next"))
            .map(|link| link.target())
    }

    #[test]
    fn the_hard_headers_of_real_servers_are_read_right() {
        let long = format!("{}>; rel=next", "<".repeat(100_000));
        let cases: &[(&[u8], Option<&str>)] = &[
            (
                b"<https://h/x?page=2>; rel=\"next\"",
                Some("https://h/x?page=2"),
            ),
            (b"<https://h/x?page=2>;rel=next", Some("https://h/x?page=2")),
            (
                b"</x?ids=1,2,3&page=2>; rel=\"next\"",
                Some("/x?ids=1,2,3&page=2"),
            ),
            (b"</x;v=1?page=2>; rel=\"next\"", Some("/x;v=1?page=2")),
            (b"</x>; rel=\"next last\"", Some("/x")),
            (b"</x>; rel=\"last next\"", Some("/x")),
            (b"</x>; REL=\"Next\"", Some("/x")),
            (b"</x>; rel=\"next\"; crossorigin", Some("/x")),
            (b"</x>; crossorigin; rel=next", Some("/x")),
            (b"</x?after>; rel=\"next\"", Some("/x?after")),
            (b"</x>; rel=\"next\",", Some("/x")),
            (b", ,</x>; rel=next", Some("/x")),
            (b"", None),
            (b"</x>; title=\"a, \\\"b\\\"; c\"; rel=\"next\"", Some("/x")),
            ("</x>; title=\"été\"; rel=\"next\"".as_bytes(), Some("/x")),
            (b"</x>; title=\"\xff\xfe\"; rel=\"next\"", Some("/x")),
            (b"garbage, </x>; rel=\"next\"", Some("/x")),
            (b"</x>; rel=next , </y>; rel=last", Some("/x")),
            (b"<?page=2>; rel=next", Some("?page=2")),
            (b"< https://h/x >; rel=\"next\"", Some("https://h/x")),
            (b"</p>; rel=prev; rel=next", None),
            (b"</x> ; rel = \"next\"", Some("/x")),
            (b"</x>;\trel\t=\tnext\t;", Some("/x")),
            (
                b"</a>; title=\"</b>; rel=next\", </c>; rel=next",
                Some("/c"),
            ),
            (b"</a, </x>; rel=next", Some("/x")),
            (b"</x>; =x; \"y\"; ;; rel=next", Some("/x")),
            (b"</x>; nextrel=next", None),
            (b"</x>; rel=nextlast", None),
            (b"</x>; rel=\"next", Some("/x")),
            (b"</x; rel=next", None),
            (b"</\xff>; rel=next, </y>; rel=next", Some("/y")),
            (b"<>; rel=next", Some("")),
            (long.as_bytes(), Some("")),
        ];
        for (field, expected) in cases {
            assert_eq!(next(field), *expected, "{}", String::from_utf8_lossy(field));
        }
    }

    #[test]
    fn parameters_lose_their_quotes_and_backslashes() {
        let link = parse(br#"</x>; a="1 \"2\""; B=3; c; a=4"#).next().unwrap();
        assert_eq!(link.param("A").unwrap(), "1 \"2\"");
        assert_eq!(link.param("b").unwrap(), "3");
        assert_eq!(link.param("c").unwrap(), "");
        assert_eq!(link.param("d"), None);
    }

    #[test]
    fn no_input_panics_and_targets_come_from_the_input() {
        let alphabet = b"<>;,=\" \\anext";
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            let mut field = Vec::new();
            for _ in 0..(seed >> 60) {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                field.push(alphabet[(seed >> 33) as usize % alphabet.len()]);
            }
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(7);
            for link in parse(&field) {
                let (outer, inner) = (field.as_ptr_range(), link.target().as_bytes());
                assert!(inner.is_empty() || outer.contains(&inner.as_ptr()));
                let _ = link.has_rel("next");
            }
        }
    }
}
