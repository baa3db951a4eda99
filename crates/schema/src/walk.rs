//! What is wrong with a body that the engine refused, in the words of the required pointers, or of
//! the grammar of JSON.

mod required;
mod seen;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use self::seen::Seen;
use crate::Duplicates;
use crate::cursor::{Cursor, Fault};
use crate::engine::MAX_DEPTH;
use crate::finding::{Finding, Step};
use crate::required::{Required, State};
use crate::settings::Settings;

/// What is wrong with `body`; nothing if it is strict JSON that has what is required.
pub(crate) fn findings(
    body: &[u8],
    required: Option<&Required>,
    settings: Settings,
) -> Vec<Finding> {
    let Settings {
        duplicates, most, ..
    } = settings;
    if duplicates == Duplicates::Reject {
        return find(body, required, duplicates, most).found;
    }
    // Where a key may stand twice the last of them counts, which a single pass cannot know.
    let json = find(body, None, duplicates, 1);
    if !json.found.is_empty() {
        return json.found;
    }
    if json.has_duplicates {
        return find_last(body, required, most);
    }
    find(body, required, duplicates, most).found
}

/// In a body in which keys stand twice, of which the last count. Offsets are not known.
fn find_last(body: &[u8], required: Option<&Required>, most: usize) -> Vec<Finding> {
    let last = serde_json::from_slice::<serde_json::Value>(body);
    let last = last.map(|body| body.to_string()).unwrap_or_default();
    let mut found = find(last.as_bytes(), required, Duplicates::Reject, most).found;
    found.iter_mut().for_each(|finding| finding.value = None);
    found
}

/// Reads `body` up to the last of the first `most` findings.
fn find<'a>(
    body: &'a [u8],
    required: Option<&'a Required>,
    duplicates: Duplicates,
    most: usize,
) -> Walk<'a> {
    let mut walk = Walk::new(Cursor::new(body), required, duplicates, most);
    if let Err(Stop) = walk.run() {}
    walk
}

/// From the beginning of a value to its end.
pub(crate) fn skip(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let mut walk = Walk::new(cursor, None, Duplicates::Allow, 1);
    walk.value(NOTHING, 0).ok()?;
    Some(walk.cursor)
}

/// Ends the pass: no more is wanted, or no more can be told.
#[derive(Debug)]
struct Stop;

struct Walk<'a> {
    cursor: Cursor<'a>,
    required: Option<&'a Required>,
    duplicates: Duplicates,
    has_duplicates: bool,
    path: Vec<Step>,
    found: Vec<Finding>,
    most: usize,
}

/// Nothing is asked of the value.
const NOTHING: Option<&State> = None;

impl<'a> Walk<'a> {
    const fn new(
        cursor: Cursor<'a>,
        required: Option<&'a Required>,
        duplicates: Duplicates,
        most: usize,
    ) -> Self {
        Self {
            cursor,
            required,
            duplicates,
            has_duplicates: false,
            path: Vec::new(),
            found: Vec::new(),
            most,
        }
    }

    fn run(&mut self) -> Result<(), Stop> {
        let state = self.required.map(|required| required.state(0));
        self.cursor.space();
        self.value(state, 0)?;
        self.cursor.space();
        if self.cursor.is_at_end() {
            Ok(())
        } else {
            Err(self.fault("nothing after the JSON text"))
        }
    }

    /// The text is no JSON here, which nothing can follow.
    fn fault(&mut self, expected: &'static str) -> Stop {
        let fault = self.cursor.fault(expected);
        self.fault_at(fault)
    }

    fn fault_at(&mut self, fault: Fault) -> Stop {
        self.found.push(Finding {
            keyword: Finding::SYNTAX.into(),
            path: self.path.clone(),
            schema: String::new(),
            expected: fault.expected.into(),
            value: Some(fault.offset..fault.offset),
        });
        Stop
    }

