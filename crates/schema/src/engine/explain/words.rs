//! What was expected, in words.

use crate::engine::program;
use crate::engine::program::{OBJECT, Types};

/// The longest list of what is allowed that is told.
const LONGEST_LIST: usize = 10;

/// The keyword of the schema `false`, which has none.
pub(super) const FALSE: &str = "false";

/// The keyword that the schema `false` is the value of.
pub(super) fn keyword_of_false(place: &str) -> &'static str {
    const KEYWORDS: [&str; 6] = [
        "additionalProperties",
        "additionalItems",
        "items",
        "unevaluatedItems",
        "unevaluatedProperties",
        "propertyNames",
    ];
    let last = place.rsplit('/').next().unwrap_or_default();
    KEYWORDS
        .into_iter()
        .find(|keyword| *keyword == last)
        .unwrap_or(FALSE)
}

pub(super) fn types_in_words(types: Types) -> String {
    let names = [
        (program::NULL, "null"),
        (program::BOOLEAN, "boolean"),
        (program::NUMBER, "number"),
        (program::INTEGER, "integer"),
        (program::STRING, "string"),
        (program::ARRAY, "array"),
        (OBJECT, "object"),
    ];
    let is_number = types & program::NUMBER == program::NUMBER;
    let words: Vec<&str> = names
        .iter()
        .filter(|(bits, _)| types & bits == *bits && !(is_number && *bits == program::INTEGER))
        .map(|(_, name)| *name)
        .collect();
    words.join(" or ")
}

/// What the schema lists, which is no data.
pub(super) fn listed(node: &program::Node) -> String {
    let Some(values) = &node.values else {
        return String::new();
    };
    let mut words: Vec<String> = Vec::new();
    let atoms = [
        (values.null, "null"),
        (values.yes, "true"),
        (values.no, "false"),
    ];
    words.extend(
        atoms
            .iter()
            .filter(|atom| atom.0)
            .map(|atom| atom.1.to_owned()),
    );
    words.extend(values.numbers.iter().map(ToString::to_string));
    words.extend(values.strings.iter().map(|text| format!("{text:?}")));
    words.extend(values.trees.iter().map(ToString::to_string));
    let more = words.len().saturating_sub(LONGEST_LIST);
    words.truncate(LONGEST_LIST);
    let mut told = words.join(", ");
    if more > 0 {
        told.push_str(&format!(" or {more} more"));
    }
    if words.len() > 1 {
        format!("one of {told}")
    } else {
        told
    }
}
