use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use http::Uri;
use http::uri::Authority;

/// Resolves a URI reference against an absolute base, on bytes (RFC 3986, section 5.2).
///
/// Nothing is rewritten but what the RFC asks for: dot segments are removed; percent-encoding,
/// case and unusual characters stay as they are, so that a cursor in a link survives. The
/// fragment of the reference is dropped, since it is never sent.
///
/// ```
/// # use outbound_http::resolve;
/// assert_eq!(resolve("https://h/a/b?x=1", "?page=2")?, "https://h/a/b?page=2");
/// assert_eq!(resolve("https://h/a/b", "../c")?, "https://h/c");
/// # Ok::<_, outbound_http::InvalidReference>(())
/// ```
///
/// # Errors
///
/// If `base` is not absolute, or either holds white space or control characters, which no URI
/// may hold and which another parser would read differently; or if what comes out would begin
/// with `//` where it has no authority (section 3.3), and so be read as having one.
pub fn resolve(base: &str, reference: &str) -> Result<String, InvalidReference> {
    Reference::sound(base).and_then(|base| resolve_in(&base, reference))
}

/// The same against a base that is parsed already.
///
/// # Errors
///
/// As with [`resolve`].
pub fn resolve_uri(base: &Uri, reference: &str) -> Result<String, InvalidReference> {
    let base = Reference {
        scheme: base.scheme_str(),
        authority: base.authority().map(Authority::as_str),
        path: base.path(),
        query: base.query(),
    };
    resolve_in(&base, reference)
}

fn resolve_in(base: &Reference<'_>, reference: &str) -> Result<String, InvalidReference> {
    let reference = Reference::sound(reference)?;
    let scheme = base.scheme.ok_or(InvalidReference(()))?;

    // Section 5.2.2, without the fragment.
    let (scheme, authority, path, query) = if let Some(scheme) = reference.scheme {
        (
            scheme,
            reference.authority,
            remove_dot_segments(reference.path),
            reference.query,
        )
    } else if reference.authority.is_some() {
        (
            scheme,
            reference.authority,
            remove_dot_segments(reference.path),
            reference.query,
        )
    } else if reference.path.is_empty() {
        (
            scheme,
            base.authority,
            Cow::Borrowed(base.path),
            reference.query.or(base.query),
        )
    } else if reference.path.starts_with('/') {
        (
            scheme,
            base.authority,
            remove_dot_segments(reference.path),
            reference.query,
        )
    } else {
        let merged = merge(base, reference.path);
        let path = match remove_dot_segments(&merged) {
            Cow::Borrowed(_) => merged,
            Cow::Owned(path) => path,
        };
        (scheme, base.authority, Cow::Owned(path), reference.query)
    };

    if authority.is_none() && path.starts_with("//") {
        return Err(InvalidReference(()));
    }

    // Section 5.3.
    let parts = [authority, Some(&*path), query];
    let len = parts.into_iter().flatten().map(str::len).sum::<usize>();
    let mut target = String::with_capacity(scheme.len() + len + "://?".len());
    target.push_str(scheme);
    target.push(':');
    if let Some(authority) = authority {
        target.push_str("//");
        target.push_str(authority);
    }
    target.push_str(&path);
    if let Some(query) = query {
        target.push('?');
        target.push_str(query);
    }
    Ok(target)
}

struct Reference<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Splits what holds nothing that another parser would read differently.
    fn sound(text: &'a str) -> Result<Self, InvalidReference> {
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(InvalidReference(()));
        }
        Ok(Self::parse(text))
    }

    /// Splits as the regular expression of appendix B does.
    fn parse(text: &'a str) -> Self {
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let (text, query) = match text.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (text, None),
        };
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, text),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
            None => (None, rest),
        };
        Self {
            scheme,
            authority,
            path,
            query,
        }
    }
}

/// Section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Section 5.2.3.
fn merge(base: &Reference<'_>, path: &str) -> String {
    if base.authority.is_some() && base.path.is_empty() {
        return format!("/{path}");
    }
    let directory = base.path.rfind('/').map_or("", |last| &base.path[..=last]);
    format!("{directory}{path}")
}

