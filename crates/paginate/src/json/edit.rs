//! Puts one value into a JSON text and leaves every other byte as it is.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::pointer::array_index;

/// Why a value cannot be put where it belongs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EditError {
    NotJson,
    /// Something on the way is neither an object nor an array that is long enough.
    NoPlace,
}

/// `text` with `value`, a JSON text, at `path`.
///
/// Objects on the way are made where they are missing or null; nothing at all counts as
/// null. An array may be extended by one.
pub(crate) fn set(text: &str, path: &[Box<str>], value: &str) -> Result<String, EditError> {
    if text.trim_ascii().is_empty() {
        return Ok(nest(path, value));
    }
    let root: &RawValue = serde_json::from_str(text).map_err(|_| EditError::NotJson)?;
    let (at, new) = splice(text, root.get(), path, value)?;
    Ok([&text[..at.start], &new, &text[at.end..]].concat())
}

/// `text` with every member of the object `patch` set in the object at `path`.
pub(crate) fn merge(text: &str, path: &[Box<str>], patch: &str) -> Result<String, EditError> {
    let Members(members) = serde_json::from_str(patch).map_err(|_| EditError::NotJson)?;
    if members.is_empty() {
        return Ok(text.to_owned());
    }
    let mut text = text.to_owned();
    let mut place = path.to_vec();
    for (key, value) in members {
        place.push(key);
        text = set(&text, &place, value.get())?;
        place.pop();
    }
    Ok(text)
}

/// The members of an object in their order; an error for anything else.
pub(crate) fn members(text: &str) -> Option<Vec<(Box<str>, &RawValue)>> {
    serde_json::from_str(text)
        .ok()
        .map(|Members(members)| members)
}

/// What to write over which bytes of `whole`, of which `here` is a part.
fn splice(
    whole: &str,
    here: &str,
    path: &[Box<str>],
    value: &str,
) -> Result<(Range<usize>, String), EditError> {
    let start = here.as_ptr() as usize - whole.as_ptr() as usize;
    let end = start + here.len();
    let Some((key, deeper)) = path.split_first() else {
        return Ok((start..end, value.to_owned()));
    };
    let append = |empty: bool, new: String| {
        let comma = if empty { "" } else { "," };
        Ok((end - 1..end - 1, format!("{comma}{new}")))
    };
    match here.as_bytes()[0] {
        b'n' => Ok((start..end, nest(path, value))),
        b'{' => {
            let Members(members) = serde_json::from_str(here).map_err(|_| EditError::NotJson)?;
            // Of a repeated key the last counts, as with most parsers.
            match members.iter().rfind(|(name, _)| name == key) {
                Some((_, found)) => splice(whole, found.get(), deeper, value),
                None => append(
                    members.is_empty(),
                    format!("{}:{}", quote(key), nest(deeper, value)),
                ),
            }
        }
        b'[' => {
            let elements: Vec<&RawValue> =
                serde_json::from_str(here).map_err(|_| EditError::NotJson)?;
            let index = match &**key {
                "-" => elements.len(),
                key => array_index(key)
                    .and_then(|index| usize::try_from(index).ok())
                    .ok_or(EditError::NoPlace)?,
            };
            match elements.get(index) {
                Some(found) => splice(whole, found.get(), deeper, value),
                None if index == elements.len() => append(elements.is_empty(), nest(deeper, value)),
                None => Err(EditError::NoPlace),
            }
        }
        _ => Err(EditError::NoPlace),
    }
}

/// `value` within one object for each name of `path`.
fn nest(path: &[Box<str>], value: &str) -> String {
    let each = path.iter().map(|key| key.len() + r#"{"":}"#.len());
    let mut text = String::with_capacity(each.sum::<usize>() + value.len());
    for key in path {
        text.push('{');
        push_quoted(&mut text, key);
        text.push(':');
    }
    text.push_str(value);
    text.extend(std::iter::repeat_n('}', path.len()));
    text
}

/// `text` as a JSON string.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    push_quoted(&mut quoted, text);
    quoted
}

fn push_quoted(to: &mut String, text: &str) {
    if text
        .bytes()
        .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
    {
        to.extend(["\"", text, "\""]);
    } else {
        to.push_str(&serde_json::Value::from(text).to_string());
    }
}

