//! A number as it stands in the body, read in one pass.

use super::Fail;
use super::number::Number;
use super::program::{Bounds, FRACTION, INTEGER, NUMBER, Node, Types};

/// The text of a number and what its pass told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits {
    start: usize,
    pub(crate) end: usize,
    /// Its integer part, if that has at most 15 digits.
    whole: Option<u64>,
    is_negative: bool,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Integer,
    Fraction,
    Exponent,
}

/// Up to so many digits an integer is a float as well, and so is the one behind it.
const EXACT_DIGITS: usize = 15;

/// With fewer digits than this, and no exponent, a number is within `f64`.
pub(crate) const SURELY_FINITE: usize = 300;

/// The number that begins at `start` (RFC 8259, section 6), which must be one that `f64` holds.
#[inline(always)]
pub(crate) fn scan_number(body: &[u8], start: usize) -> Result<Digits, Fail> {
    let mut at = start;
    let is_negative = body.get(at) == Some(&b'-');
    at += usize::from(is_negative);
    let first = at;
    let mut whole = 0_u64;
    while let Some(digit) = digit_at(body, at) {
        whole = whole.wrapping_mul(10).wrapping_add(digit);
        at += 1;
    }
    let digits = at - first;
    if digits == 0 || digits > 1 && body.get(first) == Some(&b'0') {
        return Err(Fail::Syntax);
    }
    let (end, form) = match body.get(at) {
        Some(b'.' | b'e' | b'E') => scan_rest(body, at)?,
        _ => (at, Form::Integer),
    };
    let number = Digits {
        start,
        end,
        whole: (digits <= EXACT_DIGITS).then_some(whole),
        is_negative,
        form,
    };
    if form == Form::Exponent || digits > SURELY_FINITE {
        number.require_finite(body)?;
    }
    Ok(number)
}

#[inline(always)]
fn digit_at(body: &[u8], at: usize) -> Option<u64> {
    let digit = body.get(at)?.wrapping_sub(b'0');
    (digit <= 9).then_some(u64::from(digit))
}

/// Behind the digits that begin at `at`, of which there must be one.
#[inline(always)]
fn skip_digits(body: &[u8], mut at: usize) -> Result<usize, Fail> {
    let first = at;
    // Eight at a time: coordinates have fifteen digits behind the point.
    while let Some(chunk) = body.get(at..at + 8) {
        let word = u64::from_le_bytes(chunk.try_into().map_err(|_| Fail::Syntax)?);
        // A digit's high half is 3, and stays 3 when 6 is added.
        let other = (word & 0xf0f0_f0f0_f0f0_f0f0 ^ 0x3030_3030_3030_3030)
            | (word.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0
                ^ 0x3030_3030_3030_3030);
        if other != 0 {
            at += (other.trailing_zeros() / 8) as usize;
            return if at == first {
                Err(Fail::Syntax)
            } else {
                Ok(at)
            };
        }
        at += 8;
    }
    while digit_at(body, at).is_some() {
        at += 1;
    }
    if at == first {
        Err(Fail::Syntax)
    } else {
        Ok(at)
    }
}

/// Behind the integer part: where it ends, and what it is.
#[inline(always)]
fn scan_rest(body: &[u8], mut at: usize) -> Result<(usize, Form), Fail> {
    let mut form = Form::Integer;
    if body.get(at) == Some(&b'.') {
        at = skip_digits(body, at + 1)?;
        form = Form::Fraction;
    }
    if let Some(b'e' | b'E') = body.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = body.get(at) {
            at += 1;
        }
        at = skip_digits(body, at)?;
        form = Form::Exponent;
    }
    Ok((at, form))
}

impl Digits {
    #[cold]
    fn require_finite(self, body: &[u8]) -> Result<(), Fail> {
        self.read(body).map(|_| ()).ok_or(Fail::Syntax)
    }

    /// The number itself.
    pub(crate) fn read(self, body: &[u8]) -> Option<Number> {
        if let (Form::Integer, Some(whole), false) = (self.form, self.whole, self.is_negative) {
            return Some(Number::Unsigned(whole));
        }
        Number::parse(body.get(self.start..self.end)?)
    }

