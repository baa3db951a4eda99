//! `pattern`: regular expressions of ECMA 262 that run in linear time.

mod class;
mod ecma;

use std::fmt;

use regex_automata::meta::{Config, Regex};
use regex_syntax::hir::{Hir, HirKind, Look};

use self::class::Class;
use self::ecma::translate;

/// The most memory that one pattern may take once it is compiled, in bytes.
const SIZE_LIMIT: usize = 10 * 1024 * 1024;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It is none, or does not run in linear time.
    Fault(String),
    /// It takes more than [`SIZE_LIMIT`].
    TooLarge,
    /// It is read in one way or another.
    Ambiguous,
}

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
    /// `^[class]{fewest,most}$`, which is counted, however many there may be.
    Repeated {
        class: Class,
        fewest: usize,
        most: usize,
    },
    Regex(Regex),
}

impl Pattern {
    /// Compiles `source`.
    pub(crate) fn new(source: &str) -> Result<Self, Unusable> {
        let translated = translate(source)?;
        let hir = regex_syntax::parse(&translated).map_err(|error| told(&error.to_string()))?;
        let kind = match Kind::simple(&hir)? {
            Some(simple) => simple,
            None => Kind::Regex(engine(&hir)?),
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
                class,
                fewest,
                most,
            } => class
                .count(text)
                .is_some_and(|count| (*fewest..=*most).contains(&count)),
            Kind::Regex(regex) => regex.is_match(text),
        }
    }
}

fn engine(hir: &Hir) -> Result<Regex, Unusable> {
    let config = Config::new()
        .nfa_size_limit(Some(SIZE_LIMIT))
        .utf8_empty(true);
    Regex::builder()
        .configure(config)
        .build_from_hir(hir)
        .map_err(|error| match error.size_limit() {
            Some(_) => Unusable::TooLarge,
            None => told(&error.to_string()),
        })
}

/// The last line of an error, which names the fault; the ones before draw it.
fn told(error: &str) -> Unusable {
    let line = error.lines().last().unwrap_or_default();
    Unusable::Fault(line.strip_prefix("error: ").unwrap_or(line).to_owned())
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => f.write_str(fault),
            Self::Ambiguous => f.write_str("a class that begins with its end"),
            Self::TooLarge => write!(f, "it takes more than {SIZE_LIMIT} bytes once compiled"),
        }
    }
}

impl Kind {
    fn simple(hir: &Hir) -> Result<Option<Self>, Unusable> {
        let HirKind::Concat(parts) = hir.kind() else {
            return Ok(None);
        };
        let is_start = |part: &Hir| matches!(part.kind(), HirKind::Look(Look::Start));
        let is_end = |part: &Hir| matches!(part.kind(), HirKind::Look(Look::End));
        let literal = |part: &Hir| match part.kind() {
            HirKind::Literal(literal) => Some(literal.0.clone()),
            _ => None,
        };
        let simple = match &parts[..] {
            [start, text] if is_start(start) => literal(text).map(Self::Prefix),
            [start, repeated, end] if is_start(start) && is_end(end) => literal(repeated)
                .map(Self::Exact)
                .or_else(|| Self::repeated(repeated)),
            _ => None,
        };
        if let Some(Self::Repeated {
            most: usize::MAX, ..
        }) = simple
        {
            // `jsonschema` counts only what has an end.
            engine(hir)?;
        }
        Ok(simple)
    }

    fn repeated(hir: &Hir) -> Option<Self> {
        let (class, fewest, most) = match hir.kind() {
            HirKind::Repetition(repetition) => (
                repetition.sub.kind(),
                repetition.min as usize,
                repetition.max.map_or(usize::MAX, |most| most as usize),
            ),
            kind => (kind, 1, 1),
        };
        Some(Self::Repeated {
            class: Class::of(class)?,
            fewest,
            most,
        })
    }
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
            "(?=a)", r"(a)\1", "(?<!a)b", "(", r"\a", "[]", "[^]", r"[+-\d]", r"[\d-x]", "[a--]",
            "[a", "[a-", r"[\",
        ] {
            let fault = Pattern::new(pattern).unwrap_err();
            assert!(matches!(fault, Unusable::Fault(_)), "{pattern}");
        }
    }

    #[test]
    fn what_takes_too_much_memory_is_told_apart_from_what_is_counted() {
        for pattern in ["(?:a{1,1000}){1,1000}", r"^\p{L}{9999,}$"] {
            let fault = Pattern::new(pattern).unwrap_err();
            assert_eq!(fault, Unusable::TooLarge, "{pattern}");
            assert!(fault.to_string().contains("10485760 bytes"), "{fault}");
        }
        let text = "é".repeat(99_999);
        for (pattern, expected) in [
            (r"^\p{L}{0,99999}$", true),
            (r"^\p{L}{0,99998}$", false),
            (r"^(?:\p{L}){99999}$", true),
            (r"^[^é]{0,99999}$", false),
        ] {
            assert_eq!(matches(pattern, &text), expected, "{pattern}");
        }
    }
}
