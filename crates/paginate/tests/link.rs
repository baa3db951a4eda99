//! The `Link` header field: what servers send, what the RFC allows, what nobody should.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use http::HeaderMap;
use outbound_paginate::link::{self, Link};
use proptest::prelude::*;

/// The target of the first link with this relation type.
fn rel<'a>(field: &'a [u8], rel: &str) -> Option<&'a str> {
    link::parse(field)
        .find(|link| link.has_rel(rel))
        .map(|link| link.target())
}

fn next(field: &[u8]) -> Option<&str> {
    rel(field, "next")
}

#[test]
fn plain_headers_of_real_servers_are_read() {
    for (field, expected) in [
        ("<https://h/x?page=2>; rel=\"next\"", "https://h/x?page=2"),
        ("<https://h/x?page=2>;rel=next", "https://h/x?page=2"),
        (
            "<https://h/a>; rel=\"prev\", <https://h/b>; rel=\"next\"",
            "https://h/b",
        ),
        ("< https://h/x >; rel=\"next\"", "https://h/x"),
        (
            "</v2/tags/list?n=2&last=3.1>; rel=\"next\"",
            "/v2/tags/list?n=2&last=3.1",
        ),
        ("<?page=2>; rel=\"next\"", "?page=2"),
        (
            "<?&cursor=0:100:0>; rel=\"next\"; results=\"true\"; cursor=\"0:100:0\"",
            "?&cursor=0:100:0",
        ),
    ] {
        assert_eq!(next(field.as_bytes()), Some(expected), "{field}");
    }
}

#[test]
fn hard_headers_that_are_legal_are_read_right() {
    let cases: &[(&[u8], Option<&str>)] = &[
        (
            b"</x?ids=1,2,3&page=2>; rel=\"next\"",
            Some("/x?ids=1,2,3&page=2"),
        ),
        (b"</x;v=1?page=2>; rel=\"next\"", Some("/x;v=1?page=2")),
        (b"</x>; rel=\"next last\"", Some("/x")),
        (b"</x>; rel=\"last next\"", Some("/x")),
        (b"</x>; rel=\"  last\tnext \"", Some("/x")),
        (b"</x>; REL=\"Next\"", Some("/x")),
        (b"</x>; rel=\"next\"; crossorigin", Some("/x")),
        (b"</x>; crossorigin; rel=next", Some("/x")),
        (b"</x?after>; rel=\"next\"", Some("/x?after")),
        (b"</x>; rel=\"next\",", Some("/x")),
        (b", ,</x>; rel=next", Some("/x")),
        (b"", None),
        (b" \t, ,", None),
        (b"</x>; title=\"a, \\\"b\\\"; c\"; rel=\"next\"", Some("/x")),
        (b"</x>; title=\"\\\\\"; rel=next", Some("/x")),
        ("</x>; title=\"été\"; rel=\"next\"".as_bytes(), Some("/x")),
        (b"</x>; title=\"\xff\xfe\"; rel=\"next\"", Some("/x")),
        (
            b"</x>; title*=UTF-8''%e2%82%ac%20rates; rel=next",
            Some("/x"),
        ),
        (b"</x>; rel=next , </y>; rel=last", Some("/x")),
        (b"</x> ; rel = \"next\"", Some("/x")),
        (b"</x>;\trel\t=\tnext\t;", Some("/x")),
        (
            b"</a>; title=\"</b>; rel=next\", </c>; rel=next",
            Some("/c"),
        ),
        (b"</x>; rel=\"https://h/rels/other next\"", Some("/x")),
        (b"<>; rel=next", Some("")),
        // Of a repeated parameter the first counts.
        (b"</p>; rel=prev; rel=next", None),
        (b"</x>; rel=next; rel=prev", Some("/x")),
        (b"</x>; rel; rel=next", None),
        (b"</x>; nextrel=next", None),
        (b"</x>; rel=nextlast", None),
        (b"</x>; rel=\"next-page\"", None),
        (b"</x>; title=\"rel=next\"", None),
        (b"</x>", None),
    ];
    for (field, expected) in cases {
        assert_eq!(next(field), *expected, "{}", String::from_utf8_lossy(field));
    }
    assert_eq!(rel(b"</x>; rel=\"next last\"", "last"), Some("/x"));
    assert_eq!(rel(b"</x>; rel=\"previous\"", "prev"), None);
    assert_eq!(rel(b"</x>; rel=\"https://h/R\"", "HTTPS://h/r"), Some("/x"));
}

