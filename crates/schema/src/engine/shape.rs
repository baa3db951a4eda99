//! Whether a schema is one: each keyword's value is of the form that its meta-schema asks for.

use serde_json::{Map, Value};

use super::number::Number;
use super::refused::Refused;
use crate::Draft;

const TYPES: [&str; 7] = [
    "null", "boolean", "integer", "number", "string", "array", "object",
];

/// Checks the keywords of one schema, not of those within it.
pub(crate) fn check(draft: Draft, schema: &Value, pointer: &str) -> Result<(), Refused> {
    let keywords = match schema {
        Value::Object(keywords) => keywords,
        Value::Bool(_) if !draft.is_4() || may_be_boolean_in_4(pointer) => return Ok(()),
        _ => return Err(Refused::invalid(pointer, "not a schema")),
    };
    for (keyword, value) in keywords {
        if let Some(expected) = fault(draft, keyword, value) {
            let at = format!("{pointer}/{}", super::draft::pointer_segment(keyword));
            return Err(Refused::invalid(
                at,
                format!("{keyword} must be {expected}"),
            ));
        }
    }
    if draft.is_4() {
        for (exclusive, bound) in [
            ("exclusiveMinimum", "minimum"),
            ("exclusiveMaximum", "maximum"),
        ] {
            if keywords.contains_key(exclusive) && !keywords.contains_key(bound) {
                let at = format!("{pointer}/{exclusive}");
                return Err(Refused::invalid(at, format!("{exclusive} needs {bound}")));
            }
        }
    }
    Ok(())
}

/// Checks what is ignored beside a reference, which must be schemas all the same.
pub(crate) fn check_ignored(draft: Draft, schema: &Value, pointer: &str) -> Result<(), Refused> {
    let mut ignored = Vec::new();
    draft.each_subschema(schema, true, |rest, within| {
        ignored.push((format!("{pointer}{rest}"), within));
    });
    while let Some((pointer, schema)) = ignored.pop() {
        check(draft, schema, &pointer)?;
        for is_ignored in [false, true] {
            draft.each_subschema(schema, is_ignored, |rest, within| {
                ignored.push((format!("{pointer}{rest}"), within));
            });
        }
    }
    Ok(())
}

/// Draft 4 knows no boolean schemas but for what is additional.
fn may_be_boolean_in_4(pointer: &str) -> bool {
    pointer.ends_with("/additionalItems") || pointer.ends_with("/additionalProperties")
}

