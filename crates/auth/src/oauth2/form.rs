//! `application/x-www-form-urlencoded` (RFC 6749, appendix B).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');

pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED)
        .to_string()
        .replace("%20", "+")
}

pub(super) fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut form = String::new();
    for (name, value) in pairs {
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(&encode(name));
        form.push('=');
        form.push_str(&encode(value));
    }
    form
}

/// The pairs of a form, as far as they are UTF-8.
pub(super) fn parse(form: &str) -> impl Iterator<Item = (String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8().ok().map(Into::into)
    };
    form.trim().split('&').filter_map(move |pair| {
        let (name, value) = pair.split_once('=')?;
        Some((decode(name)?, decode(value)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_is_encoded_as_a_form_has_it_and_comes_back() {
        let text = "a b:c%d/e?f=g&h+i~j*k-l.m_nü";
        assert_eq!(
            encode(text),
            "a+b%3Ac%25d%2Fe%3Ff%3Dg%26h%2Bi%7Ej*k-l.m_n%C3%BC"
        );
        let form = pairs([("x", text), ("y", "")]);
        let read: Vec<_> = parse(&form).collect();
        assert_eq!(
            read,
            [("x".into(), text.into()), ("y".into(), String::new())]
        );
    }
}
