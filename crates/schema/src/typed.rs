use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::finding::{Finding, Step};

/// Whether strict JSON can be read as a `T`; its path is looked for only if it cannot.
pub(crate) fn check<T: DeserializeOwned>(body: &[u8]) -> Option<Finding> {
    serde_json::from_slice::<T>(body).err()?;
    let mut reader = serde_json::Deserializer::from_slice(body);
    let error = serde_path_to_error::deserialize::<_, T>(&mut reader).err()?;
    Some(Finding {
        keyword: "type".into(),
        path: error.path().iter().map(step).collect(),
        schema: std::any::type_name::<T>().to_owned(),
        expected: expected(error.inner()).into(),
        value: None,
    })
}

fn step(segment: &Segment) -> Step {
    match segment {
        Segment::Seq { index } => Step::Index(*index),
        Segment::Map { key } => Step::known(key),
        Segment::Enum { variant } => Step::known(variant),
        Segment::Unknown => Step::data("?"),
    }
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
