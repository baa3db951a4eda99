//! Numbers as JSON Schema compares them: integers exactly, the rest as 64-bit floats.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

/// A JSON number in the widest form that holds it exactly, as `serde_json` reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Unsigned(u64),
    /// Below zero.
    Signed(i64),
    Float(f64),
}

/// 2^64 and 2^63, which floats hold exactly.
const TWO_64: f64 = 18_446_744_073_709_551_616.0;
const TWO_63: f64 = 9_223_372_036_854_775_808.0;

impl Number {
    /// Reads the text of a number; `None` if it is none, or beyond `f64`.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let is_integer = !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
        if is_integer {
            if let Ok(number) = text.parse::<u64>() {
                return Some(Self::Unsigned(number));
            }
            // `-0` is a float, as `serde_json` has it.
            if let Ok(number @ ..=-1) = text.parse::<i64>() {
                return Some(Self::Signed(number));
            }
        }
        let number = text.parse::<f64>().ok()?;
        number.is_finite().then_some(Self::Float(number))
    }

    /// Of a number in a schema.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let number = value.as_number()?;
        if let Some(number) = number.as_u64() {
            return Some(Self::Unsigned(number));
        }
        if let Some(number) = number.as_i64() {
            return Some(Self::Signed(number));
        }
        number.as_f64().map(Self::Float)
    }

    #[allow(clippy::cast_precision_loss)] // The nearest float is what is asked for.
    pub(crate) const fn as_f64(self) -> f64 {
        match self {
            Self::Unsigned(number) => number as f64,
            Self::Signed(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    pub(crate) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Unsigned(left), Self::Unsigned(right)) => left.cmp(&right),
            (Self::Signed(left), Self::Signed(right)) => left.cmp(&right),
            (Self::Unsigned(_), Self::Signed(_)) => Ordering::Greater,
            (Self::Signed(_), Self::Unsigned(_)) => Ordering::Less,
            (Self::Float(left), Self::Float(right)) => {
                left.partial_cmp(&right).unwrap_or(Ordering::Equal)
            }
            (Self::Float(left), Self::Unsigned(right)) => float_with_unsigned(left, right),
            (Self::Unsigned(left), Self::Float(right)) => {
                float_with_unsigned(right, left).reverse()
            }
            (Self::Float(left), Self::Signed(right)) => float_with_signed(left, right),
            (Self::Signed(left), Self::Float(right)) => float_with_signed(right, left).reverse(),
        }
    }

    pub(crate) fn equals(self, other: Self) -> bool {
        self.compare(other) == Ordering::Equal
    }

    /// Whether it is an integer from draft 6 on, where `1.0` is one.
    pub(crate) fn is_integer(self) -> bool {
        match self {
            Self::Unsigned(_) | Self::Signed(_) => true,
            Self::Float(number) => number.fract() == 0.0,
        }
    }

    /// Whether it is an integer in draft 4, where `1.0` is none. An integer beyond 64 bits was
    /// read as a float, so a float that large is one, however it was written.
    pub(crate) fn is_written_as_integer(self) -> bool {
        match self {
            Self::Unsigned(_) | Self::Signed(_) => true,
            Self::Float(number) => number.abs() >= TWO_63 && number.fract() == 0.0,
        }
    }

    /// A value that equal numbers share, and hardly any others.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Ranges are checked, signs kept as bits.
    pub(crate) fn bits(self) -> u64 {
        match self {
            Self::Unsigned(number) => number,
            Self::Signed(number) => number as u64,
            Self::Float(number) if number.fract() != 0.0 => number.to_bits(),
            Self::Float(number) if (0.0..TWO_64).contains(&number) => number as u64,
            Self::Float(number) if (-TWO_63..0.0).contains(&number) => (number as i64) as u64,
            Self::Float(number) => number.to_bits(),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(number) => number.fmt(f),
            Self::Signed(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Its range is checked.
fn float_with_unsigned(left: f64, right: u64) -> Ordering {
    if left < 0.0 {
        Ordering::Less
    } else if left >= TWO_64 {
        Ordering::Greater
    } else {
        let whole = left as u64;
        whole.cmp(&right).then(fraction(left))
    }
}

#[allow(clippy::cast_possible_truncation)] // Its range is checked.
fn float_with_signed(left: f64, right: i64) -> Ordering {
    if left >= 0.0 {
        Ordering::Greater
    } else if left < -TWO_63 {
        Ordering::Less
    } else {
        // Truncation is towards zero, so a fraction makes the float the lesser one.
        let whole = left as i64;
        whole.cmp(&right).then(fraction(left))
    }
}

/// On which side of its integer part a float is.
fn fraction(number: f64) -> Ordering {
    number.fract().partial_cmp(&0.0).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn integers_are_compared_exactly() {
        for (left, right, order) in [
            ("9007199254740993", "9007199254740992", Ordering::Greater),
            ("9007199254740993", "9007199254740992.0", Ordering::Greater),
            ("-9007199254740993", "-9007199254740992.0", Ordering::Less),
            (
                "18446744073709551615",
                "18446744073709551616",
                Ordering::Less,
            ),
            ("-1", "1", Ordering::Less),
            ("1", "1.0", Ordering::Equal),
            ("1", "1.5", Ordering::Less),
            ("-1", "-1.5", Ordering::Greater),
            ("-0", "0", Ordering::Equal),
            ("-0.5", "0", Ordering::Less),
            ("1e300", "5", Ordering::Greater),
            ("-1e300", "-5", Ordering::Less),
        ] {
            assert_eq!(number(left).compare(number(right)), order, "{left} {right}");
            assert_eq!(number(right).compare(number(left)), order.reverse());
        }
    }

    #[test]
    fn numbers_beyond_a_float_are_none() {
        assert!(Number::parse(b"1e400").is_none());
        assert!(Number::parse(b"-1e400").is_none());
        assert!(Number::parse(b"1e-400").is_some());
    }

    #[test]
    fn draft_4_goes_by_how_an_integer_is_written() {
        assert!(number("1.0").is_integer() && !number("1.0").is_written_as_integer());
        assert!(number("1e2").is_integer() && !number("1e2").is_written_as_integer());
        assert!(number("1").is_written_as_integer());
        assert!(number("123456789012345678901234567890").is_written_as_integer());
    }
}
