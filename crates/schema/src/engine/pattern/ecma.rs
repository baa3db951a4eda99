//! From ECMA 262 to the syntax of the engine.

use std::iter::Peekable;
use std::str::Chars;

use super::Unusable;

const DIGIT: &str = "0-9";
const WORD: &str = "A-Za-z0-9_";
/// ECMA 262, sections 12.2 and 12.3: white space and line terminators.
const SPACE: &str =
    r"\t-\r\x{20}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}";
const DOT: &str = r"[^\n\r\x{2028}\x{2029}]";

/// Rewrites what the engine would read otherwise: its classes are Unicode's, its `.` matches some
/// line terminators, and within brackets it knows sets and their operators.
pub(super) fn translate(source: &str) -> Result<String, Unusable> {
    let mut translator = Translator {
        rest: source.chars().peekable(),
        out: String::with_capacity(source.len() + 16),
    };
    while let Some(character) = translator.rest.next() {
        match character {
            '\\' => {
                let atom = translator.escape()?;
                translator.out.push_str(&atom.text);
            }
            '[' => translator.class()?,
            '.' => translator.out.push_str(DOT),
            other => translator.out.push(other),
        }
    }
    Ok(translator.out)
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
}

/// What stands for one character, or within brackets for one of a set.
struct Atom {
    text: String,
    is_set: bool,
}

impl Atom {
    fn one(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_set: false,
        }
    }

    fn set(text: String) -> Self {
        Self { text, is_set: true }
    }
}

impl Translator<'_> {
    /// Behind an opening bracket.
    fn class(&mut self) -> Result<(), Unusable> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        // ECMA 262 has the class end here, which is never meant; `jsonschema` has a member too, but
        // reads what is an operator to its engine as one from here on.
        let begins_with_end = self.rest.next_if_eq(&']').is_some();
        if begins_with_end {
            self.out.push_str(r"\]");
        }
        while self.rest.next_if_eq(&']').is_none() {
            if begins_with_end && matches!(self.rest.peek(), Some('[' | '&' | '~' | '-')) {
                return Err(Unusable::Ambiguous);
            }
            let atom = self.member()?;
            self.out.push_str(&atom.text);
            let mut ahead = self.rest.clone();
            if ahead.next() != Some('-') || matches!(ahead.next(), None | Some(']')) {
                continue;
            }
            self.rest.next();
            if !atom.is_set {
                let last = self.member()?;
                if last.is_set {
                    return fault("a class as the end of a range");
                }
                self.out.push('-');
                self.out.push_str(&last.text);
            } else if self.rest.next_if_eq(&'-').is_some() {
                // Annex B: neither makes a range of a class.
                self.out.push_str(r"\-\-");
            } else {
                return fault("a class as the beginning of a range");
            }
        }
        self.out.push(']');
        Ok(())
    }

    /// One member of a class.
    fn member(&mut self) -> Result<Atom, Unusable> {
        match self.rest.next() {
            None => fault("brackets without an end"),
            Some('\\') => self.escape(),
            Some(operator @ ('[' | '^' | '-' | '&' | '~')) => {
                Ok(Atom::one(format!("\\{operator}")))
            }
            Some(other) => Ok(Atom::one(other)),
        }
    }

    /// Behind a backslash.
    fn escape(&mut self) -> Result<Atom, Unusable> {
        let Some(escaped) = self.rest.next() else {
            return fault("a backslash at its end");
        };
        Ok(match escaped {
            'd' => Atom::set(format!("[{DIGIT}]")),
            'D' => Atom::set(format!("[^{DIGIT}]")),
            'w' => Atom::set(format!("[{WORD}]")),
            'W' => Atom::set(format!("[^{WORD}]")),
            's' => Atom::set(format!("[{SPACE}]")),
            'S' => Atom::set(format!("[^{SPACE}]")),
            'p' | 'P' => Atom::set(format!("\\{escaped}{}", self.argument(1))),
            'x' => Atom::one(format!("\\x{}", self.argument(2))),
            'u' => Atom::one(format!("\\u{}", self.argument(4))),
            'c' => match self.rest.next() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    Atom::one(format!("\\x{{{:x}}}", u32::from(letter) % 32))
                }
                _ => return fault("\\c without a letter"),
            },
            // Bell and the like are none of ECMA 262.
            'a' => return fault("an escape that ECMA 262 does not know: \\a"),
            other => Atom::one(format!("\\{other}")),
        })
    }

    /// What an escape takes: so many letters and digits, or what stands in braces.
    fn argument(&mut self, most: usize) -> String {
        let mut taken = String::new();
        if self.rest.peek() == Some(&'{') {
            for character in self.rest.by_ref() {
                taken.push(character);
                if character == '}' {
                    break;
                }
            }
            return taken;
        }
        while taken.len() < most {
            match self.rest.next_if(char::is_ascii_alphanumeric) {
                Some(character) => taken.push(character),
                None => break,
            }
        }
        taken
    }
}

fn fault<T>(told: &str) -> Result<T, Unusable> {
    Err(Unusable::Fault(told.to_owned()))
}
