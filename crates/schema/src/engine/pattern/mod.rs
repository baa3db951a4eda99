//! `pattern`: regular expressions of ECMA 262 that run in linear time.

mod ecma;

use regex_automata::meta::{Config, Regex};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use self::ecma::translate;

/// The most memory that one pattern may take once it is compiled, in bytes.
const SIZE_LIMIT: usize = 10 * 1024 * 1024;

/// A compiled pattern; it may match anywhere in a string.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    source: Box<str>,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// `^text`
    Prefix(Box<[u8]>),
    /// `^text$`
    Exact(Box<[u8]>),
    /// `^[class]{fewest,most}$`, for what is ASCII.
    Repeated {
        ascii: Box<[bool; 128]>,
        fewest: usize,
        most: usize,
        regex: Regex,
    },
    Regex(Regex),
}

impl Pattern {
    /// Compiles `source`; the error says why that is not possible.
    pub(crate) fn new(source: &str) -> Result<Self, String> {
        let translated = translate(source)?;
        let hir = regex_syntax::parse(&translated).map_err(|error| told(&error.to_string()))?;
        let kind = match Kind::simple(&hir) {
            Some(simple) => simple,
            None => {
                let config = Config::new()
                    .nfa_size_limit(Some(SIZE_LIMIT))
                    .utf8_empty(true);
                let regex = Regex::builder()
                    .configure(config)
                    .build_from_hir(&hir)
                    .map_err(|error| told(&error.to_string()))?;
                match repeated_class(&hir) {
                    Some((ascii, fewest, most)) => Kind::Repeated {
                        ascii,
                        fewest,
                        most,
                        regex,
                    },
                    None => Kind::Regex(regex),
                }
            }
        };
        Ok(Self {
            source: source.into(),
            kind,
        })
    }

    /// As the schema has it.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.matches_bytes(text.as_bytes())
    }

    /// Of bytes that are UTF-8.
    pub(crate) fn matches_bytes(&self, text: &[u8]) -> bool {
        match &self.kind {
            Kind::Prefix(prefix) => text.starts_with(prefix),
            Kind::Exact(exact) => text == &**exact,
            Kind::Repeated {
                ascii,
                fewest,
                most,
                regex,
            } => {
                if !text.is_ascii() {
                    return regex.is_match(text);
                }
                (*fewest..=*most).contains(&text.len())
                    && text.iter().all(|byte| ascii[usize::from(byte & 0x7f)])
            }
            Kind::Regex(regex) => regex.is_match(text),
        }
    }
}

/// The last line of an error, which names the fault; the ones before draw it.
fn told(error: &str) -> String {
    let line = error.lines().last().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

impl Kind {
    fn simple(hir: &Hir) -> Option<Self> {
        let HirKind::Concat(parts) = hir.kind() else {
            return None;
        };
        let is_start = |part: &Hir| matches!(part.kind(), HirKind::Look(Look::Start));
        let is_end = |part: &Hir| matches!(part.kind(), HirKind::Look(Look::End));
        let literal = |part: &Hir| match part.kind() {
            HirKind::Literal(literal) => Some(literal.0.clone()),
            _ => None,
        };
        match &parts[..] {
            [start, text] if is_start(start) => literal(text).map(Self::Prefix),
            [start, text, end] if is_start(start) && is_end(end) => literal(text).map(Self::Exact),
            _ => None,
        }
    }
}

/// Of `^[class]{fewest,most}$`.
fn repeated_class(hir: &Hir) -> Option<(Box<[bool; 128]>, usize, usize)> {
    let HirKind::Concat(parts) = hir.kind() else {
        return None;
    };
    let [start, repeated, end] = &parts[..] else {
        return None;
    };
    let (HirKind::Look(Look::Start), HirKind::Look(Look::End)) = (start.kind(), end.kind()) else {
        return None;
    };
    let (class, fewest, most) = match repeated.kind() {
        HirKind::Repetition(repetition) => (
            repetition.sub.kind(),
            repetition.min as usize,
            repetition.max.map_or(usize::MAX, |most| most as usize),
        ),
        kind => (kind, 1, 1),
    };
    let HirKind::Class(Class::Unicode(class)) = class else {
        return None;
    };
    let mut ascii = Box::new([false; 128]);
    for range in class.ranges() {
        for byte in 0..128_u8 {
            if range.start() <= char::from(byte) && char::from(byte) <= range.end() {
                ascii[usize::from(byte)] = true;
            }
        }
    }
    Some((ascii, fewest, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(text)
    }

    #[test]
    fn classes_are_those_of_ecma_262() {
        for (pattern, text, expected) in [
            (r"^\d+$", "123", true),
            (r"^\d+$", "١٢٣", false),
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"^\s$", "\u{feff}", true),
            (r"^\s$", "\u{b}", true),
            (r"^\S$", "\u{85}", true),
            (r"^.$", "\r", false),
            (r"^.$", "\u{2028}", false),
            (r"^[\w-]+$", "a-b", true),
            (r"(?x)^\s$", " ", true),
            (r"^[+--]$", ",", true),
            (r"^[+--]$", "+", true),
            (r"^[+--]$", ".", false),
            (r"^[---]$", "-", true),
            (r"^[a-c-e]$", "-", true),
            (r"^[a-c-e]$", "d", false),
            (r"^[a-z--/]$", ".", true),
            (r"^[\w--z]$", "-", true),
            (r"^[\w--z]$", ".", false),
            (r"^[\x41-\x43]$", "B", true),
            (r"^[\u0041-\u0043]$", "B", true),
            (r"^[\u{41}-\u{43}]$", "B", true),
            (r"^[\p{L}-]$", "é", true),
            (r"^[\cA-\cC]$", "\u{2}", true),
            (r"^[&-~]$", "a", true),
            (r"^[]a]$", "]", true),
            (r"^[^]]$", "a", true),
            (r"^[^]]$", "]", false),
            (r"^[\]^\[-]+$", "^-][", true),
            (r"^[^\d]$", "1", false),
            (r"^[[]$", "[", true),
            (r"^[a&&b]+$", "a&b", true),
            (r"^\cC$", "\u{3}", true),
            (r"^a$", "a\n", false),
            ("^foo", "foobar", true),
            ("^foo", "afoo", false),
            ("^foo$", "foobar", false),
            ("a", "bab", true),
            ("", "", true),
            (r"^\p{Letter}+$", "éa", true),
            ("^[a-z]{2,3}$", "ab", true),
            ("^[a-z]{2,3}$", "abcd", false),
            ("^[^a]{1}$", "é", true),
            (r"^a\/b$", "a/b", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text:?}");
        }
    }

    #[test]
    fn what_does_not_run_in_linear_time_is_refused() {
        for pattern in [
            "(?=a)",
            r"(a)\1",
            "(?<!a)b",
            "(?:a{1,1000}){1,1000}",
            "(",
            r"\a",
            "[]",
            "[^]",
            r"[+-\d]",
            r"[\d-x]",
            "[a--]",
            "[a",
            "[a-",
            r"[\",
        ] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }
}
