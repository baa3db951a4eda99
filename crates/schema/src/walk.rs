//! One pass over a body: that it is strict JSON, and that it has what is required.

use std::ops::ControlFlow;

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
    let mut trace = Trace {
        path: Vec::new(),
        found: Vec::new(),
        most,
    };
    match Cursor::new(body) {
        Ok(cursor) => {
            let mut walk = Walk::new(cursor, required, duplicates, trace);
            let _ = walk.run();
            walk.watch.found
        }
        Err(fault) => {
            let _ = trace.fault(fault);
            trace.found
        }
    }
}

/// Stops the pass: the verdict is known.
struct Stop;

/// What is done besides deciding. The first pass does nothing; a second one finds the place.
trait Watch {
    fn enter(&mut self, step: impl FnOnce() -> Step);
    fn leave(&mut self);
    /// A rule is broken; goes on where there is room for another finding.
    fn broken(&mut self, finding: impl FnOnce() -> Finding) -> ControlFlow<()>;
    /// The text is no JSON, which nothing can follow.
    fn fault(&mut self, fault: Fault) -> Stop;
}

struct Blind;

impl Watch for Blind {
    fn enter(&mut self, _: impl FnOnce() -> Step) {}

    fn leave(&mut self) {}

    fn broken(&mut self, _: impl FnOnce() -> Finding) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn fault(&mut self, _: Fault) -> Stop {
        Stop
    }
}

struct Trace {
    path: Vec<Step>,
    found: Vec<Finding>,
    most: usize,
}

impl Watch for Trace {
    fn enter(&mut self, step: impl FnOnce() -> Step) {
        self.path.push(step());
    }

    fn leave(&mut self) {
        self.path.pop();
    }

