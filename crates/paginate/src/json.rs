//! Looks at one value of a JSON text and leaves all others unparsed.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
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
    std::str::from_utf8(text).map_err(serde_json::Error::custom)?;
    let path = pointer.tokens();
    if path.is_empty() {
        return serde_json::from_slice(text).map(Some);
    }
    let found = within(text, path, false);
    match found {
        // Not each string and number that JSON has is one of Rust's.
        Err(_) if check(text).is_ok() => within(text, path, true),
        found => found,
    }
}

/// The value that `path` leads to, which is not empty. With `by_text` no value on the way is made anything
/// of, which takes memory for its depth.
fn within<'a>(
    text: &'a [u8],
    path: &[Box<str>],
    by_text: bool,
) -> Result<Option<&'a RawValue>, serde_json::Error> {
    if by_text && !matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return Ok(None);
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    let found = json.deserialize_any(Find { path, by_text })?;
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

/// Whether `text`, which is none as `error` of [`check`] says, is the beginning of a JSON text.
pub(crate) fn ends_early(text: &[u8], error: &serde_json::Error) -> bool {
    // A number that lacks its next digit is an invalid one to serde_json.
    let lacks_digit = || matches!(text.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E'));
    let is_text = |text: &[u8]| check(text).map_or_else(|error| error.is_eof(), |()| true);
    error.is_eof() || lacks_digit() && is_text(&[text, b"0"].concat())
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

/// Finds the value that `path` leads to from here.
#[derive(Clone, Copy)]
struct Find<'p> {
    path: &'p [Box<str>],
    by_text: bool,
}

impl Find<'_> {
    /// From a member or an element of here.
    fn deeper(self) -> Self {
        let path = &self.path[1..];
        Self { path, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        if self.path.is_empty() {
            return serde::Deserialize::deserialize(json).map(Some);
        }
        if !self.by_text {
            return json.deserialize_any(self);
        }
        let value: &RawValue = serde::Deserialize::deserialize(json)?;
        within(value.get().as_bytes(), self.path, true).map_err(D::Error::custom)
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
                found = map.next_value_seed(self.deeper())?;
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
                let Some(value) = seq.next_element_seed(self.deeper())? else {
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
        // As bytes, for a key may hold a surrogate that is alone, of which no text can be made.
        json.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<bool, E> {
        Ok(key == self.0.as_bytes())
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
    fn what_no_text_and_no_number_holds_is_passed_by() {
        let text = r#"{"\ud800":1,"a":1e999,"b":["\udfff",{"c":2}],"a":{"c":1},"d":1e999}"#;
        for (pointer, value) in [
            ("/a/c", Some("1")),
            ("/b/1/c", Some("2")),
            ("/b/0/c", None),
            ("/d/c", None),
        ] {
            assert_eq!(at(text, pointer), value, "{pointer}");
        }
        assert_eq!(at("1e999", "/a"), None);
        assert_eq!(at(r#""\ud800""#, "/a"), None);
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
    fn each_beginning_of_a_text_ends_early_and_nothing_else_does() {
        let early = |text: &[u8]| check(text).is_err_and(|error| ends_early(text, &error));
        let text = r#"{"a":[-1.5e+10,"\u00e9é",true,null,{}],"b":-0.5E-7}"#.as_bytes();
        for end in 0..text.len() {
            assert!(early(&text[..end]), "{:?}", text[..end].escape_ascii());
        }
        for other in [
            "<", "{]", "[1,}", "[01", "[1..", "[1e+-", "[--", "[.", "[tre", "{a-",
        ] {
            assert!(!early(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn only_strings_are_unquoted() {
        assert_eq!(plain(r#""a\"\u00e9""#), "a\"é");
        assert_eq!(plain("[1,\"a\"]"), "[1,\"a\"]");
        assert_eq!(plain("12"), "12");
    }
}