    /// Whether the number meets `node`.
    #[inline(always)]
    pub(crate) fn meets(self, body: &[u8], node: &Node) -> bool {
        let types = node.types & NUMBER;
        if types == 0 {
            return false;
        }
        if node.free & NUMBER != 0 && (types == NUMBER || self.is_integer_to(node)) {
            return true;
        }
        // Most numbers lie well within their bounds: their integer part alone tells.
        if let (Some(bounds), Some(whole), None) = (&node.bounds, self.whole, &node.values) {
            let is_typed = types == NUMBER || types == INTEGER && self.is_integer_to(node);
            if is_typed && self.form != Form::Exponent && self.is_within(whole, bounds) {
                return true;
            }
        }
        self.meets_exactly(body, node)
    }

    /// Whether its form alone makes it an integer. In draft 4 `-0` is none: it is read as a float.
    #[inline(always)]
    fn is_integer_to(self, node: &Node) -> bool {
        let is_minus_zero = self.is_negative && self.whole == Some(0);
        self.form == Form::Integer && !(is_minus_zero && node.is_draft_4)
    }

    #[inline(always)]
    #[allow(clippy::cast_precision_loss)] // It has at most 15 digits.
    fn is_within(self, whole: u64, bounds: &Bounds) -> bool {
        let near = whole as f64;
        let far = near + f64::from(u8::from(self.form == Form::Fraction));
        let (low, high) = if self.is_negative {
            (-far, -near)
        } else {
            (near, far)
        };
        bounds.divisors.is_empty() && bounds.inner.has(low, high)
    }

    #[inline(never)]
    fn meets_exactly(self, body: &[u8], node: &Node) -> bool {
        self.read(body).is_some_and(|number| meets(number, node))
    }
}

/// Whether a number meets the types, bounds and values of `node`.
pub(crate) fn meets(number: Number, node: &Node) -> bool {
    has_type(number, node) && is_listed(number, node) && within(number, node)
}

fn has_type(number: Number, node: &Node) -> bool {
    is_of(number, node.types, node.is_draft_4)
}

/// Whether a number is of one of these types.
pub(crate) fn is_of(number: Number, types: Types, is_draft_4: bool) -> bool {
    let is_integer = if is_draft_4 {
        number.is_written_as_integer()
    } else {
        number.is_integer()
    };
    let kind = if is_integer { INTEGER } else { FRACTION };
    types & kind != 0
}

pub(crate) fn is_listed(number: Number, node: &Node) -> bool {
    let Some(values) = &node.values else {
        return true;
    };
    values.has_number(number)
}

fn within(number: Number, node: &Node) -> bool {
    let Some(bounds) = &node.bounds else {
        return true;
    };
    bounds.meets_least(number)
        && bounds.meets_most(number)
        && bounds
            .divisors
            .iter()
            .all(|divisor| divisor.divides(number))
}

impl Bounds {
    pub(crate) fn meets_least(&self, number: Number) -> bool {
        self.least.is_none_or(|least| {
            let order = number.compare(least.value);
            order.is_gt() || order.is_eq() && !least.is_exclusive
        })
    }

    pub(crate) fn meets_most(&self, number: Number) -> bool {
        self.most.is_none_or(|most| {
            let order = number.compare(most.value);
            order.is_lt() || order.is_eq() && !most.is_exclusive
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_ends_where_the_grammar_says() {
        for (text, end) in [
            ("0", 1),
            ("-0", 2),
            ("120,", 3),
            ("1.5]", 3),
            ("1.23456789012345678}", 19),
            ("1e5", 3),
            ("-1.5E-10 ", 8),
            ("1.12345678", 10),
        ] {
            let number = scan_number(text.as_bytes(), 0).unwrap();
            assert_eq!(number.end, end, "{text}");
            let value: serde_json::Value = serde_json::from_str(&text[..end]).unwrap();
            let read = number.read(text.as_bytes()).unwrap();
            assert!(read.equals(Number::of(&value).unwrap()), "{text}");
        }
        for text in [
            "",
            "-",
            "01",
            "-01",
            "1.",
            "1.x",
            "1e",
            "1e+",
            ".5",
            "1e400",
            "1.:2345678",
        ] {
            assert!(scan_number(text.as_bytes(), 0).is_err(), "{text}");
        }
        let long = |digits| "9".repeat(digits);
        assert!(scan_number(long(308).as_bytes(), 0).is_ok());
        assert!(scan_number(long(310).as_bytes(), 0).is_err());
    }
}
