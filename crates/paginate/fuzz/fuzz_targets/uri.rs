//! Any base and any reference: no panic, and what another implementation of RFC 3986 says
//! where both are URIs. Any value in a query: it is read back.
#![no_main]

use bytes::Bytes;
use fluent_uri::{Uri, UriRef};
use http::Request;
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use outbound_http::resolve;
use outbound_paginate::{Destination, query};

fuzz_target!(|input: (&str, &str)| {
    let (base, reference) = input;
    if let Ok(target) = resolve(base, reference) {
        assert!(target.bytes().all(|byte| byte > b' ' && byte != 0x7f));
        assert!(!target.contains('#'));
    }
    if let Some((ours, theirs)) = both(base, reference) {
        assert_eq!(ours, theirs);
    }

    let mut request = Request::new(Full::<Bytes>::default());
    let Ok(uri) = base.parse::<http::Uri>() else {
        return;
    };
    *request.uri_mut() = uri;
    let place = query("a[b]");
    let token = serde_json::to_string(reference).expect("a string is JSON");
    if place.write(&token, &mut request).is_ok() {
        let read = place.read(&request).expect("a query can be read");
        assert_eq!(read.as_deref(), Some(reference));
    }
});

/// What both make of it, where they have to agree: see `crates/http/tests/resolve.rs`.
fn both(base: &str, reference: &str) -> Option<(String, String)> {
    let rootless = reference
        .split_once(':')
        .is_some_and(|(scheme, path)| !scheme.contains(['/', '?', '#']) && !path.starts_with('/'));
    // It also reads `%2E` as a dot.
    if rootless
        || [base, reference]
            .iter()
            .any(|text| text.to_ascii_lowercase().contains("%2e"))
    {
        return None;
    }
    let base = resolve(base, base).ok()?;
    let parsed = Uri::parse(base.as_str()).ok()?;
    parsed.authority()?;
    let reference = UriRef::parse(reference).ok()?;
    let theirs = reference.resolve_against(&parsed.strip_fragment()).ok()?;
    let theirs = theirs.strip_fragment().as_str().to_owned();
    let ours = resolve(&base, reference.as_str()).ok()?;
    Some((ours, theirs))
}