#[test]
fn what_other_parsers_stumble_over_is_read_to_the_last_relation() {
    /// Each link of a field, with its relation types as they were written.
    fn read(field: &str) -> Vec<(&str, String)> {
        let links = link::parse(field.as_bytes());
        let rels = |link: &Link<'_>| link.param("rel").unwrap().into_owned();
        links.map(|link| (link.target(), rels(&link))).collect()
    }
    for (field, expected) in [
        (
            "<https://h/x?ids=1,2,3&page=2>; rel=\"next\"",
            &[("https://h/x?ids=1,2,3&page=2", "next")][..],
        ),
        (
            "<https://h/x;v=1?page=2>; rel=\"next\"",
            &[("https://h/x;v=1?page=2", "next")],
        ),
        ("</x>; rel=\"next last\"", &[("/x", "next last")]),
        ("</x>; REL=\"Next\"", &[("/x", "Next")]),
        ("</x>; rel=\"next\"; crossorigin", &[("/x", "next")]),
        ("</x?after>; rel=\"next\"", &[("/x?after", "next")]),
        ("</x>; rel=\"next\",", &[("/x", "next")]),
        (", ,</x>; rel=\"next\"", &[("/x", "next")]),
        ("", &[]),
        (
            "</x>; title=\"a, \\\"b\\\"; c\"; rel=\"next\"",
            &[("/x", "next")],
        ),
        ("</x>; title=\"été\"; rel=\"next\"", &[("/x", "next")]),
        ("garbage, </x>; rel=\"next\"", &[("/x", "next")]),
        (
            "</x>; rel=next , </y>; rel=last",
            &[("/x", "next"), ("/y", "last")],
        ),
        ("<?page=2>; rel=\"next\"", &[("?page=2", "next")]),
    ] {
        let expected: Vec<_> = expected
            .iter()
            .map(|(to, rel)| (*to, (*rel).to_owned()))
            .collect();
        assert_eq!(read(field), expected, "{field}");
    }
    // Whose link it is can be seen, and is for who follows it to see.
    let field = "</x>; rel=\"next\"; anchor=\"/other\"";
    let link = link::parse(field.as_bytes()).next().unwrap();
    assert_eq!(link.param("anchor").unwrap(), "/other");
}

#[test]
fn one_malformed_link_costs_that_link_alone() {
    let long = format!("{}>; rel=next", "<".repeat(100_000));
    let cases: &[(&[u8], Option<&str>)] = &[
        (b"garbage, </x>; rel=\"next\"", Some("/x")),
        (b"ga\"rbage, </x>; rel=\"next\"", Some("/x")),
        (
            b"\"garbage, </a>; rel=next\", </x>; rel=\"next\"",
            Some("/x"),
        ),
        (b"</a, </x>; rel=next", Some("/x")),
        (b"</x>; =x; \"y\"; ;; rel=next", Some("/x")),
        (b"</x>; a b=c; rel=next", Some("/x")),
        (b"</a>; title=5\" disk, </x>; rel=next", Some("/x")),
        (b"</a>; title=\"open, </x>; rel=next", Some("/x")),
        (b"</x>; rel=\"next", Some("/x")),
        (b"</x; rel=next", None),
        (b"</x", None),
        (b"<", None),
        (b"</\xff>; rel=next, </y>; rel=next", Some("/y")),
        (long.as_bytes(), Some("")),
    ];
    for (field, expected) in cases {
        let shown = String::from_utf8_lossy(&field[..field.len().min(60)]);
        assert_eq!(next(field), *expected, "{shown}");
    }
}

