//! One pass over a body: that it is strict JSON, and that it has what is required.

mod observe;
mod seen;
#[cfg(test)]
mod tests;

use self::observe::{Blind, Observe, Stop, Trace};
use self::seen::Seen;
use crate::Duplicates;
use crate::contract::Settings;
use crate::finding::{Finding, Step};
use crate::json::{Cursor, Fault, Keys, MAX_DEPTH, Number};
use crate::required::{Kind, Required, State};

/// What is wrong with `body`; nothing if it is strict JSON that has what is required.
///
/// Allocates nothing for a body that is right and whose objects have few keys.
pub(crate) fn findings(
    body: &[u8],
    required: Option<&Required>,
    settings: Settings,
) -> Vec<Finding> {
    let Settings {
        duplicates, most, ..
    } = settings;
    match check(body, required, duplicates) {
        Verdict::Met {
            has_duplicates: false,
        } => Vec::new(),
        Verdict::Broken if duplicates == Duplicates::Reject => {
            find(body, required, duplicates, most)
        }
        // Where a key may stand twice the last of them counts, which a single pass cannot know.
        _ => match check(body, None, duplicates) {
            Verdict::Met {
                has_duplicates: true,
            } => find_last(body, required, most),
            Verdict::Met { .. } => find(body, required, duplicates, most),
            Verdict::Broken => find(body, None, duplicates, 1),
        },
    }
}

/// In a body in which keys stand twice, of which the last count. Offsets are not known.
fn find_last(body: &[u8], required: Option<&Required>, most: usize) -> Vec<Finding> {
    let last = serde_json::from_slice::<serde_json::Value>(body);
    let last = last.map(|body| body.to_string()).unwrap_or_default();
    let mut found = find(last.as_bytes(), required, Duplicates::Reject, most);
    found.iter_mut().for_each(|finding| finding.value = None);
    found
}

/// What a pass came to.
enum Verdict {
    Met {
        /// Whether a key stands twice in an object, which was allowed.
        has_duplicates: bool,
    },
    /// The rest was not read.
    Broken,
}

fn check(body: &[u8], required: Option<&Required>, duplicates: Duplicates) -> Verdict {
    let Ok(cursor) = Cursor::new(body) else {
        return Verdict::Broken;
    };
    let mut walk = Walk::new(cursor, required, duplicates, Blind);
    match walk.run() {
        Ok(()) => Verdict::Met {
            has_duplicates: walk.has_duplicates,
        },
        Err(Stop) => Verdict::Broken,
    }
}

/// The first `most` findings in `body`, which is read again up to the last of them.
fn find(
    body: &[u8],
    required: Option<&Required>,
    duplicates: Duplicates,
    most: usize,
) -> Vec<Finding> {
    let mut trace = Trace::new(most);
    match Cursor::new(body) {
        Ok(cursor) => {
            let mut walk = Walk::new(cursor, required, duplicates, trace);
            let _ = walk.run();
            walk.observe.found
        }
        Err(fault) => {
            let _ = trace.fault(fault);
            trace.found
        }
    }
}

struct Walk<'a, O> {
    cursor: Cursor<'a>,
    required: Option<&'a Required>,
    duplicates: Duplicates,
    keys: Keys<'a>,
    has_duplicates: bool,
    observe: O,
}

/// Nothing is asked of the value.
const NOTHING: Option<&State> = None;

