use serde_json::Value;

use crate::pointer::{join, split};
use crate::{InvalidContract, Violation};

/// A JSON Pointer that a body must have, in which `*` is every element of an array.
#[derive(Clone, Debug)]
pub(crate) struct Required {
    /// As it was written.
    text: String,
    segments: Vec<String>,
    kind: Option<Kind>,
}

#[derive(Clone, Copy, Debug)]
struct Kind {
    name: &'static str,
    matches: fn(&Value) -> bool,
}

const KINDS: [Kind; 7] = [
    Kind {
        name: "null",
        matches: Value::is_null,
    },
    Kind {
        name: "boolean",
        matches: Value::is_boolean,
    },
    Kind {
        name: "integer",
        matches: is_integer,
    },
    Kind {
        name: "number",
        matches: Value::is_number,
    },
    Kind {
        name: "string",
        matches: Value::is_string,
    },
    Kind {
        name: "array",
        matches: Value::is_array,
    },
    Kind {
        name: "object",
        matches: Value::is_object,
    },
];

/// `1.0` and `1e2` are integers, as in JSON Schema from draft 6 on.
fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

impl Required {
    /// Reads `/pointer` or `/pointer: type`.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidContract> {
        let invalid = |fault: &str| InvalidContract::new(text, fault);
        let (pointer, kind) = match text.rsplit_once(": ") {
            Some((pointer, name)) => {
                let kind = KINDS.iter().find(|kind| kind.name == name.trim());
                let kind = kind.ok_or_else(|| {
                    invalid(
                        "not a type; use null, boolean, integer, number, string, array or object",
                    )
                })?;
                (pointer.trim_end(), Some(*kind))
            }
            None => (text, None),
        };
        let segments = split(pointer).ok_or_else(|| {
            invalid("not a JSON Pointer; it starts with / and writes ~ as ~0 and / as ~1")
        })?;
        Ok(Self {
            text: text.to_owned(),
            segments,
            kind,
        })
    }

    pub(crate) fn check(&self, body: &Value) -> Result<(), Violation> {
        self.walk(body, &self.segments, &mut Vec::new())
    }

    fn walk(
        &self,
        value: &Value,
        segments: &[String],
        path: &mut Vec<String>,
    ) -> Result<(), Violation> {
        let Some((segment, rest)) = segments.split_first() else {
            return match self.kind {
                Some(kind) if !(kind.matches)(value) => {
                    Err(self.violation("type", path, kind.name))
                }
                _ => Ok(()),
            };
        };
        let mut step = |segment: &str, value: &Value| {
            path.push(segment.to_owned());
            let result = self.walk(value, rest, path);
            path.pop();
            result
        };
        match value {
            Value::Array(elements) if segment == "*" => elements
                .iter()
                .enumerate()
                .try_for_each(|(index, element)| step(&index.to_string(), element)),
            _ if segment == "*" => Err(self.violation("type", path, "array")),
            Value::Object(members) => match members.get(segment) {
                Some(member) => step(segment, member),
                None => Err(self.missing(path, segment)),
            },
            Value::Array(elements) => {
                // RFC 6901, section 4: no leading zeros.
                let canonical = segment == "0" || !segment.starts_with(['0', '+']);
                let index = segment.parse::<usize>().ok().filter(|_| canonical);
                match index.and_then(|index| elements.get(index)) {
                    Some(element) => step(segment, element),
                    None => Err(self.missing(path, segment)),
                }
            }
            _ => Err(self.missing(path, segment)),
        }
    }

    fn missing(&self, path: &[String], segment: &str) -> Violation {
        let mut path = path.to_vec();
        path.push(segment.to_owned());
        let expected = match self.kind {
            Some(kind) => format!("a value of type {}, there is none", kind.name),
            None => "a value, there is none".to_owned(),
        };
        self.violation("required", &path, expected)
    }

    fn violation(
        &self,
        keyword: &'static str,
        path: &[String],
        expected: impl Into<String>,
    ) -> Violation {
        let instance = join(path);
        Violation::new(keyword, instance, self.text.clone(), expected)
    }
}