    fn value(&mut self, state: Option<&'a State>, depth: usize) -> Result<(), Stop> {
        let state = match state {
            Some(state) if !self.fits(state)? => NOTHING,
            state => state,
        };
        match self.cursor.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => {
                Err(self.fault("at most 127 levels of nesting"))
            }
            Some(b'{') => self.object(state, depth + 1),
            Some(b'[') => self.array(state, depth + 1),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) -> Result<(), Stop> {
        let read = match self.cursor.peek() {
            Some(b'"') => self.cursor.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.cursor.number().map(|_| ()),
            _ => self.cursor.literal(),
        };
        read.map_err(|fault| self.fault_at(fault))
    }

    fn array(&mut self, state: Option<&'a State>, depth: usize) -> Result<(), Stop> {
        let start = self.cursor.at();
        self.cursor.eat(b'[');
        self.cursor.space();
        let mut count = 0;
        if !self.cursor.eat(b']') {
            loop {
                self.path.push(Step::Index(count));
                let element = state.and_then(|state| self.element(state, count));
                self.value(element, depth)?;
                self.path.pop();
                count += 1;
                self.cursor.space();
                if self.cursor.eat(b']') {
                    break;
                }
                if !self.cursor.eat(b',') {
                    return Err(self.fault("`,` or `]`"));
                }
                self.cursor.space();
            }
        }
        let Some(state) = state else { return Ok(()) };
        for element in &state.indices {
            if element.index >= count {
                self.missing(start, element.pointer, Step::Index(element.index))?;
            }
        }
        for member in state.keys.iter().filter(|member| !member.is_index) {
            self.missing(start, member.pointer, Step::known(&*member.name))?;
        }
        Ok(())
    }

    fn element(&self, state: &'a State, index: usize) -> Option<&'a State> {
        let named = state.indices.iter().find(|element| element.index == index);
        let next = named.map(|element| element.state).or(state.elements)?;
        self.required.map(|required| required.state(next))
    }

    fn object(&mut self, state: Option<&'a State>, depth: usize) -> Result<(), Stop> {
        let start = self.cursor.at();
        let members = state.map_or(&[][..], |state| &state.keys);
        let mut seen = Seen::default();
        let mut keys = HashSet::new();
        self.cursor.eat(b'{');
        self.cursor.space();
        if !self.cursor.eat(b'}') {
            loop {
                if self.cursor.peek() != Some(b'"') {
                    return Err(self.fault("a key in quotes"));
                }
                let offset = self.cursor.at();
                let key = self.cursor.string();
                let key = key.map_err(|fault| self.fault_at(fault))?;
                let key = key.decode(self.cursor.text());
                let member = members.iter().position(|member| *member.name == key);
                if let Some(member) = member {
                    seen.insert(member);
                }
                self.path.push(Step::Key {
                    name: (*key).into(),
                    known: member.is_some(),
                });
                if !keys.insert(key) {
                    self.twice(offset)?;
                }
                self.cursor.space();
                if !self.cursor.eat(b':') {
                    return Err(self.fault("`:`"));
                }
                self.cursor.space();
                let next = member.map(|member| members[member].state);
                let next = next.zip(self.required);
                self.value(next.map(|(next, required)| required.state(next)), depth)?;
                self.path.pop();
                self.cursor.space();
                if self.cursor.eat(b'}') {
                    break;
                }
                if !self.cursor.eat(b',') {
                    return Err(self.fault("`,` or `}`"));
                }
                self.cursor.space();
            }
        }
        for (index, member) in members.iter().enumerate() {
            if !seen.contains(index) {
                self.missing(start, member.pointer, Step::known(&*member.name))?;
            }
        }
        Ok(())
    }

    /// The key at `offset` stood there before.
    fn twice(&mut self, offset: usize) -> Result<(), Stop> {
        self.has_duplicates = true;
        match self.duplicates {
            Duplicates::Allow => Ok(()),
            Duplicates::Reject => Err(self.fault_at(Fault {
                offset,
                expected: "each key once",
            })),
        }
    }

    /// Goes on if there is room for another.
    fn tell(&mut self, finding: Finding) -> Result<(), Stop> {
        self.found.push(finding);
        if self.found.len() < self.most {
            Ok(())
        } else {
            Err(Stop)
        }
    }
}