    fn broken(&mut self, finding: impl FnOnce() -> Finding) -> ControlFlow<()> {
        let mut finding = finding();
        // What the finding adds is a segment that is missing.
        finding.path.splice(0..0, self.path.iter().cloned());
        self.found.push(finding);
        if self.found.len() < self.most {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn fault(&mut self, fault: Fault) -> Stop {
        self.found.push(Finding {
            keyword: Finding::SYNTAX.into(),
            path: self.path.clone(),
            schema: String::new(),
            expected: fault.expected.into(),
            value: Some(fault.offset..fault.offset),
        });
        Stop
    }
}

struct Walk<'a, W> {
    cursor: Cursor<'a>,
    required: Option<&'a Required>,
    duplicates: Duplicates,
    keys: Keys<'a>,
    has_duplicates: bool,
    watch: W,
}

/// Nothing is asked of the value.
const NOTHING: Option<&State> = None;

impl<'a, W: Watch> Walk<'a, W> {
    const fn new(
        cursor: Cursor<'a>,
        required: Option<&'a Required>,
        duplicates: Duplicates,
        watch: W,
    ) -> Self {
        Self {
            cursor,
            required,
            duplicates,
            keys: Keys::new(),
            has_duplicates: false,
            watch,
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
        self.watch.fault(self.cursor.fault(expected))
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
        read.map_err(|fault| self.watch.fault(fault))
    }

    fn array(&mut self, state: Option<&'a State>, depth: usize) -> Result<(), Stop> {
        let start = self.cursor.at();
        self.cursor.eat(b'[');
        self.cursor.space();
        let mut count = 0;
        if !self.cursor.eat(b']') {
            loop {
                self.watch.enter(|| Step::Index(count));
                let element = state.and_then(|state| self.element(state, count));
                self.value(element, depth)?;
                self.watch.leave();
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
                let key = key.map_err(|fault| self.watch.fault(fault))?;
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
                self.watch.enter(|| Step::Key {
                    name: key.decode().into_owned(),
                    known: member.is_some(),
                });
                let member = member.map(|member| members[member].state);
                let next = member.zip(self.required);
                self.value(next.map(|(next, required)| required.state(next)), depth)?;
                self.watch.leave();
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
                self.watch.enter(|| Step::Key { name, known });
                return Err(self.watch.fault(Fault {
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
        let going_on = self.watch.broken(|| {
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
        let going_on = self.watch.broken(|| Finding {
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

/// Where the value ends that begins at the cursor; its beginning, if it has a fault.
fn end_of_value(cursor: Cursor<'_>) -> usize {
    let start = cursor.at();
    let mut walk = Walk::new(cursor, None, Duplicates::Allow, Blind);
    match walk.value(NOTHING, 0) {
        Ok(()) => walk.cursor.at(),
        Err(Stop) => start,
    }
}

/// Which members of an object were there.
#[derive(Default)]
struct Seen {
    first: u64,
    others: Vec<u64>,
}

impl Seen {
    fn insert(&mut self, member: usize) {
        if member < 64 {
            self.first |= 1 << member;
            return;
        }
        let word = member / 64 - 1;
        if self.others.len() <= word {
            self.others.resize(word + 1, 0);
        }
        self.others[word] |= 1 << (member % 64);
    }

    fn contains(&self, member: usize) -> bool {
        let word = match member / 64 {
            0 => self.first,
            word => self.others.get(word - 1).copied().unwrap_or_default(),
        };
        word & 1 << (member % 64) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(duplicates: Duplicates) -> Settings {
        Settings {
            duplicates,
            most: 9,
            excerpt: None,
        }
    }

    fn check(text: &[u8]) -> Result<(), Finding> {
        let findings = findings(text, None, settings(Duplicates::Reject));
        findings.into_iter().next().map_or(Ok(()), Err)
    }

    /// Offset and pointer of the fault.
    fn fault(text: impl AsRef<[u8]>) -> (usize, String) {
        let found = check(text.as_ref()).unwrap_err();
        let pointer = crate::finding::instance(&found.path, true);
        (found.value.unwrap().start, pointer)
    }

    /// Instance and keyword of each finding.
    fn required(pointers: &[&str], text: &str, duplicates: Duplicates) -> Vec<String> {
        let required = Required::compile(pointers).unwrap();
        let found = findings(text.as_bytes(), Some(&required), settings(duplicates));
        let line = |found: &Finding| {
            let instance = crate::finding::instance(&found.path, false);
            format!("{} {instance}", found.keyword)
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn what_serde_json_reads_is_accepted() {
        for text in [
            "{}",
            "[]",
            "0",
            "-0.0",
            "1e2",
            "1E-2",
            "\"\"",
            "true",
            " null\n",
            "[1,[2,{\"a\":[]}]]",
            r#"{"a":"\ud83d\ude00\u00e9\n","b":{"a":1}}"#,
            "123456789012345678901234567890123456789012",
        ] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
            assert!(
                serde_json::from_str::<serde_json::Value>(text).is_ok(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_serde_json_refuses_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "{,}",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "-",
            "nul",
            "tru",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\t\"",
            "{} {}",
            "1 2",
            "\u{feff}1",
            "\"\\ud800\"",
            "\"\\ud800x\"",
            "\"\\udc00\"",
            "1e400",
            "-1e400",
            "'a'",
            "[1 2]",
        ] {
            assert!(check(text.as_bytes()).is_err(), "{text}");
            assert!(
                serde_json::from_str::<serde_json::Value>(text).is_err(),
                "{text}"
            );
        }
        assert!(check(b"\"\xff\"").is_err());
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_however_it_is_written() {
        let found = fault(r#"{"x":[0,{"ab":1,"c":2,"\u0061b":3}]}"#);
        assert_eq!(found, (22, "/x/1/ab".to_owned()));
        assert_eq!(check(br#"[{"a":1},{"a":2}]"#), Ok(()));
        let allowed = settings(Duplicates::Allow);
        assert!(findings(br#"{"a":1,"a":2}"#, None, allowed).is_empty());
    }

    #[test]
    fn nesting_ends_at_127() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(check(nested(127).as_bytes()), Ok(()));
        assert_eq!(fault(nested(128)).0, 127);
        assert_eq!(fault("[".repeat(1_000_000)).0, 127);
    }

    #[test]
    fn faults_say_where() {
        let found = fault(r#"{"a":{"b/c":[1,x]}}"#);
        assert_eq!(found, (15, "/a/b~1c/1".to_owned()));
    }

    #[test]
    fn every_finding_is_collected_up_to_the_limit() {
        let pointers = ["/a/*/id: integer", "/a/*/name", "/b: string"];
        let text = r#"{"a":[{"id":1,"name":""},{"id":"1"},7,{"name":1}],"b":1}"#;
        assert_eq!(
            required(&pointers, text, Duplicates::Reject),
            [
                "type /a/1/id",
                "required /a/1/name",
                "required /a/2/id",
                "required /a/2/name",
                "required /a/3/id",
                "type /b",
            ]
        );
        let many = format!("[{}]", ["{}"; 20].join(","));
        assert_eq!(required(&["/*/x"], &many, Duplicates::Reject).len(), 9);
    }

    #[test]
    fn what_was_found_before_a_fault_of_syntax_is_kept() {
        let found = required(&["/a: string"], r#"{"a":1,"b":x}"#, Duplicates::Reject);
        assert_eq!(found, ["type /a", "json /*"]);
    }

    #[test]
    fn an_element_is_held_to_its_index_and_to_every() {
        let pointers = ["/*/id", "/0/name", "/2/id: string"];
        for (text, expected) in [
            (r#"[{"id":1,"name":2},{"id":1},{"id":""}]"#, &[][..]),
            (r#"[{"id":1},{"id":1},{"id":""}]"#, &["required /0/name"]),
            (
                r#"[{"name":1},{},{"id":1}]"#,
                &["required /0/id", "required /1/id", "type /2/id"],
            ),
            ("[]", &["required /0", "required /2"]),
            ("{}", &["type "]),
        ] {
            assert_eq!(
                required(&pointers, text, Duplicates::Reject),
                expected,
                "{text}"
            );
        }
        // An index is a key of an object, too.
        assert!(required(&["/0"], r#"{"0":1}"#, Duplicates::Reject).is_empty());
    }

    #[test]
    fn of_keys_that_may_stand_twice_the_last_counts() {
        let twice = |text| required(&["/a: string", "/b"], text, Duplicates::Allow);
        assert_eq!(twice(r#"{"a":1,"a":"","b":1}"#), [""; 0]);
        assert_eq!(twice(r#"{"a":"","a":1,"b":1}"#), ["type /a"]);
        assert_eq!(twice(r#"{"a":"","a":"1"}"#), ["required /b"]);
        assert_eq!(twice(r#"{"a":"","a":1,"b":1"#), ["json "]);
        assert_eq!(twice(r#"{"a":1,"b":1}"#), ["type /a"]);
    }

    #[test]
    fn many_members_are_each_looked_for() {
        let pointers: Vec<String> = (0..200).map(|key| format!("/k{key}")).collect();
        let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
        let members = |keys: &mut dyn Iterator<Item = usize>| {
            let members: Vec<String> = keys.map(|key| format!("\"k{key}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        let whole = members(&mut (0..200).rev());
        assert!(required(&pointers, &whole, Duplicates::Reject).is_empty());
        for missing in [0, 63, 64, 127, 128, 199] {
            let text = members(&mut (0..200).filter(|key| *key != missing));
            let expected = format!("required /k{missing}");
            assert_eq!(required(&pointers, &text, Duplicates::Reject), [expected]);
        }
    }
}
