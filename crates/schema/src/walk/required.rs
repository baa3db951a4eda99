//! What the pointers require of a value.

use super::{Stop, Walk, skip};
use crate::finding::{Finding, Step};
use crate::required::{Kind, State};

impl<'a> Walk<'a> {
    /// Whether the value at the cursor is of a type in which what is asked for can be.
    pub(super) fn fits(&mut self, state: &'a State) -> Result<bool, Stop> {
        let Some(found) = self.kind() else {
            // No value at all, as is soon noticed.
            return Ok(true);
        };
        for (kind, pointer) in &state.kinds {
            if !self.is_of(found, *kind) {
                self.wrong(*pointer, kind.name())?;
                return Ok(false);
            }
        }
        if let Some(pointer) = state.every.filter(|_| found != Kind::Array) {
            self.wrong(pointer, Kind::Array.name())?;
            return Ok(false);
        }
        if !matches!(found, Kind::Array | Kind::Object) {
            let start = self.cursor.at();
            for member in &state.keys {
                self.missing(start, member.pointer, Step::known(&*member.name))?;
            }
        }
        Ok(true)
    }

    /// The type by the first character; each number is one.
    fn kind(&self) -> Option<Kind> {
        Some(match self.cursor.peek()? {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b't' | b'f' => Kind::Boolean,
            b'n' => Kind::Null,
            b'-' | b'0'..=b'9' => Kind::Number,
            _ => return None,
        })
    }

    fn is_of(&self, found: Kind, kind: Kind) -> bool {
        match (found, kind) {
            (Kind::Number, Kind::Integer) => {
                // What is no number at all is noticed when it is read.
                { self.cursor }.number().is_ok_and(is_integer)
            }
            _ => found == kind,
        }
    }

    fn wrong(&mut self, pointer: usize, expected: &'static str) -> Result<(), Stop> {
        let start = self.cursor.at();
        let end = skip(self.cursor).map_or(start, |behind| behind.at());
        self.tell(Finding {
            keyword: "type".into(),
            path: self.path.clone(),
            schema: self.written(pointer),
            expected: expected.into(),
            value: Some(start..end),
        })
    }

    pub(super) fn missing(&mut self, start: usize, pointer: usize, step: Step) -> Result<(), Stop> {
        let rule = self.required.map(|required| required.pointer(pointer));
        let mut path = self.path.clone();
        path.push(step);
        self.tell(Finding {
            keyword: "required".into(),
            path,
            schema: self.written(pointer),
            expected: rule.map_or_else(String::new, |rule| rule.missing()).into(),
            value: Some(start..start),
        })
    }

    fn written(&self, pointer: usize) -> String {
        let rule = self.required.map(|required| required.pointer(pointer));
        rule.map_or_else(String::new, |rule| rule.text.clone())
    }
}

/// `1.0` and `1e2` are integers, as in JSON Schema from draft 6 on.
fn is_integer(number: &[u8]) -> bool {
    let number = std::str::from_utf8(number).unwrap_or_default();
    !number.contains(['.', 'e', 'E'])
        || number
            .parse::<f64>()
            .is_ok_and(|number| number.fract() == 0.0)
}
