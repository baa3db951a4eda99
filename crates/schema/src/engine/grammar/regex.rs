//! Regular expressions of ECMA 262.

use super::cursor::Cursor;
use super::groups::{Group, Groups};

/// What stands before, which tells whether it may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// What matches characters.
    Atom,
    /// Nothing, what matches no characters, or what is repeated already.
    Other,
}

/// Whether it is one by the grammar of ECMA 262 (section 22.2.1, with `u`), but for escapes of
/// what is no letter or digit: these need no meaning, as without `u`. It is what `jsonschema`
/// asserts of `format: regex`, and so of the patterns of a schema up to draft 7.
pub(crate) fn is_regex(pattern: &str) -> bool {
    Reader {
        at: Cursor::new(pattern),
        groups: Groups::new(),
        referred: Vec::new(),
        last_number: 0,
    }
    .read()
    .is_some()
}

#[derive(Debug)]
struct Reader<'p> {
    at: Cursor<'p>,
    groups: Groups,
    /// The names that are referred to.
    referred: Vec<String>,
    /// The highest number that is.
    last_number: u64,
}

impl Reader<'_> {
    fn read(mut self) -> Option<()> {
        let mut before = Before::Other;
        while let Some(next) = self.at.next() {
            before = match next {
                '|' => {
                    self.groups.another_alternative();
                    Before::Other
                }
                '(' => {
                    self.groups.begin(&mut self.at)?;
                    Before::Other
                }
                ')' => match self.groups.end()? {
                    Group::Matching => Before::Atom,
                    Group::Looking => Before::Other,
                },
                '*' | '+' | '?' | '{' => {
                    if next == '{' {
                        self.counts()?;
                    }
                    if before != Before::Atom {
                        return None;
                    }
                    self.at.eat('?');
                    Before::Other
                }
                '}' | ']' => return None,
                '^' | '$' => Before::Other,
                '\\' => self.escape()?,
                '[' => {
                    self.at.class()?;
                    Before::Atom
                }
                _ => Before::Atom,
            };
        }
        let is_known = self.last_number <= self.groups.numbered
            && self.referred.iter().all(|name| self.groups.has(name));
        (is_known && self.groups.are_closed()).then_some(())
    }

    /// `n}`, `n,}` or `n,m}`; numbers may have more digits than any type holds.
    fn counts(&mut self) -> Option<()> {
        let significant = |digits: &'_ str| {
            let digits = digits.trim_start_matches('0');
            (digits.len(), digits.to_owned())
        };
        let fewest = self.at.digits()?;
        if self.at.eat(',') && self.at.peek() != Some('}') {
            let most = self.at.digits()?;
            if significant(fewest) > significant(most) {
                return None;
            }
        }
        self.at.expect('}')
    }

    /// Behind a backslash.
    fn escape(&mut self) -> Option<Before> {
        let digits = self.at.clone().digits();
        match self.at.next()? {
            'b' | 'B' => return Some(Before::Other),
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {}
            'p' | 'P' => self.at.property()?,
            'k' => {
                self.at.expect('<')?;
                let name = self.at.name()?;
                self.referred.push(name);
            }
            '1'..='9' => {
                let number = digits?.parse().unwrap_or(u64::MAX);
                self.at.digits();
                self.last_number = self.last_number.max(number);
            }
            other => {
                self.at.escaped(other)?;
            }
        }
        Some(Before::Atom)
    }
}

#[cfg(test)]
mod tests {
    use super::is_regex;

    #[test]
    fn what_the_grammar_has() {
        for pattern in [
            "",
            "|",
            "a|",
            "()",
            r"([abc])+\s+$",
            "(?<n>x)",
            r"(?<n>a)\k<n>",
            "(?<n>a)|(?<n>b)",
            r"(?<\u0061>x)\k<a>",
            "(?<$_>x)",
            "(?<=a+)b",
            "(?<!a)b",
            "(?=a)",
            "(?!a)",
            "(?:a)",
            "(?i:a)",
            "(?-i:a)",
            "(?im-s:a)",
            r"(a)\1",
            r"\1(a)",
            "[]",
            "[^]",
            "[a-]",
            "[-a]",
            "[a-z-9]",
            "[---]",
            r"[\d-]",
            r"[\b]",
            r"[\-]",
            r"[\]]",
            r"[\0]",
            r"[\cA]",
            r"[\p{L}]",
            "[{}]",
            "[a-z&&^b]",
            r"\cz",
            r"\0",
            r"\x41",
            r"\u0041",
            r"\u{1F600}",
            r"\uD83D\uDE00",
            r"\uD83D",
            r"[\uD83D\uDE00-\u{1F64F}]",
            r"\P{Lu}",
            r"\p{Script=Greek}",
            r"\b\B",
            r"^\-?\d+$",
            r"\:\@\ \_",
            "a*?b+?c??d{2}?e{2,}?f{2,3}?",
            "a{0,0}",
            "a{010,10}",
            "^$",
            "a{99999999999999999999,99999999999999999999}",
            ".",
            "\u{1F600}",
            "\n",
            ",",
        ] {
            assert!(is_regex(pattern), "{pattern}");
        }
    }

    #[test]
    fn what_it_has_not() {
        for pattern in [
            "^(abc]",
            r"\a",
            r"\é",
            "\\",
            "(?P<n>x)",
            "(?#c)a",
            "(?i)abc",
            "(?x) a",
            "(?-:a)",
            "(?ii:a)",
            "(?i-i:a)",
            "(?i-m-s:a)",
            "(?u:a)",
            "(?:",
            "(?<>x)",
            "(?<1a>x)",
            "(?<a-b>x)",
            "(?<a>x)(?<a>y)",
            "(?<a>x)|(?:(?<a>y)(?<a>z))",
            "(?<a>x)(?:y|(?<a>z))",
            r"\k<nope>",
            r"(?<n>a)\k",
            r"(?<n>a)\k<n",
            r"\2(a)",
            r"(a)\10",
            r"\00",
            r"\01",
            r"\x4",
            r"\xZZ",
            r"\u123",
            r"\u{}",
            r"\u{110000}",
            r"\u{41",
            r"\c1",
            r"\c",
            r"\p",
            r"\pL",
            r"\p{}",
            r"\p{L",
            r"\p{L=}",
            r"\p{a b}",
            "[",
            "[a",
            r"[\",
            "]",
            "}",
            "{",
            "a{",
            "a{,5}",
            "a{2,1}",
            "a{10,9}",
            "a{2",
            "a{2,",
            "a{x}",
            "[z-a]",
            r"[\w-a]",
            r"[a-\d]",
            r"[\B]",
            r"[\1]",
            r"[\k<n>]",
            r"[\c1]",
            r"[\a]",
            "[a-z&&[^aeiou]]",
            "*a",
            "a**",
            "a*??",
            "x{2}{3}",
            "a|*",
            "(*)",
            "^*",
            "$+",
            r"\b*",
            "(?=a)*",
            "(?<=a)?",
            ")",
            "())",
            "(a",
            "(?",
            "(?<",
            "(?<n",
            "(?<n>",
        ] {
            assert!(!is_regex(pattern), "{pattern}");
        }
    }
}
