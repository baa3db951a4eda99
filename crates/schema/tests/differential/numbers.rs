//! Numbers of every size: multiples, which `jsonschema` rounds where 128 bits do not hold them,
//! and limits that lie beside the number.

use serde_json::{Value, json};

use crate::corners::compare;
use crate::random::Random;

/// Fractions, of which some are rounded to whole numbers and some to nothing.
const DIVISORS: &str = "0.1 0.01 0.3 0.30000000000000004 1.5 2.5 0.5 7.7 1e-8 3e-8 1e-15 3e-15 \
    1.2345678901234567e-15 2.220446049250313e-16 2.2204460492503136e-16 2.22e-16 2.3e-16 1e-16 \
    9.999999999999999e-17 0.9999999999999999 1.0000000000000002 1.9999999999999998 1e-31 1e-300 \
    7e-300 1e-308 5e-324 123456789.5 1234567.89 4503599627370495.5 4503599627370497.5 \
    1125899906842623.9 0.0001220703125 3.0517578125e-05 1e-5 9.5367431640625e-07";

/// Whole ones, up to the largest float.
const WHOLE_DIVISORS: &str = "1 2 3 7 10 1e2 9007199254740991 9007199254740992 9007199254740993 \
    9007199254740994 18446744073709551615 18446744073709551616 1e19 1e22 1e23 1e300 \
    1.7976931348623157e308 3e22";

fn texts(numbers: &str) -> impl Iterator<Item = (&str, f64)> {
    numbers
        .split_whitespace()
        .map(|text| (text, text.parse().unwrap()))
}

/// Multiples of the divisor, nearly, and any floats not much less.
fn dividends(divisor: f64, random: &mut Random) -> Vec<String> {
    let mut found = Vec::new();
    let mut put = |number: f64| {
        if number.is_finite() {
            for number in [number, -number] {
                found.push(format!("{number:e}"));
            }
        }
    };
    for power in 0..=640 {
        let scale = 10_f64.powi(power.min(308)) * 10_f64.powi((power - 308).max(0));
        for factor in [
            1.0,
            2.0,
            3.0,
            7.0,
            1.5,
            12_345_678.0,
            0.999_999_999_999_999_9,
        ] {
            put(divisor * factor * scale);
        }
    }
    for _ in 0..600 {
        let places = random.below(1 << 52) as u64;
        let least = (divisor.to_bits() >> 52) as usize;
        let exponent = least + random.below(2047 - least);
        put(f64::from_bits((exponent as u64) << 52 | places));
        // Many are between the integers that are exact and those of 128 bits.
        let exponent = 1023 + random.below(140);
        put(f64::from_bits((exponent as u64) << 52 | places));
        put((places >> 20) as f64 * divisor);
    }
    found
}

#[test]
fn multiples_of_every_size() {
    let mut random = Random::new(13);
    for (text, divisor) in texts(DIVISORS).chain(texts(WHOLE_DIVISORS)) {
        let bodies = dividends(divisor, &mut random);
        let divisor: Value = serde_json::from_str(text).unwrap();
        assert!(compare(&json!({"multipleOf": divisor}), &bodies, false));
        // Beside a limit, and within another schema, they are looked at elsewhere.
        let both = json!({"allOf": [{"multipleOf": divisor}, {"minimum": -1e300}]});
        assert!(compare(&both, &bodies[..64], false));
        let none = json!({"not": {"multipleOf": divisor}});
        assert!(compare(&none, &bodies[..64], false));
    }
}

/// A number, those beside it as floats, and those beside it as integers, in several spellings.
fn beside(number: f64, random: &mut Random) -> Vec<String> {
    let bits = number.to_bits();
    let mut found = Vec::new();
    for bits in [bits - 1, bits, bits + 1] {
        let float = f64::from_bits(bits);
        if !float.is_finite() {
            continue;
        }
        found.extend([format!("{float:e}"), format!("{float}")]);
        if float.abs() < 1e38 {
            let whole = float as i128;
            let other = whole + random.below(3) as i128 - 1;
            found.extend([whole, whole - 1, whole + 1, other].map(|whole| whole.to_string()));
            found.extend([
                format!("{whole}.0"),
                format!("{whole}.5"),
                format!("{whole}e0"),
            ]);
        }
    }
    found
        .iter()
        .flat_map(|text| [text.clone(), format!("-{text}").replace("--", "")])
        .collect()
}

#[test]
fn limits_beside_the_number() {
    let mut random = Random::new(18);
    let edges = [53, 62, 63, 64, 65, 100, 127, 128].map(|power| 2_f64.powi(power));
    let any = (0..24).map(|_| {
        let exponent = 1 + random.below(2046) as u64;
        f64::from_bits(exponent << 52 | random.below(1 << 52) as u64)
    });
    let numbers: Vec<f64> = edges
        .into_iter()
        .chain(any)
        .chain([1e15, 1e16, f64::MAX])
        .collect();
    for number in numbers {
        let bodies = beside(number, &mut random);
        for text in &bodies {
            let Ok(limit) = serde_json::from_str::<Value>(text) else {
                continue;
            };
            for keyword in [
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "const",
            ] {
                assert!(compare(&json!({keyword: limit}), &bodies, false));
            }
            assert!(compare(
                &json!({"enum": [limit, 0.5, null]}),
                &bodies,
                false
            ));
        }
        let pairs: Vec<String> = bodies
            .iter()
            .flat_map(|one| bodies.iter().map(move |other| format!("[{one},{other}]")))
            .collect();
        assert!(compare(&json!({"uniqueItems": true}), &pairs, false));
        // Beyond fifteen elements `jsonschema` hashes them.
        let many: Vec<String> = (0..bodies.len())
            .map(|skipped| {
                let mut list: Vec<&str> = bodies.iter().map(String::as_str).collect();
                list.dedup();
                list.remove(skipped % list.len());
                format!("[{}]", list.join(","))
            })
            .collect();
        assert!(compare(&json!({"uniqueItems": true}), &many, false));
    }
}