/// What the value should have been, if it is not.
fn fault(draft: Draft, keyword: &str, value: &Value) -> Option<&'static str> {
    let is_2019 = draft.is_2019() || draft.is_2020();
    let (is_right, expected) = match keyword {
        "type" => (is_type(value), "a type or a list of types, each once"),
        "enum" => (value.is_array(), "a list of values"),
        "multipleOf" => (
            value.as_f64().is_some_and(|divisor| divisor > 0.0),
            "a number over 0",
        ),
        "minimum" | "maximum" => (value.is_number(), "a number"),
        "exclusiveMinimum" | "exclusiveMaximum" if draft.is_4() => {
            (value.is_boolean(), "true or false")
        }
        "exclusiveMinimum" | "exclusiveMaximum" => (value.is_number(), "a number"),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
            (size(draft, value).is_some(), "an integer of at least 0")
        }
        "minContains" | "maxContains" if is_2019 => {
            (size(draft, value).is_some(), "an integer of at least 0")
        }
        "pattern" | "format" | "title" | "description" | "$schema" | "$ref" => {
            (value.is_string(), "a string")
        }
        "id" if draft.is_4() => (value.is_string(), "a string"),
        "$id" if is_2019 => (
            value.as_str().is_some_and(|uri| {
                uri.split_once('#')
                    .is_none_or(|(_, fragment)| fragment.is_empty())
            }),
            "a URI without a fragment",
        ),
        "$id" if !draft.is_4() => (value.is_string(), "a string"),
        "$comment" | "contentEncoding" | "contentMediaType" if draft == Draft::V7 || is_2019 => {
            (value.is_string(), "a string")
        }
        "$anchor" if is_2019 => (is_anchor(draft, value), "a plain name"),
        "$dynamicAnchor" | "$recursiveAnchor" if draft.is_2020() => {
            (is_anchor(draft, value), "a plain name")
        }
        "$dynamicRef" if draft.is_2020() => (value.is_string(), "a string"),
        "$recursiveRef" if is_2019 => (value.is_string(), "a string"),
        "$recursiveAnchor" if draft.is_2019() => (value.is_boolean(), "true or false"),
        "uniqueItems" => (value.is_boolean(), "true or false"),
        "readOnly" if draft == Draft::V7 || is_2019 => (value.is_boolean(), "true or false"),
        "writeOnly" | "deprecated" if is_2019 => (value.is_boolean(), "true or false"),
        "examples" if !draft.is_4() => (value.is_array(), "a list"),
        "required" => (is_names(draft, value), "a list of names, each once"),
        "properties" | "patternProperties" | "definitions" => (value.is_object(), "an object"),
        "$defs" | "dependentSchemas" if is_2019 => (value.is_object(), "an object"),
        "dependencies" => (
            value.as_object().is_some_and(|members| {
                members
                    .values()
                    .all(|member| !member.is_array() || is_names(draft, member))
            }),
            "an object of schemas and lists of names",
        ),
        "dependentRequired" if is_2019 => (
            value
                .as_object()
                .is_some_and(|members| members.values().all(|names| is_names(draft, names))),
            "an object of lists of names",
        ),
        "allOf" | "anyOf" | "oneOf" => (is_filled(value), "a list of at least one schema"),
        "prefixItems" if draft.is_2020() => (is_filled(value), "a list of at least one schema"),
        "items" if draft.is_2020() => (!value.is_array(), "a schema"),
        "items" => (
            !value.is_array() || is_filled(value),
            "a schema or a list of them",
        ),
        _ => return None,
    };
    (!is_right).then_some(expected)
}

/// 2019-09, section 8.2.3, and 2020-12, section 8.2.2.
fn is_anchor(draft: Draft, value: &Value) -> bool {
    let may_begin = |byte: u8| byte.is_ascii_alphabetic() || draft.is_2020() && byte == b'_';
    let may_follow = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"-._".contains(&byte) || draft.is_2019() && byte == b':'
    };
    match value.as_str().map(str::as_bytes) {
        Some([first, rest @ ..]) => may_begin(*first) && rest.iter().all(|byte| may_follow(*byte)),
        _ => false,
    }
}

fn is_filled(value: &Value) -> bool {
    value.as_array().is_some_and(|list| !list.is_empty())
}

fn is_type(value: &Value) -> bool {
    let is_known = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    match value {
        Value::Array(names) => {
            !names.is_empty() && names.iter().all(is_known) && super::equal::are_distinct(names)
        }
        other => is_known(other),
    }
}

fn is_names(draft: Draft, value: &Value) -> bool {
    value.as_array().is_some_and(|names| {
        (!draft.is_4() || !names.is_empty())
            && names.iter().all(Value::is_string)
            && super::equal::are_distinct(names)
    })
}

/// A size that a schema asks for. What is larger than 64 bits is as good as none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Casts saturate.
pub(crate) fn size(draft: Draft, value: &Value) -> Option<u64> {
    match Number::of(value)? {
        Number::Unsigned(size) => Some(size),
        Number::Signed(_) => None,
        Number::Float(size) if size >= 18_446_744_073_709_551_616.0 => Some(u64::MAX),
        // Draft 4 goes by how an integer is written.
        Number::Float(_) if draft.is_4() => None,
        Number::Float(size) => (size >= 0.0 && size.fract() == 0.0).then_some(size as u64),
    }
}

/// The size under `keyword`.
pub(crate) fn size_of(draft: Draft, schema: &Map<String, Value>, keyword: &str) -> Option<u64> {
    size(draft, schema.get(keyword)?)
}