#[test]
fn a_hundred_thousand_bytes_of_anything_take_linear_time() {
    for piece in [
        "<", "<>", "\"", "=\"", "=\"\\", "\\", ";", ";=", ",", "<>;a=\"", "a=b;",
    ] {
        let field = piece.repeat(100_000 / piece.len());
        for link in link::parse(field.as_bytes()).take(2) {
            let _ = (link.has_rel("next"), link.params().count());
        }
        // Quadratic work would not come to an end here.
        assert!(link::parse(field.as_bytes()).count() <= field.len());
    }
}

#[test]
fn parameters_lose_their_quotes_and_backslashes() {
    let field = br#"</x>; a="1 \"2\""; B=3; c; a=4; d="\\"; e="" "#;
    let link = link::parse(field).next().unwrap();
    for (name, value) in [
        ("A", "1 \"2\""),
        ("b", "3"),
        ("c", ""),
        ("d", "\\"),
        ("e", ""),
    ] {
        assert_eq!(link.param(name).unwrap(), value, "{name}");
    }
    assert_eq!(link.param("f"), None);
    let all: Vec<_> = link
        .params()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(all, ["a=1 \"2\"", "B=3", "c=", "a=4", "d=\\", "e="]);
}

#[test]
fn all_field_lines_are_read_in_their_order() {
    let mut headers = HeaderMap::new();
    headers.append("link", "</a>; rel=self, </b>; rel=prev".parse().unwrap());
    headers.append("link", "broken".parse().unwrap());
    headers.append("link", "</c>; rel=next".parse().unwrap());
    headers.append("x-link", "</d>; rel=next".parse().unwrap());
    let targets: Vec<_> = link::links(&headers).map(|link| link.target()).collect();
    assert_eq!(targets, ["/a", "/b", "/c"]);
}

#[test]
fn nothing_that_is_shown_holds_a_target() {
    let links = link::parse(b"</?access_token=hunter2>; rel=next; title=\"hunter2\"");
    let link = links.clone().next().unwrap();
    assert!(!format!("{links:?} {link:?}").contains("hunter2"));
    assert!(format!("{link:?}").contains("next"));
}

/// A field value that says what it holds.
fn written() -> impl Strategy<Value = Vec<(String, Vec<(String, String)>)>> {
    let target = "[a-z0-9:/?&=;,#%._~!$'()*+@\\[\\]-]{0,20}";
    let params = prop::collection::vec(("[a-z*]{1,6}", "[ -~é]{0,12}"), 0..4);
    prop::collection::vec((target, params), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_by_the_rules_is_read_back(
        links in written(),
        space in prop::sample::select(vec!["", " ", "\t ", "  "]),
    ) {
        let mut field = String::new();
        for (target, params) in &links {
            field.push_str(&format!("{space},{space}<{target}>"));
            for (name, value) in params {
                let token = !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric());
                let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
                let value = if token { value.clone() } else { format!("\"{quoted}\"") };
                field.push_str(&format!("{space};{space}{name}{space}={space}{value}"));
            }
        }
        let read: Vec<_> = link::parse(field.as_bytes())
            .map(|link: Link<'_>| {
                let params = link.params();
                let params = params.map(|(name, value)| (name.into_owned(), value.into_owned()));
                (link.target().to_owned(), params.collect::<Vec<_>>())
            })
            .collect();
        prop_assert_eq!(read, links);
    }

    #[test]
    fn no_bytes_panic_and_every_target_is_a_part_of_them(
        field in prop::collection::vec(
            prop_oneof![
                prop::sample::select(b"<>;,=\" \t\\anext".to_vec()),
                any::<u8>(),
            ],
            0..64,
        )
    ) {
        let outer = field.as_ptr_range();
        for link in link::parse(&field) {
            let target = link.target().as_bytes().as_ptr_range();
            prop_assert!(outer.start <= target.start && target.end <= outer.end);
            let _ = (link.has_rel("next"), link.params().count(), format!("{link:?}"));
        }
    }
}
