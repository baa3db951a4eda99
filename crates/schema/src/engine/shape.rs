//! Whether a schema is one: each keyword's value is of the form that its meta-schema asks for.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::draft::pointer_segment;
use super::grammar::{is_regex, is_uri, is_uri_reference};
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
        Value::Bool(_) => return Ok(()),
        _ => return Err(Refused::invalid(pointer, "not a schema")),
    };
    for (keyword, value) in keywords {
        if let Some(Fault { rest, expected }) = fault(draft, keyword, value) {
            let at = format!("{pointer}/{}{rest}", pointer_segment(keyword));
            let told = if rest.is_empty() {
                format!("{keyword} must be {expected}")
            } else {
                format!("must be {expected}")
            };
            return Err(Refused::invalid(at, told));
        }
    }
    if draft.is_4() {
        check_4(keywords, schema, pointer)?;
    }
    Ok(())
}

/// What draft 4 alone asks for.
fn check_4(keywords: &Map<String, Value>, schema: &Value, pointer: &str) -> Result<(), Refused> {
    for (exclusive, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if keywords.contains_key(exclusive) && !keywords.contains_key(bound) {
            let at = format!("{pointer}/{exclusive}");
            return Err(Refused::invalid(at, format!("{exclusive} needs {bound}")));
        }
    }
    // It knows no boolean schemas but for what is additional.
    let mut boolean = None;
    for is_ignored in [false, true] {
        Draft::V4.each_subschema(schema, is_ignored, |rest, within| {
            if within.is_boolean() && rest != "/additionalItems" && rest != "/additionalProperties"
            {
                boolean.get_or_insert(rest);
            }
        });
    }
    match boolean {
        Some(rest) => Err(Refused::invalid(format!("{pointer}{rest}"), "not a schema")),
        None => Ok(()),
    }
}

/// Checks what is ignored beside a reference, which must be schemas all the same.
pub(crate) fn check_ignored(draft: Draft, schema: &Value, pointer: &str) -> Result<(), Refused> {
    let mut ignored = VecDeque::new();
    draft.each_subschema(schema, true, |rest, within| {
        ignored.push_back((format!("{pointer}{rest}"), within));
    });
    while let Some((pointer, schema)) = ignored.pop_front() {
        check(draft, schema, &pointer)?;
        for is_ignored in [false, true] {
            draft.each_subschema(schema, is_ignored, |rest, within| {
                ignored.push_back((format!("{pointer}{rest}"), within));
            });
        }
    }
    Ok(())
}

/// What a keyword's value is not.
struct Fault {
    /// From the keyword to the place.
    rest: String,
    expected: &'static str,
}

impl Fault {
    /// Unless it is right.
    fn unless(is_right: bool, expected: &'static str) -> Option<Self> {
        (!is_right).then(|| Self {
            rest: String::new(),
            expected,
        })
    }

    fn within(self, segment: &str) -> Self {
        let rest = format!("/{}{}", pointer_segment(segment), self.rest);
        Self { rest, ..self }
    }

    /// Of the members of an object, which it must be.
    fn in_members(
        value: &Value,
        expected: &'static str,
        fault: impl Fn(&Value) -> Option<Self>,
    ) -> Option<Self> {
        let Some(members) = value.as_object() else {
            return Self::unless(false, expected);
        };
        members
            .iter()
            .find_map(|(name, member)| Some(fault(member)?.within(name)))
    }
}

