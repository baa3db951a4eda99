//! Numbers on the command line, as people write them.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

/// A whole number.
pub(super) fn whole<T>(text: &str) -> Result<T, String>
where
    T: FromStr<Err: Display>,
{
    // `FromStr` also reads a plus sign.
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if plain => Ok(number),
        Err(error) if plain && !text.is_empty() => Err(error.to_string()),
        _ => Err("not a whole number of at least 0".to_owned()),
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    decimal(text, 1.0)
}

pub(super) fn milliseconds(text: &str) -> Result<Duration, String> {
    decimal(text, 1e-3)
}

fn decimal(text: &str, unit: f64) -> Result<Duration, String> {
    // `f64` also reads "inf", "nan" and "1e9"; a decimal is digits and one dot.
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    match text.parse::<f64>() {
        // What is longer than a duration can be is longer than anybody can wait.
        Ok(number) if plain => {
            Ok(Duration::try_from_secs_f64(number * unit).unwrap_or(Duration::MAX))
        }
        _ => Err("not a decimal number of at least 0".to_owned()),
    }
}