/// Section 5.2.4.
fn remove_dot_segments(path: &str) -> Cow<'_, str> {
    if !path.starts_with('.') && !path.contains("/.") {
        return Cow::Borrowed(path);
    }
    let mut output = String::with_capacity(path.len());
    let mut input = path;
    while !input.is_empty() {
        if let Some(rest) = input
            .strip_prefix("../")
            .or_else(|| input.strip_prefix("./"))
        {
            input = rest;
        } else if input.starts_with("/./") {
            input = &input[2..];
        } else if input == "/." {
            input = "/";
        } else if input.starts_with("/../") || input == "/.." {
            input = if input.len() > 3 { &input[3..] } else { "/" };
            output.truncate(output.rfind('/').unwrap_or(0));
        } else if input == "." || input == ".." {
            input = "";
        } else {
            let start = usize::from(input.starts_with('/'));
            let end = input[start..]
                .find('/')
                .map_or(input.len(), |slash| start + slash);
            output.push_str(&input[..end]);
            input = &input[end..];
        }
    }
    Cow::Owned(output)
}

/// A URI reference cannot be resolved. Neither text is repeated: a link may hold a secret.
#[derive(Debug)]
pub struct InvalidReference(());

impl fmt::Display for InvalidReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a URI reference that can be resolved: the base is relative, there is white space or a control character in it, or its path would pass for a host",
        )
    }
}

impl Error for InvalidReference {}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3986, section 5.4; fragments are dropped.
    const BASE: &str = "http://a/b/c/d;p?q";
    const VECTORS: &[(&str, &str)] = &[
        ("g:h", "g:h"),
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q"),
        ("g#s", "http://a/b/c/g"),
        ("g?y#s", "http://a/b/c/g?y"),
        (";x", "http://a/b/c/;x"),
        ("g;x", "http://a/b/c/g;x"),
        ("g;x?y#s", "http://a/b/c/g;x?y"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../", "http://a/"),
        ("../../g", "http://a/g"),
        ("../../../g", "http://a/g"),
        ("../../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        (".g", "http://a/b/c/.g"),
        ("g..", "http://a/b/c/g.."),
        ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("g#s/./x", "http://a/b/c/g"),
        ("g#s/../x", "http://a/b/c/g"),
        ("http:g", "http:g"),
    ];

    #[test]
    fn the_examples_of_the_rfc_resolve() {
        for (reference, target) in VECTORS {
            assert_eq!(resolve(BASE, reference).unwrap(), *target, "{reference}");
        }
    }

    #[test]
    fn a_base_that_is_parsed_already_is_the_same_base() {
        for base in [BASE, "https://u@[::1]:8/a/b/?x", "http://a", "HTTP://A?y"] {
            let base: Uri = base.parse().unwrap();
            for (reference, _) in VECTORS {
                let target = resolve(&base.to_string(), reference).unwrap();
                assert_eq!(resolve_uri(&base, reference).unwrap(), target);
            }
        }
        let base = Uri::from_static("https://h/a");
        for bad in ["a b", "\t/b", "b:/.//evil"] {
            assert!(resolve_uri(&base, bad).is_err(), "{bad:?}");
        }
        for relative in ["/a", "h:1"] {
            assert!(resolve_uri(&Uri::from_static(relative), "b").is_err());
        }
    }

    #[test]
    fn cursors_in_links_keep_every_byte() {
        for reference in [
            "?c=%7Ex%2f",
            "?q=a|b",
            "?t='x'",
            "?page[size]=1&c={x}",
            "/p/%2e%2E/q",
            "?ids=1,2;3",
        ] {
            let target = resolve("https://h/a", reference).unwrap();
            assert!(target.ends_with(reference), "{target}");
        }
    }

    #[test]
    fn a_base_without_a_path_gets_a_slash() {
        assert_eq!(resolve("https://h", "g").unwrap(), "https://h/g");
        assert_eq!(resolve("https://h?x", "?y").unwrap(), "https://h?y");
    }

    #[test]
    fn white_space_controls_and_relative_bases_are_refused() {
        for (base, reference) in [
            ("/a", "b"),
            ("https://h", "a b"),
            ("https://h", "\t/b"),
            ("https://h", "a\r\nb"),
            ("", ""),
            // Without an authority these would have one in their text.
            ("a:b", "/.//evil"),
            ("a:/b", "..//evil"),
            ("https://h", "b:/.//evil"),
        ] {
            assert!(resolve(base, reference).is_err(), "{base:?} {reference:?}");
        }
    }
}
