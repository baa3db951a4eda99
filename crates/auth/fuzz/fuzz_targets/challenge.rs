//! Whatever a server writes into `WWW-Authenticate`, it is read without a panic, within the
//! limits, and what was read is read again from what it is written as.
//!
//! `cargo +nightly fuzz run challenge`, in the folder of the crate.

#![no_main]

use http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use libfuzzer_sys::fuzz_target;
use outbound_auth::Challenge;

fuzz_target!(|bytes: &[u8]| {
    let read = Challenge::parse(bytes);
    assert!(read.len() <= Challenge::MAX_CHALLENGES);
    for challenge in &read {
        assert!(!challenge.scheme().is_empty());
        assert!(challenge.token68().is_none() || challenge.names().next().is_none());
        assert!(challenge.names().count() <= Challenge::MAX_PARAMETERS);
        let again = Challenge::parse(written(challenge));
        assert_eq!(again.len(), 1, "{challenge:?} became {again:?}");
        assert!(again[0] == *challenge, "{challenge:?} became {again:?}");
    }
    // As it comes out of a response, one line for each line of the input.
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(line) = HeaderValue::from_bytes(line) {
            headers.append(WWW_AUTHENTICATE, line);
        }
    }
    let all = Challenge::from_headers(&headers, &WWW_AUTHENTICATE);
    assert!(all.len() <= Challenge::MAX_CHALLENGES);
});

/// A challenge as the grammar has it.
fn written(challenge: &Challenge) -> Vec<u8> {
    let mut text = challenge.scheme().as_bytes().to_vec();
    if let Some(token) = challenge.token68() {
        text.push(b' ');
        text.extend_from_slice(token.as_bytes());
    }
    let mut separator = " ";
    for name in challenge.names() {
        text.extend_from_slice(separator.as_bytes());
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b"=\"");
        for byte in challenge.get_bytes(name).unwrap_or_default() {
            if matches!(byte, b'"' | b'\\') {
                text.push(b'\\');
            }
            text.push(*byte);
        }
        text.push(b'"');
        separator = ", ";
    }
    text
}
