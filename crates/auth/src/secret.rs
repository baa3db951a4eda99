//! Checks of secrets before they become part of a message.

use http::HeaderValue;
use http::header::InvalidHeaderValue;

use crate::InvalidAuth;

/// A header value that no `Debug` shows. It may hold printable ASCII only; a token read with its
/// trailing newline would otherwise be an injected header line.
pub(crate) fn header_value(prefix: &str, secret: &str) -> Result<HeaderValue, InvalidAuth> {
    check(secret)?;
    if !secret.is_ascii() {
        return Err(InvalidAuth::new(
            "the secret has characters outside of ASCII, which a header cannot carry",
        ));
    }
    shared_value(prefix, secret)
        .map_err(|_| InvalidAuth::new("the secret cannot be a header value"))
}

/// A sensitive value whose clones allocate nothing, not even the first.
pub(crate) fn shared_value(prefix: &str, rest: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    // With room to spare, bytes are shared from the start; without, the first clone makes them
    // so, and each asks whether it is the first.
    let mut text = String::with_capacity(prefix.len() + rest.len() + 1);
    text.push_str(prefix);
    text.push_str(rest);
    let mut value = HeaderValue::try_from(text)?;
    value.set_sensitive(true);
    Ok(value)
}

pub(crate) const BEARER: &str = "Bearer ";

/// A bearer token is one word (RFC 6750, section 2.1).
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, InvalidAuth> {
    word(BEARER, token)
}

pub(crate) fn word(prefix: &str, token: &str) -> Result<HeaderValue, InvalidAuth> {
    if token.contains(' ') {
        return Err(InvalidAuth::new("the token contains a space"));
    }
    header_value(prefix, token)
}

/// What may stand before a token.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), InvalidAuth> {
    let is_printable = |byte| matches!(byte, b' '..=b'~');
    if prefix.starts_with(' ') || !prefix.bytes().all(is_printable) {
        return Err(InvalidAuth::new(
            "the prefix begins with a space, or has characters that a header cannot carry",
        ));
    }
    Ok(())
}

pub(crate) fn basic(user: &str, password: &str) -> Result<HeaderValue, InvalidAuth> {
    if user.contains(':') {
        return Err(InvalidAuth::new(
            "the user contains a colon, which separates user and password (RFC 7617, section 2)",
        ));
    }
    if user.chars().chain(password.chars()).any(char::is_control) {
        return Err(InvalidAuth::new(
            "the user or the password contains a control character (RFC 7617, section 2); is there a line end too many?",
        ));
    }
    if user.is_empty() && password.is_empty() {
        return Err(InvalidAuth::new("user and password are empty"));
    }
    let pair = [user, ":", password].concat();
    header_value("Basic ", &base64(pair.as_bytes()))
}

pub(crate) fn check(secret: &str) -> Result<(), InvalidAuth> {
    if secret.is_empty() {
        return Err(InvalidAuth::new("the secret is empty"));
    }
    if secret.chars().any(char::is_control) {
        return Err(InvalidAuth::new(
            "the secret contains a control character; is there a line end too many?",
        ));
    }
    if secret.trim() != secret {
        return Err(InvalidAuth::new(
            "the secret begins or ends with white space",
        ));
    }
    Ok(())
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().enumerate().fold(0_u32, |group, (at, byte)| {
            group | u32::from(*byte) << (16 - 8 * at)
        });
        for at in 0..4 {
            if at <= chunk.len() {
                text.push(char::from(ALPHABET[(group >> (18 - 6 * at) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_gives_the_vectors_of_rfc_4648() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("\u{fffd}?>", "77+9Pz4="),
        ] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
