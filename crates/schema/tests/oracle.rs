//! What the one-pass check decides, against decisions made on the tree of `serde_json`: on random
//! texts, random pointers, and texts with random damage. A seed that fails is printed.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use outbound_schema::{Contract, Duplicates};
use serde_json::Value;

const ROUNDS: u64 = 20_000;

const KEYS: [&str; 8] = ["a", "b", "0", "1", "*", "a/b", "~", "\u{e9}\u{1f600}"];
const SCALARS: [&str; 16] = [
    "0",
    "-1",
    "1.0",
    "1e2",
    "2.5",
    "1e400",
    "123456789012345678901234567890",
    "-0.0e-0",
    "true",
    "false",
    "null",
    "\"\"",
    "\"x\\u0061\\n\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "\"\u{e9}\"",
];
const KINDS: [&str; 7] = [
    "null", "boolean", "integer", "number", "string", "array", "object",
];

fn pick<T: Copy>(random: &mut fastrand::Rng, of: &[T]) -> T {
    of[random.usize(..of.len())]
}

/// A key as it may be written: some characters escaped.
fn quoted(random: &mut fastrand::Rng, key: &str) -> String {
    let mut text = String::from("\"");
    for character in key.chars() {
        if random.u8(..4) == 0 {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text += &format!("\\u{unit:04x}");
            }
        } else {
            text.push(character);
        }
    }
    text + "\""
}

fn text(random: &mut fastrand::Rng, depth: usize) -> String {
    let space = pick(random, &["", "", "", " ", "\n\t", "\r"]);
    let count = random.usize(..4);
    let body = match random.u8(..if depth == 0 { 1 } else { 4 }) {
        0 | 3 => pick(random, &SCALARS).to_owned(),
        1 => {
            let elements: Vec<_> = (0..count).map(|_| text(random, depth - 1)).collect();
            format!("[{}]", elements.join(","))
        }
        _ => {
            let member = |random: &mut fastrand::Rng| {
                let key = pick(random, &KEYS);
                let key = quoted(random, key);
                format!("{key}{space}:{}", text(random, depth - 1))
            };
            let members: Vec<_> = (0..count).map(|_| member(random)).collect();
            format!("{{{space}{}}}", members.join(","))
        }
    };
    format!("{space}{body}{space}")
}

/// A pointer with a type or without, and its segments.
fn pointer(random: &mut fastrand::Rng) -> (String, Vec<&'static str>, Option<&'static str>) {
    let segments: Vec<_> = (0..random.usize(..4))
        .map(|_| pick(random, &KEYS))
        .collect();
    let kind = random.bool().then(|| pick(random, &KINDS));
    let mut written: String = segments
        .iter()
        .map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1")))
        .collect();
    if let Some(kind) = kind {
        written += &format!(": {kind}");
    }
    (written, segments, kind)
}

fn has(value: &Value, segments: &[&str], kind: Option<&str>) -> bool {
    let Some((segment, rest)) = segments.split_first() else {
        return kind.is_none_or(|kind| match kind {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            _ => value.is_object(),
        });
    };
    match (value, *segment) {
        (Value::Array(elements), "*") => elements.iter().all(|element| has(element, rest, kind)),
        (_, "*") => false,
        (Value::Array(elements), _) => {
            let element = segment
                .parse::<usize>()
                .ok()
                .and_then(|index| elements.get(index));
            element.is_some_and(|element| has(element, rest, kind))
        }
        _ => value
            .get(segment)
            .is_some_and(|member| has(member, rest, kind)),
    }
}

/// One in so many bytes is replaced, left out or doubled.
fn damaged(random: &mut fastrand::Rng, text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        match random.usize(..text.len().max(8) * 3) {
            0 => bytes.push(random.u8(..)),
            1 => bytes.push(pick(random, b"{}[]\",:\\ 0-eE.tfn\n")),
            2 => {}
            3 => bytes.extend([byte, byte]),
            _ => bytes.push(byte),
        }
    }
    bytes
}

/// Whether the second reading of the text has fewer keys than the first: one stands twice.
fn keys(value: &Value) -> usize {
    match value {
        Value::Array(elements) => elements.iter().map(keys).sum(),
        Value::Object(members) => members.len() + members.values().map(keys).sum::<usize>(),
        _ => 0,
    }
}