impl<'a, O: Observe> Walk<'a, O> {
    const fn new(
        cursor: Cursor<'a>,
        required: Option<&'a Required>,
        duplicates: Duplicates,
        observe: O,
    ) -> Self {
        Self {
            cursor,
            required,
            duplicates,
            keys: Keys::new(),
            has_duplicates: false,
            observe,
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

    fn fault(&mut self, expected: &'static str) -> Stop {
        self.observe.fault(self.cursor.fault(expected))
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
        read.map_err(|fault| self.observe.fault(fault))
    }

    fn array(&mut self, state: Option<&'a State>, depth: usize) -> Result<(), Stop> {
        let start = self.cursor.at();
        self.cursor.eat(b'[');
        self.cursor.space();
        let mut count = 0;
        if !self.cursor.eat(b']') {
            loop {
                self.observe.enter(|| Step::Index(count));
                let element = state.and_then(|state| self.element(state, count));
                self.value(element, depth)?;
                self.observe.leave();
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
                self.missing(start, element.pointer, || Step::Index(element.index))?;
            }
        }
        for member in state.keys.iter().filter(|member| !member.is_index) {
            self.missing(start, member.pointer, || Step::known(&*member.name))?;
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
        let opened = self.keys.open();
        self.cursor.eat(b'{');
        self.cursor.space();
        if !self.cursor.eat(b'}') {
            loop {
                if self.cursor.peek() != Some(b'"') {
                    return Err(self.fault("a key in quotes"));
                }
                let offset = self.cursor.at();
                let key = self.cursor.string();
                let key = key.map_err(|fault| self.observe.fault(fault))?;
                self.cursor.space();
                if !self.cursor.eat(b':') {
                    return Err(self.fault("`:`"));
                }
                self.cursor.space();
                let member = members.iter().position(|member| key.is(&member.name));
                if let Some(member) = member {
                    seen.insert(member);
                }
                self.keys.push(key, offset);
                self.observe.enter(|| Step::Key {
                    name: key.decode().into_owned(),
                    known: member.is_some(),
                });
                let member = member.map(|member| members[member].state);
                let next = member.zip(self.required);
                self.value(next.map(|(next, required)| required.state(next)), depth)?;
                self.observe.leave();
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
        if let Some((key, offset)) = self.keys.close(opened) {
            self.has_duplicates = true;
            if self.duplicates == Duplicates::Reject {
                let known = members.iter().any(|member| key.is(&member.name));
                let name = key.decode().into_owned();
                self.observe.enter(|| Step::Key { name, known });
                return Err(self.observe.fault(Fault {
                    offset,
                    expected: "each key once",
                }));
            }
        }
        for (index, member) in members.iter().enumerate() {
            if !seen.contains(index) {
                self.missing(start, member.pointer, || Step::known(&*member.name))?;
            }
        }
        Ok(())
    }

    /// Whether the value at the cursor is of a type in which what is asked for can be.
    fn fits(&mut self, state: &'a State) -> Result<bool, Stop> {
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
                self.missing(start, member.pointer, || Step::known(&*member.name))?;
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
                self.cursor.clone().number().is_ok_and(Number::is_integer)
            }
            _ => found == kind,
        }
    }

    fn wrong(&mut self, pointer: usize, expected: &'static str) -> Result<(), Stop> {
        let cursor = &self.cursor;
        let rule = self.required.map(|required| required.pointer(pointer));
        let going_on = self.observe.broken(|| {
            let start = cursor.at();
            Finding {
                keyword: "type".into(),
                path: Vec::new(),
                schema: rule.map_or_else(String::new, |rule| rule.text.clone()),
                expected: expected.into(),
                value: Some(start..end_of_value(cursor.clone())),
            }
        });
        if going_on.is_break() {
            Err(Stop)
        } else {
            Ok(())
        }
    }

    fn missing(
        &mut self,
        start: usize,
        pointer: usize,
        step: impl FnOnce() -> Step,
    ) -> Result<(), Stop> {
        let rule = self.required.map(|required| required.pointer(pointer));
        let going_on = self.observe.broken(|| Finding {
            keyword: "required".into(),
            path: vec![step()],
            schema: rule.map_or_else(String::new, |rule| rule.text.clone()),
            expected: rule.map_or_else(String::new, |rule| rule.missing()).into(),
            value: Some(start..start),
        });
        if going_on.is_break() {
            Err(Stop)
        } else {
            Ok(())
        }
    }
}

/// From the beginning of a value to its end.
pub(crate) fn skip(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let mut walk = Walk::new(cursor, None, Duplicates::Allow, Blind);
    walk.value(NOTHING, 0).ok()?;
    Some(walk.cursor)
}

/// Where the value ends that begins at the cursor; its beginning, if it has a fault.
fn end_of_value(cursor: Cursor<'_>) -> usize {
    let start = cursor.at();
    skip(cursor).map_or(start, |behind| behind.at())
}
