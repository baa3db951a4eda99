mod key;
mod node;

use serde::de::DeserializeOwned;

use self::node::{Fault, Node};
use crate::finding::Finding;

/// Whether strict JSON can be read as a `T`; its path is looked for only if it cannot.
pub(crate) fn check<T: DeserializeOwned>(body: &[u8]) -> Option<Finding> {
    let error = serde_json::from_slice::<T>(body).err()?;
    let tree = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
    let fault = Fault::default();
    // What only a text can be read as has no path: a `RawValue`, a number as it is written.
    let again = T::deserialize(Node::root(&tree, &fault)).err();
    Some(Finding {
        keyword: "type".into(),
        schema: std::any::type_name::<T>().to_owned(),
        expected: expected(again.as_ref().unwrap_or(&error)).into(),
        value: None,
        path: fault.into_path(),
    })
}

/// What a Rust type expects, of the error of its reader.
///
/// The error quotes the value that it found, so only what stems from the type is taken over:
/// what follows the last `, expected`, or the name of a missing field.
fn expected(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    let expected = if let Some(field) = text.strip_prefix("missing field ") {
        Some(format!("the field {field}"))
    } else if quotes_and_expects(text) {
        text.rsplit_once(", expected ")
            .map(|(_, expected)| expected.to_owned())
    } else {
        None
    };
    expected.map_or_else(
        || "what the type can be read from".to_owned(),
        |expected| crate::pointer::escape(&expected),
    )
}

/// Whether the text is one of serde's own, which all end in what was expected.
fn quotes_and_expects(text: &str) -> bool {
    const PREFIXES: [&str; 5] = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant ",
        "unknown field ",
    ];
    // Without any field or variant there is nothing to expect, and the value ends the text.
    let is_empty =
        text.ends_with(", there are no fields") || text.ends_with(", there are no variants");
    !is_empty && PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}
