//! A schema's text as a tree, with the numbers that it says: `serde_json` rounds long ones
//! unless a feature that slows all its users down is on.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::keys::Keys;
use super::number::Number;
use super::tape::{Builder, Kind, Tape};
use super::text;

/// Reads one JSON text; `None` if it is none. Of a name that stands twice the last counts.
pub(crate) fn read(text: &str) -> Option<Value> {
    let body = text.as_bytes();
    let (mut tape, mut keys) = (Tape::default(), Keys::default());
    let mut builder = Builder {
        body,
        at: text::skip_space(body, 0),
        tape: &mut tape,
        keys: &mut keys,
        is_unique: false,
        stop: usize::MAX,
    };
    builder.value(0).ok()?;
    if !builder.is_at_end() {
        return None;
    }
    value(body, &tape, 0)
}

fn value(body: &[u8], tape: &Tape, place: u32) -> Option<Value> {
    let entry = tape.entry(place)?;
    Some(match entry.kind {
        Kind::Null => Value::Null,
        Kind::False => Value::Bool(false),
        Kind::True => Value::Bool(true),
        Kind::Number => match Number::parse(entry.raw(body))? {
            Number::Unsigned(number) => number.into(),
            Number::Signed(number) => number.into(),
            Number::Float(number) => serde_json::Number::from_f64(number)?.into(),
        },
        Kind::String | Kind::Name => Value::String(Cow::into_owned(entry.token().decode(body))),
        Kind::Array => {
            let elements = tape.elements(place);
            let values: Option<Vec<Value>> = elements
                .map(|(element, _)| value(body, tape, element))
                .collect();
            Value::Array(values?)
        }
        Kind::Object => {
            let mut members = Map::new();
            for (name, member) in tape.members(place) {
                let name = name.token().decode(body).into_owned();
                members.insert(name, value(body, tape, member)?);
            }
            Value::Object(members)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_it_stands() {
        let text = r#" {"a":[null,true,false,-1,1.5,"x\u00e9"],"b":{"c":{},"c":7},"":18446744073709551615} "#;
        let same: Value = serde_json::from_str(text).unwrap();
        assert_eq!(read(text), Some(same));
        for text in ["", "{", "[] []", "1e999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn long_numbers_are_rounded_once() {
        let text = "972783798187987123879878123.188781371";
        let number = read(text).unwrap().as_f64().unwrap();
        assert_eq!(number.to_bits(), text.parse::<f64>().unwrap().to_bits());
    }
}
