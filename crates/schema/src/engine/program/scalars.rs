//! Rules for scalars, and values that are listed.

use serde_json::Value;

use crate::engine::format::Format;
use crate::engine::multiple::Divisor;
use crate::engine::number::Number;
use crate::engine::pattern::Pattern;

/// `enum` and `const`.
#[derive(Debug, Default)]
pub(crate) struct Values {
    pub(crate) null: bool,
    pub(crate) yes: bool,
    pub(crate) no: bool,
    /// Sorted.
    pub(crate) numbers: Box<[Number]>,
    /// Sorted.
    pub(crate) strings: Box<[Box<str>]>,
    /// Arrays and objects.
    pub(crate) trees: Box<[Value]>,
}

impl Values {
    pub(crate) fn has_number(&self, number: Number) -> bool {
        if self.numbers.len() <= 8 {
            return self.numbers.iter().any(|known| known.equals(number));
        }
        let order = |known: &Number| known.compare(number);
        self.numbers.binary_search_by(order).is_ok()
    }

    pub(crate) fn has_string(&self, text: &[u8]) -> bool {
        if self.strings.len() <= 8 {
            return self.strings.iter().any(|known| known.as_bytes() == text);
        }
        self.strings
            .binary_search_by(|known| known.as_bytes().cmp(text))
            .is_ok()
    }
}

/// Rules for strings.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) shortest: u64,
    pub(crate) longest: u64,
    pub(crate) patterns: Box<[Pattern]>,
    pub(crate) formats: Box<[Format]>,
}

/// Rules for numbers.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) least: Option<Limit>,
    pub(crate) most: Option<Limit>,
    pub(crate) divisors: Box<[Divisor]>,
    /// What surely is within the limits.
    pub(crate) inner: Interval,
}

/// From one number to another.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) has_low: bool,
    pub(crate) has_high: bool,
}

impl Interval {
    /// Whether all from `low` to `high` is within. Both have few digits, so that floats hold them.
    #[inline]
    pub(crate) fn has(&self, low: f64, high: f64) -> bool {
        #[allow(clippy::float_cmp)] // They are exact.
        let is_edge = |edge: f64, own: f64, has: bool| has && edge == own;
        (low > self.low || is_edge(low, self.low, self.has_low))
            && (high < self.high || is_edge(high, self.high, self.has_high))
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) value: Number,
    pub(crate) is_exclusive: bool,
}
