//! References against bases, compared with what another implementation of RFC 3986 makes of
//! them, and what must hold whatever they are.

#![allow(clippy::unwrap_used)] // These are tests.

use fluent_uri::{Uri, UriRef};
use outbound_http::resolve;
use proptest::prelude::*;

/// What `fluent-uri` makes of it, where both are URIs; the fragment is not sent.
fn other(base: &str, reference: &str) -> Option<String> {
    let base = Uri::parse(base).ok()?;
    let reference = UriRef::parse(reference).ok()?;
    let resolved = reference.resolve_against(&base.strip_fragment()).ok()?;
    Some(resolved.strip_fragment().as_str().to_owned())
}

fn path() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["a", ".", "..", "...", "", "%41", "b;c=1", "x:y", "~"]);
    prop::collection::vec(segment, 0..6).prop_map(|segments| segments.join("/"))
}

fn rest() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "",
        "?",
        "?x=1&y",
        "?a/../b",
        "#f",
        "?q#f?g",
        "?u=http://h/../p",
    ])
    .prop_map(str::to_owned)
}

fn base() -> impl Strategy<Value = String> {
    let origin = prop::sample::select(vec![
        "http://a",
        "https://u@h:8443",
        "HTTP://[::1]",
        "s+1.x://",
    ]);
    (origin, path(), rest()).prop_map(|(origin, path, rest)| match &*path {
        "" => format!("{origin}{rest}"),
        path => format!("{origin}/{path}{rest}"),
    })
}

fn reference() -> impl Strategy<Value = String> {
    let start = prop::sample::select(vec![
        "",
        "/",
        "//g",
        "//g/",
        "http:",
        "g:/",
        "https://o",
        "?",
        "#",
    ]);
    (start, path(), rest()).prop_map(|(start, path, rest)| format!("{start}{path}{rest}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_implementation_resolves_alike(base in base(), reference in reference()) {
        // It leaves the dots of a path without a slash before it, and takes those of a base's
        // path away where that is kept whole; section 5.2.2 has it the other way round.
        let base = resolve(&base, &base).unwrap();
        let rootless = reference.split_once(':').is_some_and(|(scheme, path)| {
            !scheme.contains(['/', '?', '#']) && !path.starts_with('/')
        });
        prop_assume!(!rootless);
        if let Some(expected) = other(&base, &reference) {
            match resolve(&base, &reference) {
                Ok(target) => prop_assert_eq!(target, expected),
                // It writes a path that would pass for a host with a dot before it.
                Err(_) => prop_assert!(expected.contains(":/.//"), "{}", expected),
            }
        }
    }

    #[test]
    fn what_comes_out_is_absolute_and_stays_as_it_is(base in base(), reference in reference()) {
        if let Ok(target) = resolve(&base, &reference) {
            prop_assert!(!target.contains('#'));
            let (scheme, _) = target.split_once(':').unwrap();
            prop_assert!(!scheme.contains('/'));
            // A reference to nothing is the base itself.
            prop_assert_eq!(resolve(&target, "").unwrap(), target.clone());
            let clean = resolve(&target, &target).unwrap();
            prop_assert_eq!(resolve(&base, &clean).unwrap(), clean);
        }
    }

    #[test]
    fn no_text_panics_and_none_gains_a_byte_that_no_uri_has(
        base in "\\PC{0,20}|https://h/[ -~]{0,20}",
        reference in "\\PC{0,20}|[a-z/.:?#%\\\\ ]{0,20}",
    ) {
        if let Ok(target) = resolve(&base, &reference) {
            prop_assert!(target.bytes().all(|byte| byte > b' ' && byte != 0x7f));
            prop_assert!(target.len() <= base.len() + reference.len() + 3);
        }
    }
}
