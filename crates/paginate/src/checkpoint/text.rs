//! A checkpoint as text, to be kept and read again.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Checkpoint, Prints};
use crate::cursor::text::MAX_CURSOR_BYTES;

/// How long the text of a checkpoint may be: a cursor's limit twice, since JSON may have to escape
/// each byte of it, and 1 KiB for the rest.
pub const MAX_CHECKPOINT_BYTES: usize = 2 * MAX_CURSOR_BYTES + 1024;

/// A checkpoint as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    v: u32,
    request: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strategy: Option<String>,
    cursor: Option<Box<str>>,
    page: u64,
    items: u64,
    /// `null` stands for the whole page.
    taken: Option<u64>,
    done: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mark: Option<String>,
}

const VERSION: u32 = 1;

/// Reads what was written of a hash.
fn print(text: &str) -> Option<u64> {
    let digits = |digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    let hex = text.len() == 16 && text.bytes().all(digits);
    hex.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

impl TryFrom<Raw> for Checkpoint {
    type Error = InvalidCheckpoint;

    fn try_from(raw: Raw) -> Result<Self, InvalidCheckpoint> {
        let invalid = || InvalidCheckpoint(());
        let optional =
            |hex: Option<String>| hex.map(|hex| print(&hex).ok_or_else(invalid)).transpose();
        let cursor = raw.cursor.as_deref().unwrap_or_default();
        // A page number that cannot be counted on from is none that was ever written.
        let counts = [raw.page, raw.items, raw.taken.unwrap_or(0)];
        if raw.v != VERSION
            || cursor.len() > MAX_CURSOR_BYTES
            || counts.iter().any(|count| *count > u64::MAX / 2)
        {
            return Err(invalid());
        }
        Ok(Self {
            prints: Prints {
                request: print(&raw.request).ok_or_else(invalid)?,
                strategy: optional(raw.strategy)?,
            },
            mark: optional(raw.mark)?,
            cursor: raw.cursor,
            page: raw.page,
            items: raw.items,
            taken: raw.taken.unwrap_or(u64::MAX),
            done: raw.done,
        })
    }
}

impl From<Checkpoint> for Raw {
    fn from(checkpoint: Checkpoint) -> Self {
        let hex = |print: u64| format!("{print:016x}");
        Self {
            v: VERSION,
            request: hex(checkpoint.prints.request),
            strategy: checkpoint.prints.strategy.map(hex),
            cursor: checkpoint.cursor,
            page: checkpoint.page,
            items: checkpoint.items,
            taken: Some(checkpoint.taken).filter(|taken| *taken != u64::MAX),
            done: checkpoint.done,
            mark: checkpoint.mark.map(hex),
        }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Checkpoint {
    type Err = InvalidCheckpoint;

    /// Reads what [`Display`](fmt::Display) has written.
    fn from_str(text: &str) -> Result<Self, InvalidCheckpoint> {
        if text.len() > MAX_CHECKPOINT_BYTES {
            return Err(InvalidCheckpoint(()));
        }
        serde_json::from_str(text).map_err(|_| InvalidCheckpoint(()))
    }
}

/// A text is no checkpoint. It is not repeated, since a cursor may hold a credential.
#[derive(Debug)]
pub struct InvalidCheckpoint(());

impl fmt::Display for InvalidCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a checkpoint of this version, or longer than {MAX_CHECKPOINT_BYTES} bytes; \
             start without it"
        )
    }
}

impl Error for InvalidCheckpoint {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Checkpoint> {
        text.parse().ok()
    }

    const GOOD: &str = r#"{"v":1,"request":"0123456789abcdef","cursor":"t[\"secret\"]","page":2,"items":20,"taken":null,"done":true}"#;
    const FULL: &str = r#"{"v":1,"request":"0123456789abcdef","strategy":"fedcba9876543210","cursor":"n1","page":2,"items":20,"taken":1,"done":false,"mark":"00000000000000ff"}"#;

    #[test]
    fn a_checkpoint_survives_its_text_and_shows_no_cursor() {
        let checkpoint = parse(GOOD).expect("it is one");
        assert_eq!(checkpoint.to_string(), GOOD);
        assert!(checkpoint.is_done());
        assert!(!format!("{checkpoint:?}").contains("secret"));
        assert_eq!(parse(FULL).expect("it is one").to_string(), FULL);
    }

    #[test]
    fn what_is_no_checkpoint_is_refused_without_repeating_it() {
        for (from, to) in [
            ("\"v\":1", "\"v\":2"),
            ("0123456789abcdef", "0123456789abcde"),
            ("0123456789abcdef", "+123456789abcdef"),
            ("0123456789abcdef", "0123456789ABCDEF"),
            ("\"page\":2", "\"page\":-2"),
            ("\"page\":2", "\"page\":18446744073709551615"),
            ("\"items\":20,", ""),
            ("\"done\":true", "\"done\":true,\"more\":1"),
            ("}", ""),
            ("}", "}}"),
        ] {
            let bad = GOOD.replacen(from, to, 1);
            assert_ne!(bad, GOOD);
            let error = bad.parse::<Checkpoint>().expect_err(&bad);
            assert!(!error.to_string().contains("secret"));
        }
        for (from, to) in [
            ("fedcba9876543210", "fedcba987654321"),
            ("00000000000000ff", "+0000000000000ff"),
        ] {
            assert!(parse(&FULL.replacen(from, to, 1)).is_none(), "{to}");
        }
        let long = format!("{GOOD}{}", " ".repeat(MAX_CHECKPOINT_BYTES));
        assert!(parse(&long).is_none());
    }
}
