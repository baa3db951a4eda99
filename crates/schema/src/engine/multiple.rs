//! `multipleOf`, as the `jsonschema` crate has it on every number: in decimal, where its 128 bits
//! hold that, and by rounded fractions where they do not.

use std::fmt;

use super::number::Number;

/// A `multipleOf`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Divisor(f64);

/// Beyond it not every integer is a float.
const MAX_SAFE: f64 = 9_007_199_254_740_992.0;

impl Divisor {
    pub(crate) const fn new(divisor: f64) -> Self {
        Self(divisor)
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 1 to 2^53, and whole.
    pub(crate) fn divides(self, number: Number) -> bool {
        if self.0.fract() != 0.0 {
            return has_whole_quotient(number.as_f64(), self.0);
        }
        if (1.0..=MAX_SAFE).contains(&self.0) {
            match number {
                Number::Unsigned(number) => return number % (self.0 as u64) == 0,
                Number::Signed(number) => return number % (self.0 as i64) == 0,
                Number::Float(_) => {}
            }
        }
        let number = number.as_f64();
        number.fract() == 0.0 && number % self.0 == 0.0
    }
}

impl fmt::Display for Divisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn has_whole_quotient(number: f64, divisor: f64) -> bool {
    if number == 0.0 {
        return true;
    }
    if number.abs() < divisor {
        return false;
    }
    divides_as_decimal(number, divisor).unwrap_or_else(|| divides_as_fraction(number, divisor))
}

/// Whether the quotient of both numbers, taken as the decimals they print as, is whole: 19.99 is
/// a multiple of 0.01, which it is not as binary fractions. `None` if 128 bits are too few.
fn divides_as_decimal(number: f64, divisor: f64) -> Option<bool> {
    let (dividend, divisor) = (Decimal::of(number)?, Decimal::of(divisor)?);
    let places = dividend.places.min(divisor.places);
    Some(dividend.at(divisor.places - places)? % divisor.at(dividend.places - places)? == 0)
}

/// The magnitude of a float as the shortest decimal that reads as it: mantissa / 10^places.
struct Decimal {
    mantissa: i128,
    places: i32,
}

impl Decimal {
    fn of(number: f64) -> Option<Self> {
        let mut buffer = [0_u8; 40];
        let mut rest = &mut buffer[..];
        // Of two shortest ones it is the one that `jsonschema` takes too; `{:e}` takes the other.
        serde_json::to_writer(&mut rest, &number.abs()).ok()?;
        let free = rest.len();
        let text = std::str::from_utf8(buffer.get(..buffer.len() - free)?).ok()?;
        let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (mut mantissa, mut places) = (0, -exponent.parse::<i32>().ok()?);
        let mut is_fraction = false;
        for byte in digits.bytes() {
            if byte == b'.' {
                is_fraction = true;
                continue;
            }
            mantissa = mantissa * 10 + i128::from(byte - b'0');
            places += i32::from(is_fraction);
        }
        Some(Self { mantissa, places })
    }

    /// The mantissa with so many more digits.
    fn at(&self, digits: i32) -> Option<i128> {
        let power = 10_i128.checked_pow(digits.unsigned_abs())?;
        self.mantissa.checked_mul(power)
    }
}

/// As the crate `fraction` has it, to which `jsonschema` turns where the decimals do not fit: it
/// takes each float for a fraction of two whole floats, and for 0 if it is less than epsilon, of
/// which everything is a multiple then. The number is not the lesser one.
fn divides_as_fraction(number: f64, divisor: f64) -> bool {
    if divisor < f64::EPSILON {
        return true;
    }
    let (number, over) = fraction(number);
    let (divisor, by) = fraction(divisor);
    if number == 0.0 {
        return true;
    }
    // number/over / divisor/by = number·by / over·divisor: the odd parts, of 53 bits each, and
    // the powers of two apart.
    let product = |left: f64, right: f64| {
        let ((left, twos), (right, more)) = (factors(left), factors(right));
        (u128::from(left) * u128::from(right), twos + more)
    };
    let ((dividend, twos), (divisor, divided)) = (product(number, by), product(over, divisor));
    dividend % divisor == 0 && divided <= twos
}

/// The fraction for which a float is taken, without its sign.
fn fraction(number: f64) -> (f64, f64) {
    let (mut power, mut scaled) = (0, number);
    // Of a number from epsilon on, 10^32 makes a whole one at last.
    while (scaled.floor() - scaled).abs() >= f64::EPSILON {
        power += 1;
        scaled = number * 10_f64.powi(power);
    }
    (scaled.abs().trunc(), 10_f64.powi(power))
}

/// Of a whole float from 1 on: its odd part, and how often it is divided by two.
fn factors(whole: f64) -> (u64, u64) {
    const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
    const BIAS: u64 = f64::MAX_EXP as u64 - 1;
    let bits = whole.abs().to_bits();
    let mantissa = bits & ((1 << MANTISSA) - 1) | 1 << MANTISSA;
    let zeros = mantissa.trailing_zeros();
    // Of the mantissa's first bit; that it is whole says that this is not less than none.
    let exponent = (bits >> MANTISSA) - BIAS;
    let twos = (exponent + u64::from(zeros)).saturating_sub(u64::from(MANTISSA));
    (mantissa >> zeros, twos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_decimal() {
        for (value, divisor, divides) in [
            ("19.99", 0.01, true),
            ("0.0075", 0.0001, true),
            ("0.00751", 0.0001, false),
            ("4.5", 1.5, true),
            ("35", 1.5, false),
            ("0", 0.3, true),
            ("1e308", 0.123_456_789, false),
            ("1e308", 0.5, true),
            ("12391239123", 1e-8, true),
            ("9007199254740993", 3.0, true),
            ("9007199254740992", 3.0, false),
            ("1.5", 2.0, false),
            // Halfway between two that are as short; the even one counts.
            ("1277594506571418.25", 0.3, false),
            ("1e300", 2.0, true),
            ("1e300", 1e-300, true),
            ("21e300", 7e-300, true),
            ("1.7976931348623157e308", 0.01, true),
        ] {
            let number = Number::parse(value.as_bytes()).unwrap();
            let divisor = Divisor::new(divisor);
            assert_eq!(divisor.divides(number), divides, "{value} {divisor:?}");
        }
    }

    /// Of all but the last, exact decimals say the opposite.
    #[test]
    fn a_quotient_beyond_128_bits_is_rounded_as_jsonschema_does() {
        for (value, divisor, divides) in [
            ("3e300", 7e-300, true),
            ("-3e300", 7e-300, true),
            ("1.0844674407370956e48", 1.5, false),
            ("3e48", 1.5, false),
            ("-3e48", 1.5, false),
            ("4.2817430781178796e45", 1.5, true),
            ("1e48", 1.5, false),
        ] {
            let number = Number::parse(value.as_bytes()).unwrap();
            let divisor = Divisor::new(divisor);
            assert_eq!(divisor.divides(number), divides, "{value} {divisor:?}");
        }
    }

    #[test]
    fn a_whole_float_is_an_odd_number_and_twos() {
        for (whole, odd, twos) in [
            (1.0, 1, 0),
            (6.0, 3, 1),
            (1e22, 2_384_185_791_015_625, 22),
            (9_007_199_254_740_991.0, 9_007_199_254_740_991, 0),
            (f64::MAX, (1 << 53) - 1, 971),
        ] {
            assert_eq!(factors(whole), (odd, twos), "{whole}");
        }
    }
}
