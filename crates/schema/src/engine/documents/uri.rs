//! URIs of schemas.

pub(crate) fn without_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(base, _)| base)
}

/// RFC 3986, section 5.2; where there is no hierarchy the reference stands by itself.
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    let resolved = outbound_http::resolve(base, reference);
    normal(resolved.as_deref().unwrap_or(reference))
}

/// The form that equal URIs share (RFC 3986, sections 6.2.2 and 6.2.3): scheme and host in lower
/// case, no default port, nothing escaped that need not be.
pub(super) fn normal(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return unescaped(uri);
    };
    let scheme = scheme.to_ascii_lowercase();
    let Some(rest) = rest.strip_prefix("//") else {
        return unescaped(&format!("{scheme}:{rest}"));
    };
    let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, host) = match authority.rfind('@') {
        Some(at) => authority.split_at(at + 1),
        None => ("", authority),
    };
    let default_port = match &*scheme {
        "http" => ":80",
        "https" => ":443",
        _ => ":",
    };
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(default_port).unwrap_or(&host);
    unescaped(&format!("{scheme}://{user}{host}{rest}"))
}

/// Percent-encodings of what may stand by itself are decoded, the others in upper case.
fn unescaped(uri: &str) -> String {
    let mut out = String::with_capacity(uri.len());
    let mut rest = uri;
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        let digits = behind.get(..2).unwrap_or_default();
        match u8::from_str_radix(digits, 16).map(char::from) {
            Ok(plain) if digits.starts_with(|first: char| first.is_ascii_hexdigit()) => {
                if plain.is_ascii_alphanumeric() || "-._~".contains(plain) {
                    out.push(plain);
                } else {
                    out.push('%');
                    out.push_str(&digits.to_ascii_uppercase());
                }
                rest = &behind[2..];
            }
            _ => {
                out.push('%');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_uris_have_one_form() {
        for (uri, expected) in [
            ("HTTP://Example.COM/A", "http://example.com/A"),
            ("http://x:80/a", "http://x/a"),
            ("https://x:443", "https://x"),
            ("https://x:80/", "https://x:80/"),
            ("http://User@X/", "http://User@x/"),
            ("http://x/%7ea%2f%2F?%41", "http://x/~a%2F%2F?A"),
            ("URN:Uuid:A", "urn:Uuid:A"),
            ("http://x/%+f%", "http://x/%+f%"),
            ("http://x/%é", "http://x/%é"),
            ("a%2db", "a-b"),
        ] {
            assert_eq!(normal(uri), expected);
            assert_eq!(normal(expected), expected);
        }
    }

    #[test]
    fn different_uris_stay_different() {
        for (one, other) in [
            ("http://x/A", "http://x/a"),
            ("http://x/a%2Fb", "http://x/a/b"),
            ("http://x:8080/", "http://x/"),
            ("http://x/", "https://x/"),
        ] {
            assert_ne!(normal(one), normal(other));
        }
    }
}
