//! A Rust type as a contract: where a text cannot be read as it, and what is said of that.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.
#![allow(dead_code)] // Types are only read into.

use std::collections::BTreeMap;
use std::fmt::Debug;

use outbound_schema::{Contract, Violation};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    items: Vec<Item>,
    by_mail: Option<BTreeMap<String, Item>>,
    by_number: Option<BTreeMap<u8, bool>>,
    kind: Option<Kind>,
    pair: Option<(u8, String)>,
}

#[derive(Debug, Deserialize)]
struct Item {
    id: Id,
    #[serde(default, rename = "some-name")]
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Id(u8);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Plain,
    Sized(u8),
    Both(u8, u8),
    Named { size: u8 },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    A { size: u8 },
}

#[derive(Debug, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

fn broken<T: DeserializeOwned>(text: &str) -> Violation {
    Contract::of::<T>().check(text.as_bytes()).unwrap_err()
}

/// Texts that are no `Page`; where, and what stands there.
const BROKEN: &[(&str, &str, &str)] = &[
    (r#"{"items":[{"id":1},{"id":"x"}]}"#, "/items/1/id", "\"x\""),
    (r#"{"items":[{"id":256}]}"#, "/items/0/id", "256"),
    (
        r#"{"items":[{"id":1,"some-name":7}]}"#,
        "/items/0/some-name",
        "7",
    ),
    (r#"{"items":[{}]}"#, "/items/0", "{}"),
    (r#"{"items":{}}"#, "/items", "{}"),
    (r#"{"items":[],"kind":"other"}"#, "/kind", "\"other\""),
    (r#"{"items":[],"kind":{"sized":300}}"#, "/kind/sized", "300"),
    (
        r#"{"items":[],"kind":{"both":[1,"2"]}}"#,
        "/kind/both/1",
        "\"2\"",
    ),
    (
        r#"{"items":[],"kind":{"named":{"size":null}}}"#,
        "/kind/named/size",
        "null",
    ),
    (r#"{"items":[],"pair":[1,2]}"#, "/pair/1", "2"),
    (r#"{"items":[],"pair":[1]}"#, "/pair", "[1]"),
    (r#"{"items":[],"pair":[1,"",2]}"#, "/pair", "[1,\"\",2]"),
    (r#"{"items":[],"by_number":{"7":0}}"#, "/by_number/*", "0"),
    (
        r#"{"items":[],"by_mail":{"a@b":{"id":""}}}"#,
        "/by_mail/*/id",
        "\"\"",
    ),
    ("7", "", "7"),
];

#[test]
fn the_place_is_a_path_of_which_only_what_the_type_spells_is_shown() {
    for (text, instance, value) in BROKEN {
        let violation = broken::<Page>(text);
        assert_eq!(violation.instance(), *instance, "{text}");
        let offset = text.rfind(value).unwrap();
        assert_eq!(violation.offset(), Some(offset), "{text}");
        assert_eq!(violation.excerpt(), None);
        assert!(!violation.to_string().contains("a@b"));

        let shown = Contract::of::<Page>().excerpt(99);
        let shown = shown.check(text.as_bytes()).unwrap_err();
        assert_eq!(shown.excerpt(), Some(*value), "{text}");
    }
}

#[test]
fn the_path_is_that_of_serde_path_to_error() {
    for (text, ..) in BROKEN {
        let mut reader = serde_json::Deserializer::from_str(text);
        let error = serde_path_to_error::deserialize::<_, Page>(&mut reader)
            .map(drop)
            .err();
        let Some(error) = error else {
            // It does not read to the end of an array that is too long.
            assert!(text.contains("[1,\"\",2]"), "{text}");
            continue;
        };
        let steps = error.path().iter().map(|step| match step {
            serde_path_to_error::Segment::Seq { index } => format!("/{index}"),
            serde_path_to_error::Segment::Map { key } => format!("/{key}"),
            // The variant is a key, which the crate names after it.
            serde_path_to_error::Segment::Enum { variant } => format!("/{variant}"),
            serde_path_to_error::Segment::Unknown => String::new(),
        });
        let shown = Contract::of::<Page>().excerpt(99);
        let shown = shown.check(text.as_bytes()).unwrap_err();
        assert_eq!(shown.instance(), steps.collect::<String>(), "{text}");
    }
}

#[test]
fn what_can_be_read_is_accepted() {
    for text in [
        r#"{"items":[]}"#,
        r#"{"items":[{"id":1,"some-name":null},{"id":2,"x":[{}]}],"by_mail":{"a@b":{"id":3}}}"#,
        r#"{"items":[],"by_number":{"7":true},"kind":"plain","pair":[1,""]}"#,
        r#"{"items":[],"kind":{"both":[1,2]}}"#,
        r#"[[],null,null,{"named":{"size":1}},null]"#,
    ] {
        assert!(
            Contract::of::<Page>().check(text.as_bytes()).is_ok(),
            "{text}"
        );
    }
    assert!(Contract::of::<f64>().check(b"1e2").is_ok());
    assert!(Contract::of::<i64>().check(b"-1").is_ok());
    assert!(
        Contract::of::<u128>()
            .check(b"18446744073709551615")
            .is_ok()
    );
}

#[test]
fn a_type_that_serde_reads_through_a_buffer_is_told_as_a_whole() {
    let tagged = broken::<Vec<Tagged>>(r#"[{"type":"A","size":1},{"type":"A","size":"x"}]"#);
    assert_eq!((tagged.instance(), tagged.expected()), ("/1", "u8"));
    let flat = broken::<Vec<Flat>>(r#"[{"id":1,"secret":"canary"}]"#);
    assert_eq!(flat.instance(), "/0");
    assert!(!format!("{flat} {flat:?}").contains("secret"));
}

#[test]
fn what_only_a_text_can_be_read_as_is_told_without_a_place() {
    #[derive(Debug, Deserialize)]
    struct Never(#[serde(deserialize_with = "never")] ());
    fn never<'de, D: serde::Deserializer<'de>>(_: D) -> Result<(), D::Error> {
        Err(serde::de::Error::custom("canary"))
    }
    let violation = broken::<Never>("{}");
    assert_eq!(violation.instance(), "");
    assert_eq!(violation.expected(), "what the type can be read from");
    assert!(!format!("{violation:?}").contains("canary"));
}

#[test]
fn keys_that_are_no_number_are_not_shown() {
    let violation = broken::<BTreeMap<u8, u8>>(r#"{"canary":1}"#);
    assert_eq!((violation.instance(), violation.expected()), ("", "u8"));
}