struct Members<'a>(Vec<(Box<str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        json.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pointer::Pointer;

    fn put(text: &str, pointer: &str, value: &str) -> Result<String, EditError> {
        set(text, Pointer::expect(pointer).tokens(), value)
    }

    #[test]
    fn a_value_is_replaced_and_every_other_byte_is_kept() {
        for (text, pointer, expected) in [
            (r#"{"a":1}"#, "/a", r#"{"a":"x"}"#),
            (
                "{ \"n\" : 1e400, \"a\" : [1, 2] ,\"b\":{}}\n",
                "/a/1",
                "{ \"n\" : 1e400, \"a\" : [1, \"x\"] ,\"b\":{}}\n",
            ),
            (r#"{"\u0061":1,"a~/":2}"#, "/a", r#"{"\u0061":"x","a~/":2}"#),
            (r#"{"a":1,"a~/":2}"#, "/a~0~1", r#"{"a":1,"a~/":"x"}"#),
            (r#"{"a":1,"a":2}"#, "/a", r#"{"a":1,"a":"x"}"#),
            (r#"{"":1}"#, "/", r#"{"":"x"}"#),
            ("[1]", "", r#""x""#),
        ] {
            assert_eq!(put(text, pointer, r#""x""#).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_is_missing_on_the_way_is_made() {
        for (text, pointer, expected) in [
            ("", "/a/b", r#"{"a":{"b":1}}"#),
            (" ", "", "1"),
            ("{}", "/a", r#"{"a":1}"#),
            (r#"{"b":2}"#, "/a/c", r#"{"b":2,"a":{"c":1}}"#),
            (r#"{"v":null}"#, "/v/after", r#"{"v":{"after":1}}"#),
            ("null", "/a", r#"{"a":1}"#),
            (r#"{"a":{ } }"#, "/a/b\"", r#"{"a":{ "b\"":1} }"#),
            (r#"{"a":[]}"#, "/a/-", r#"{"a":[1]}"#),
            (r#"{"a":[0]}"#, "/a/1/b", r#"{"a":[0,{"b":1}]}"#),
        ] {
            assert_eq!(put(text, pointer, "1").as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_has_no_place_for_it_is_refused() {
        for (text, pointer) in [
            (r#"{"a":1}"#, "/a/b"),
            (r#"{"a":"{}"}"#, "/a/b"),
            ("[]", "/1"),
            ("[]", "/a"),
            ("true", "/a"),
        ] {
            assert_eq!(put(text, pointer, "1"), Err(EditError::NoPlace), "{text}");
        }
        for text in ["{", "<a/>", "{}{}", "query=1"] {
            assert_eq!(put(text, "/a", "1"), Err(EditError::NotJson), "{text}");
        }
    }

    #[test]
    fn merging_sets_each_member() {
        let path = Pointer::expect("/p");
        assert_eq!(
            merge(
                r#"{"p":{"a":1},"q":2}"#,
                path.tokens(),
                r#"{"a":3,"b":[4]}"#
            )
            .as_deref(),
            Ok(r#"{"p":{"a":3,"b":[4]},"q":2}"#)
        );
        assert_eq!(merge("{ }", &[], "{}").as_deref(), Ok("{ }"));
        assert_eq!(merge("{}", &[], "[]"), Err(EditError::NotJson));
    }

    use proptest::prelude::*;
    use serde_json::Value;

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z\"\\\\{}\\[\\],:é ]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-c\"~/]{0,2}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// The same on a tree.
    fn put_tree(tree: &mut Value, path: &[Box<str>], value: Value) -> Option<()> {
        let Some((key, deeper)) = path.split_first() else {
            *tree = value;
            return Some(());
        };
        if tree.is_null() {
            *tree = Value::Object(serde_json::Map::new());
        }
        match tree {
            Value::Object(members) => {
                put_tree(members.entry(&**key).or_insert(Value::Null), deeper, value)
            }
            Value::Array(elements) => {
                let index = match &**key {
                    "-" => elements.len(),
                    key => usize::try_from(array_index(key)?).ok()?,
                };
                if index == elements.len() {
                    elements.push(Value::Null);
                }
                put_tree(elements.get_mut(index)?, deeper, value)
            }
            _ => None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_text_is_edited_as_a_tree_is(
            tree in json(),
            value in json(),
            path in prop::collection::vec("[a-c\"~/]{0,2}|[0-3]|-", 0..4),
            pretty in any::<bool>(),
        ) {
            let path: Vec<Box<str>> = path.into_iter().map(Into::into).collect();
            let text = match pretty {
                true => serde_json::to_string_pretty(&tree).unwrap(),
                false => tree.to_string(),
            };
            let edited = set(&text, &path, &value.to_string());
            let mut expected = tree;
            match put_tree(&mut expected, &path, value) {
                Some(()) => {
                    let edited: Value = serde_json::from_str(&edited.unwrap()).unwrap();
                    prop_assert_eq!(edited, expected);
                }
                None => prop_assert_eq!(edited, Err(EditError::NoPlace)),
            }
        }

        #[test]
        fn no_text_panics(text in "[\\[\\]{}\":,a0 n]{0,12}", path in "(/[a-]?){0,3}") {
            let path = Pointer::expect(&*path);
            if let Ok(edited) = set(&text, path.tokens(), "1") {
                prop_assert!(serde_json::from_str::<Value>(&edited).is_ok());
            }
        }
    }
}
