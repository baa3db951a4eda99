//! Looks at one value of a JSON text and leaves all others unparsed.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::pointer::{Pointer, array_index};

pub(crate) mod edit;

/// The text of the value at `pointer`, or `None` where there is none.
///
/// Of a repeated key the last counts, as with most parsers.
///
/// # Errors
///
/// `text` is not one JSON text.
pub(crate) fn find<'a>(
    text: &'a [u8],
    pointer: &Pointer,
) -> Result<Option<&'a RawValue>, serde_json::Error> {
    // What is skipped over is not known for text otherwise.
    let text = std::str::from_utf8(text).map_err(serde::de::Error::custom)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let path = pointer.tokens();
    let found = Find { path }.deserialize(&mut json)?;
    json.end()?;
    Ok(found)
}

/// Whether `text` is one JSON text.
pub(crate) fn check(text: &[u8]) -> Result<(), serde_json::Error> {
    // What surrounds items is an object with little in it. Its members are checked one by one: the
    // parser takes memory for the depth of a value.
    if text.trim_ascii_start().starts_with(b"{") {
        let mut json = serde_json::Deserializer::from_slice(text);
        json.deserialize_map(CheckMembers)?;
        return json.end();
    }
    serde_json::from_slice::<&RawValue>(text).map(drop)
}

/// The content of a string, and the text of any other value.
pub(crate) fn plain(value: &str) -> Cow<'_, str> {
    if let Some(inner) = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        let as_it_is = |byte| byte >= b' ' && byte != b'"' && byte != b'\\';
        if inner.bytes().all(as_it_is) {
            return Cow::Borrowed(inner);
        }
        if let Ok(text) = serde_json::from_str::<String>(value) {
            return Cow::Owned(text);
        }
    }
    Cow::Borrowed(value)
}

struct CheckMembers;

impl<'de> Visitor<'de> for CheckMembers {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<&RawValue, &RawValue>()?.is_some() {}
        Ok(())
    }
}

struct Find<'p> {
    path: &'p [Box<str>],
}

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        if self.path.is_empty() {
            return serde::Deserialize::deserialize(json).map(Some);
        }
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(matches) = map.next_key_seed(Key(&self.path[0]))? {
            if matches {
                found = map.next_value_seed(Find {
                    path: &self.path[1..],
                })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let wanted = array_index(&self.path[0]);
        let mut at = 0;
        let mut found = None;
        loop {
            if Some(at) == wanted {
                let path = &self.path[1..];
                let Some(value) = seq.next_element_seed(Find { path })? else {
                    return Ok(found);
                };
                found = value;
            } else if seq.next_element::<IgnoredAny>()?.is_none() {
                return Ok(found);
            }
            at += 1;
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Compares a key without keeping it.
struct Key<'p>(&'p str);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<bool, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<'a>(text: &'a str, pointer: &str) -> Option<&'a str> {
        find(text.as_bytes(), &Pointer::expect(pointer))
            .unwrap()
            .map(RawValue::get)
    }

    #[test]
    fn values_keep_their_text() {
        let text = r#" {"n\u0065xt":9007199254740993,"a":[1,{"b/c":"x"}],"@odata.nextLink":1e400,"":{"":null}} "#;
        assert_eq!(at(text, "/next"), Some("9007199254740993"));
        assert_eq!(at(text, "/a/1/b~1c"), Some("\"x\""));
        assert_eq!(at(text, "/@odata.nextLink"), Some("1e400"));
        assert_eq!(at(text, "//"), Some("null"));
        assert_eq!(at(text, "/a/2"), None);
        assert_eq!(at(text, "/a/01"), None);
        assert_eq!(at(text, "/none"), None);
        assert_eq!(at(text, "/next/deeper"), None);
        assert_eq!(at("[1]", ""), Some("[1]"));
    }

    #[test]
    fn members_that_are_checked_one_by_one_are_as_strictly_checked() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        for text in [
            &b"{}"[..],
            b" {\"a\":[],\"b\":{\"c\":[1e400,{}]}} ",
            b"{\"\\ud800\":\"\\ud800\",\"a\":1,\"a\":2}",
            b"{",
            b"{\"a\"",
            b"{\"a\":",
            b"{\"a\":[",
            b"{\"a\":1,",
            b"{\"a\":1,}",
            b"{\"a\":1}}",
            b"{\"a\":1} 2",
            b"{\"a\":01}",
            b"{\"a\":\"\n\"}",
            b"{\"a\":\"\xff\"}",
            b"{\"\xff\":1}",
            b"{a:1}",
            b"{\"a\" 1}",
            b"{\"a\":tru}",
            deep.as_bytes(),
        ] {
            let whole = serde_json::from_slice::<&RawValue>(text).map(drop);
            let is_eof = |checked: Result<(), serde_json::Error>| checked.map_err(|e| e.is_eof());
            let shown = String::from_utf8_lossy(text);
            assert_eq!(is_eof(check(text)), is_eof(whole), "{shown}");
        }
    }

    #[test]
    fn the_content_of_a_string_is_the_same_borrowed_and_parsed() {
        for (value, content) in [
            ("\"a'\u{e9}\u{7f}\"", "a'\u{e9}\u{7f}"),
            ("\"\"", ""),
            (r#""a\"b""#, "a\"b"),
            (r#""\u00e9""#, "\u{e9}"),
            ("1", "1"),
            ("\"", "\""),
            ("\"a", "\"a"),
            ("\"a\"b\"", "\"a\"b\""),
            ("\"a\nb\"", "\"a\nb\""),
        ] {
            assert_eq!(plain(value), content);
        }
    }

    #[test]
    fn the_last_of_repeated_keys_counts() {
        assert_eq!(at(r#"{"a":1,"a":2}"#, "/a"), Some("2"));
    }

    #[test]
    fn what_is_not_one_json_text_is_an_error() {
        let pointer = Pointer::expect("/a");
        for bad in [
            "",
            "{",
            r#"{"a":1}x"#,
            r#"{"a":1}{"a":2}"#,
            "<html>",
            r#"{"a":1,}"#,
        ] {
            assert!(find(bad.as_bytes(), &pointer).is_err(), "{bad}");
            assert!(check(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_strings_are_unquoted() {
        assert_eq!(plain(r#""a\"\u00e9""#), "a\"é");
        assert_eq!(plain("[1,\"a\"]"), "[1,\"a\"]");
        assert_eq!(plain("12"), "12");
    }
}