/// Keys as they stand in the text.
fn written_keys(text: &[u8]) -> usize {
    struct Count;
    impl<'de> serde::de::DeserializeSeed<'de> for Count {
        type Value = usize;
        fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<usize, D::Error> {
            reader.deserialize_any(self)
        }
    }
    impl<'de> serde::de::Visitor<'de> for Count {
        type Value = usize;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("JSON")
        }
        fn visit_unit<E>(self) -> Result<usize, E> {
            Ok(0)
        }
        fn visit_bool<E>(self, _: bool) -> Result<usize, E> {
            Ok(0)
        }
        fn visit_i64<E>(self, _: i64) -> Result<usize, E> {
            Ok(0)
        }
        fn visit_u64<E>(self, _: u64) -> Result<usize, E> {
            Ok(0)
        }
        fn visit_f64<E>(self, _: f64) -> Result<usize, E> {
            Ok(0)
        }
        fn visit_str<E>(self, _: &str) -> Result<usize, E> {
            Ok(0)
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut rest: A) -> Result<usize, A::Error> {
            let mut count = 0;
            while let Some(more) = rest.next_element_seed(Self)? {
                count += more;
            }
            Ok(count)
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut rest: A) -> Result<usize, A::Error> {
            let mut count = 0;
            while rest.next_key::<String>()?.is_some() {
                count += 1 + rest.next_value_seed(Self)?;
            }
            Ok(count)
        }
    }
    serde::de::DeserializeSeed::deserialize(Count, &mut serde_json::Deserializer::from_slice(text))
        .unwrap()
}

#[test]
fn a_text_is_json_exactly_where_serde_json_says_so() {
    let any = Contract::any();
    let lenient = Contract::any().duplicates(Duplicates::Allow);
    let (mut good, mut twice) = (0, 0);
    for seed in 0..ROUNDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let whole = text(&mut random, 4);
        for bytes in [whole.clone().into_bytes(), damaged(&mut random, &whole)] {
            let tree = serde_json::from_slice::<Value>(&bytes);
            let shown = bytes.escape_ascii();
            assert_eq!(
                lenient.check(&bytes).is_ok(),
                tree.is_ok(),
                "{seed}: {shown}"
            );
            let unique = tree.is_ok_and(|tree| keys(&tree) == written_keys(&bytes));
            assert_eq!(any.check(&bytes).is_ok(), unique, "{seed}: {shown}");
            good += usize::from(unique);
            twice += usize::from(!unique && lenient.check(&bytes).is_ok());
        }
    }
    // Neither side is empty.
    assert!(good > 10_000 && twice > 500, "{good} {twice}");
}

#[test]
fn required_pointers_hold_exactly_where_they_do_on_the_tree() {
    let (mut met, mut broken) = (0, 0);
    // A contract is built for each.
    for seed in 0..ROUNDS / 8 {
        let mut random = fastrand::Rng::with_seed(seed);
        let body = text(&mut random, 4);
        let Ok(tree) = serde_json::from_str::<Value>(&body) else {
            continue;
        };
        let pointers: Vec<_> = (0..random.usize(1..4))
            .map(|_| pointer(&mut random))
            .collect();
        let written = pointers.iter().map(|(written, ..)| written);
        let contract = Contract::required(written).unwrap();
        let contract = contract.duplicates(Duplicates::Allow);
        let expected = pointers
            .iter()
            .all(|(_, segments, kind)| has(&tree, segments, *kind));
        let found = contract.check(body.as_bytes());
        assert_eq!(
            found.is_ok(),
            expected,
            "{seed}: {pointers:?} {body} {found:?}"
        );
        met += usize::from(expected);
        broken += usize::from(!expected);
    }
    assert!(met > 100 && broken > 1_000, "{met} {broken}");
}

#[test]
fn whatever_is_damaged_the_offset_is_within_the_text() {
    let contract = Contract::required(["/a/*/b: integer", "/0", "/*/1"]).unwrap();
    let contract = contract.max_violations(5).excerpt(7);
    for seed in 0..ROUNDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let whole = text(&mut random, 4);
        let bytes = damaged(&mut random, &whole);
        if let Err(violation) = contract.check(&bytes) {
            let all = std::iter::once(&violation).chain(violation.further());
            for violation in all {
                let offset = violation.offset();
                assert!(offset.is_none_or(|at| at <= bytes.len()), "{seed}");
                assert!(
                    !violation.to_string().chars().any(char::is_control),
                    "{seed}"
                );
            }
        }
    }
}