/// What the value should have been, if it is not.
fn fault(draft: Draft, keyword: &str, value: &Value) -> Option<Fault> {
    const TEXT: &str = "a string";
    const SIZE: &str = "an integer of at least 0";
    const SWITCH: &str = "true or false";
    let is_2019 = draft.is_2019() || draft.is_2020();
    let is_7 = draft == Draft::V7 || is_2019;
    // Those that assert the formats of their own keywords.
    let is_6_or_7 = matches!(draft, Draft::V6 | Draft::V7);
    let is_text = |is_right: fn(&str) -> bool| value.as_str().is_some_and(is_right);
    let (is_right, expected) = match keyword {
        "type" => (is_type(value), "a type or a list of types, each once"),
        "enum" => (value.is_array(), "a list of values"),
        "multipleOf" => (
            value.as_f64().is_some_and(|divisor| divisor > 0.0),
            "a number over 0",
        ),
        "minimum" | "maximum" => (value.is_number(), "a number"),
        "exclusiveMinimum" | "exclusiveMaximum" if draft.is_4() => (value.is_boolean(), SWITCH),
        "exclusiveMinimum" | "exclusiveMaximum" => (value.is_number(), "a number"),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
            (size(draft, value).is_some(), SIZE)
        }
        "minContains" | "maxContains" if is_2019 => (size(draft, value).is_some(), SIZE),
        "pattern" if draft.ref_stands_alone() => (is_text(is_regex), "a regular expression"),
        "$ref" | "$id" if is_6_or_7 => (is_text(is_uri_reference), "a URI reference"),
        "$schema" if is_6_or_7 => (is_text(is_uri), "a URI"),
        "$ref" if draft.is_4() => return None,
        "pattern" | "format" | "title" | "description" | "$schema" | "$ref" => {
            (value.is_string(), TEXT)
        }
        "id" if draft.is_4() => (value.is_string(), TEXT),
        "$id" if is_2019 => (
            value.as_str().is_some_and(|uri| {
                uri.split_once('#')
                    .is_none_or(|(_, fragment)| fragment.is_empty())
            }),
            "a URI without a fragment",
        ),
        "$comment" | "contentEncoding" | "contentMediaType" if is_7 => (value.is_string(), TEXT),
        "$anchor" if is_2019 => (is_anchor(draft, value), "a plain name"),
        "$dynamicAnchor" | "$recursiveAnchor" if draft.is_2020() => {
            (is_anchor(draft, value), "a plain name")
        }
        "$dynamicRef" if draft.is_2020() => (value.is_string(), TEXT),
        "$recursiveRef" if is_2019 => (value.is_string(), TEXT),
        "$recursiveAnchor" if draft.is_2019() => (value.is_boolean(), SWITCH),
        "uniqueItems" => (value.is_boolean(), SWITCH),
        "readOnly" | "writeOnly" if is_7 => (value.is_boolean(), SWITCH),
        "deprecated" if is_2019 => (value.is_boolean(), SWITCH),
        "examples" if !draft.is_4() => (value.is_array(), "a list"),
        "required" => return names_fault(draft, value),
        "patternProperties" if is_6_or_7 => {
            let Some(schemas) = value.as_object() else {
                return Fault::unless(false, "an object");
            };
            let wrong = schemas.keys().find(|name| !is_regex(name))?;
            let fault = Fault::unless(false, "named by a regular expression")?;
            return Some(fault.within(wrong));
        }
        "properties" | "patternProperties" | "definitions" => (value.is_object(), "an object"),
        "$defs" | "dependentSchemas" if is_2019 => (value.is_object(), "an object"),
        "$vocabulary" if is_2019 => {
            return Fault::in_members(value, "an object", |member| {
                Fault::unless(member.is_boolean(), SWITCH)
            });
        }
        "dependencies" => {
            return Fault::in_members(value, "an object", |member| {
                let is_right = !member.is_array() || names_fault(draft, member).is_none();
                Fault::unless(is_right, "a schema or a list of names, each once")
            });
        }
        "dependentRequired" if is_2019 => {
            return Fault::in_members(value, "an object", |names| names_fault(draft, names));
        }
        "allOf" | "anyOf" | "oneOf" => (is_filled(value), "a list of at least one schema"),
        "prefixItems" if draft.is_2020() => (is_filled(value), "a list of at least one schema"),
        "items" if draft.is_2020() => (!value.is_array(), "a schema"),
        "items" => (
            !value.is_array() || is_filled(value),
            "a schema or a list of them",
        ),
        _ => return None,
    };
    Fault::unless(is_right, expected)
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

fn names_fault(draft: Draft, value: &Value) -> Option<Fault> {
    let names = value.as_array().map_or(&[][..], Vec::as_slice);
    if let Some(place) = names.iter().position(|name| !name.is_string()) {
        return Some(Fault::unless(false, "a string")?.within(&place.to_string()));
    }
    let is_right = value.is_array()
        && (!draft.is_4() || is_filled(value))
        && super::equal::are_distinct(names);
    Fault::unless(is_right, "a list of names, each once")
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
