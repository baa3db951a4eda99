use std::borrow::Cow;

use crate::Duplicates;

/// Deepest nesting that is accepted: what `serde_json` accepts too.
const MAX_DEPTH: usize = 127;

/// Where and how a text is not strict JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) expected: &'static str,
    /// From the innermost segment outwards.
    path: Vec<String>,
}

impl Fault {
    const fn new(offset: usize, expected: &'static str) -> Self {
        Self {
            offset,
            expected,
            path: Vec::new(),
        }
    }

    fn within(mut self, segment: impl Into<String>) -> Self {
        self.path.push(segment.into());
        self
    }

    /// The fault's place as a JSON Pointer.
    pub(crate) fn pointer(&self) -> String {
        crate::pointer::join(self.path.iter().rev())
    }
}

/// Checks that `text` is one JSON text (RFC 8259) that every parser reads in the same way.
///
/// Stricter than the grammar where parsers differ: no byte order mark, no lone surrogates, no
/// number beyond `f64`, no key twice in one object, nesting of at most 127.
pub(crate) fn check(text: &[u8], duplicates: Duplicates) -> Result<(), Fault> {
    if let Err(error) = std::str::from_utf8(text) {
        return Err(Fault::new(error.valid_up_to(), "UTF-8"));
    }
    let mut scan = Scan {
        text,
        at: 0,
        duplicates,
    };
    scan.space();
    scan.value(0)?;
    scan.space();
    if scan.at < text.len() {
        return Err(scan.fault("nothing after the JSON text"));
    }
    Ok(())
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    duplicates: Duplicates,
}

impl<'a> Scan<'a> {
    const fn fault(&self, expected: &'static str) -> Fault {
        Fault::new(self.at, expected)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.peek() == Some(byte);
        self.at += usize::from(eaten);
        eaten
    }

    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => {
                Err(self.fault("at most 127 levels of nesting"))
            }
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => Err(self.fault("a JSON value")),
        }
    }

    fn literal(&mut self, word: &'static str) -> Result<(), Fault> {
        if !self.text[self.at..].starts_with(word.as_bytes()) {
            return Err(self.fault("a JSON value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), Fault> {
        self.at += 1;
        self.space();
        if self.eat(b']') {
            return Ok(());
        }
        let mut index = 0_usize;
        loop {
            self.space();
            self.value(depth)
                .map_err(|fault| fault.within(index.to_string()))?;
            self.space();
            if self.eat(b']') {
                return Ok(());
            }
            if !self.eat(b',') {
                return Err(self.fault("`,` or `]`"));
            }
            index += 1;
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Fault> {
        self.at += 1;
        self.space();
        if self.eat(b'}') {
            return Ok(());
        }
        let mut keys = Vec::new();
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.fault("a key in quotes"));
            }
            let start = self.at;
            let key = self.string()?;
            self.space();
            if !self.eat(b':') {
                return Err(self.fault("`:`"));
            }
            self.space();
            self.value(depth).map_err(|fault| fault.within(&*key))?;
            if self.duplicates == Duplicates::Reject {
                keys.push((key, start));
            }
            self.space();
            if self.eat(b'}') {
                return unique(keys);
            }
            if !self.eat(b',') {
                return Err(self.fault("`,` or `}`"));
            }
        }
    }

    /// The string without its quotes and escapes.
    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 1;
                    self.escape()?;
                }
                Some(0..=0x1f) | None => return Err(self.fault("the end of the string")),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        let quoted = &self.text[start..self.at];
        if escaped {
            // It was checked above, but for what only a decoder notices.
            return serde_json::from_slice::<String>(quoted)
                .map(Cow::Owned)
                .map_err(|_| Fault::new(start, "a string without lone surrogates"));
        }
        // The whole text is UTF-8, and quotes are ASCII.
        Ok(String::from_utf8_lossy(&quoted[1..quoted.len() - 1]))
    }

    /// What follows a backslash; surrogates are left to the decoder.
    fn escape(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                let digits = self.text.get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(self.fault("four hexadecimal digits"));
                }
                self.at += 5;
                Ok(())
            }
            _ => Err(self.fault("an escape of RFC 8259, section 7")),
        }
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        let finite = std::str::from_utf8(&self.text[start..self.at])
            .ok()
            .and_then(|number| number.parse::<f64>().ok())
            .is_some_and(f64::is_finite);
        if !finite {
            return Err(Fault::new(start, "a number that fits a 64-bit float"));
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.fault("a digit"));
        }
        Ok(())
    }
}

fn unique(mut keys: Vec<(Cow<'_, str>, usize)>) -> Result<(), Fault> {
    keys.sort_unstable();
    match keys.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(Fault::new(pair[1].1, "each key once").within(&*pair[1].0)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8]) -> Result<(), Fault> {
        super::check(text, Duplicates::Reject)
    }

    fn fault(text: impl AsRef<[u8]>) -> Fault {
        check(text.as_ref()).unwrap_err()
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
        assert_eq!((found.offset, &*found.pointer()), (22, "/x/1/ab"));
        assert_eq!(check(br#"[{"a":1},{"a":2}]"#), Ok(()));
        assert_eq!(super::check(br#"{"a":1,"a":2}"#, Duplicates::Allow), Ok(()));
    }

    #[test]
    fn nesting_ends_at_127() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(check(nested(127).as_bytes()), Ok(()));
        assert_eq!(fault(nested(128)).offset, 127);
        assert_eq!(fault("[".repeat(1_000_000)).offset, 127);
    }

    #[test]
    fn faults_say_where() {
        let found = fault(r#"{"a":{"b/c":[1,x]}}"#);
        assert_eq!((found.offset, &*found.pointer()), (15, "/a/b~1c/1"));
    }
}
