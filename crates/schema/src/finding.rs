use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::pointer;

/// What broke a rule, and where, before it is decided how much of the body may be shown.
///
/// Each engine returns these; [`Violation`](crate::Violation) is made of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The keyword of JSON Schema, or the kind of another rule.
    pub(crate) keyword: Cow<'static, str>,
    /// Where the value at fault is, from the root.
    pub(crate) path: Vec<Step>,
    /// The rule: a JSON Pointer into the schema, or the required pointer as it was written.
    pub(crate) schema: String,
    /// What should have been there. It stems from the contract, never from the body.
    pub(crate) expected: Cow<'static, str>,
    /// The bytes of the value at fault; its start is the offset that is told. Empty at the place
    /// of a value that is missing, `None` if it was not looked for.
    pub(crate) value: Option<Range<usize>>,
}

impl Finding {
    /// The text is no strict JSON.
    pub(crate) const SYNTAX: &'static str = "json";

    /// Of a body so deep, and a schema that branches so often, that the place was not found.
    pub(crate) fn somewhere() -> Self {
        Self {
            keyword: "schema".into(),
            path: Vec::new(),
            schema: String::new(),
            expected: "what the schema says; it branches too often to tell where".into(),
            value: None,
        }
    }

    /// Of a body that was not judged, since it is too deep for what the schema asks.
    #[cfg_attr(not(feature = "full"), allow(dead_code))]
    pub(crate) fn too_deep() -> Self {
        Self {
            expected: "a body that is not too deep for this schema to be judged".into(),
            ..Self::somewhere()
        }
    }

    /// Whether the text is no strict JSON.
    pub(crate) fn is_syntax(&self) -> bool {
        self.keyword == Self::SYNTAX
    }
}

/// One segment of an instance pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Index(usize),
    Key {
        /// Without quotes and escapes; shared by all that is found below a key, which may be long.
        name: Arc<str>,
        /// Whether the contract spells this key. One that it does not is data, and is masked.
        known: bool,
    },
}

/// What stands for a segment that is data.
const MASK: &str = "*";

impl Step {
    pub(crate) fn known(name: impl Into<Arc<str>>) -> Self {
        Self::Key {
            name: name.into(),
            known: true,
        }
    }

    #[cfg_attr(not(any(test, feature = "full")), allow(dead_code))]
    pub(crate) fn data(name: impl Into<Arc<str>>) -> Self {
        Self::Key {
            name: name.into(),
            known: false,
        }
    }
}

/// The JSON Pointer of `path`, with at most `excerpt` bytes of each key that is data, if any.
pub(crate) fn instance(path: &[Step], excerpt: Option<usize>) -> String {
    let mut text = String::new();
    for step in path {
        match (step, excerpt) {
            (Step::Index(index), _) => pointer::push_segment(&mut text, &index.to_string()),
            (Step::Key { name, known: true }, _) => pointer::push_segment(&mut text, name),
            (Step::Key { name, .. }, Some(most)) => {
                pointer::push_segment(&mut text, &cut(name, most));
            }
            (Step::Key { .. }, None) => pointer::push_segment(&mut text, MASK),
        }
    }
    text
}

/// At most `most` bytes of `text`, cut between characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    format!("{}\u{2026}", &text[..end.unwrap_or(0)])
}

/// At most `most` bytes of the value, cut between characters, with control characters escaped.
pub(crate) fn excerpt(body: &[u8], value: &Range<usize>, most: usize) -> Option<String> {
    let value = body.get(value.clone()).filter(|value| !value.is_empty())?;
    let shown = &value[..value.len().min(most)];
    let valid = match std::str::from_utf8(shown) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&shown[..error.valid_up_to()]).unwrap_or_default(),
    };
    let mut text = pointer::escape(valid);
    if valid.len() < value.len() {
        text.push('\u{2026}');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_the_contract_does_not_spell_are_masked_unless_data_may_be_shown() {
        let path = [
            Step::known("users"),
            Step::data("a@b/c"),
            Step::Index(3),
            Step::known("~x"),
        ];
        assert_eq!(instance(&path, None), "/users/*/3/~0x");
        assert_eq!(instance(&path, Some(5)), "/users/a@b~1c/3/~0x");
        assert_eq!(instance(&path, Some(4)), "/users/a@b~1\u{2026}/3/~0x");
        assert_eq!(instance(&path, Some(0)), "/users/\u{2026}/3/~0x");
        assert_eq!(instance(&[], None), "");
    }

    #[test]
    fn excerpts_are_cut_between_characters_and_cannot_break_a_line() {
        let body = "[\"\u{e9}\u{e9}\n\"]".as_bytes();
        let whole = 1..body.len() - 1;
        assert_eq!(
            excerpt(body, &whole, 99).unwrap(),
            "\"\u{e9}\u{e9}\\u000a\""
        );
        assert_eq!(excerpt(body, &whole, 4).unwrap(), "\"\u{e9}\u{2026}");
        assert_eq!(excerpt(body, &whole, 0).unwrap(), "\u{2026}");
        assert_eq!(excerpt(body, &(1..1), 9), None);
        assert_eq!(excerpt(body, &(90..99), 9), None);
    }
}
