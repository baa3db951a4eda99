//! Small changes of values and of texts.

use serde_json::Value;

use crate::random::Random;
use crate::schemas::{NAMES, value};

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

fn nth<'v>(value: &'v mut Value, left: &mut usize) -> Option<&'v mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(elements) => elements.iter_mut().find_map(|element| nth(element, left)),
        Value::Object(members) => members.values_mut().find_map(|member| nth(member, left)),
        _ => None,
    }
}

/// Changes one value within.
pub(crate) fn change(whole: &mut Value, random: &mut Random) {
    let mut place = random.below(count(whole));
    let Some(found) = nth(whole, &mut place) else {
        return;
    };
    match (random.below(4), &mut *found) {
        (0, Value::Object(members)) if !members.is_empty() => {
            let names: Vec<String> = members.keys().cloned().collect();
            members.remove(random.pick(&names));
        }
        (1, Value::Object(members)) => {
            members.insert((*random.pick(&NAMES)).into(), value(random, 1));
        }
        (0, Value::Array(elements)) if !elements.is_empty() => {
            let place = random.below(elements.len());
            elements.remove(place);
        }
        (1, Value::Array(elements)) => elements.push(value(random, 1)),
        (2, Value::Array(elements)) if !elements.is_empty() => {
            let again = random.pick(elements).clone();
            elements.push(again);
        }
        _ => *found = value(random, 2),
    }
}

/// Changes one value within a schema, so that it may be none any more.
pub(crate) fn change_schema(schema: &mut Value, random: &mut Random) {
    let meta_schema = schema["$schema"].clone();
    if random.one_in(3) {
        let mut place = random.below(count(schema));
        if let Some(Value::Object(keywords)) = nth(schema, &mut place) {
            let pattern = *random.pick(&["[", "(?i)a", "a**", "(?=a)", "}", "[]", "(?<a>b)"]);
            keywords.insert("pattern".into(), pattern.into());
        }
    } else {
        change(schema, random);
    }
    if let Some(root) = schema.as_object_mut() {
        root.insert("$schema".into(), meta_schema);
    }
}

/// The text of a value in one of the ways in which it may be written.
pub(crate) fn text(value: &Value, random: &mut Random) -> Vec<u8> {
    let mut text = match random.below(6) {
        0 | 1 => serde_json::to_vec_pretty(value).unwrap(),
        2 => {
            let mut text = Vec::new();
            write_with_replaced(value, &mut text, random);
            text
        }
        _ => serde_json::to_vec(value).unwrap(),
    };
    if random.one_in(4) {
        escape_one(&mut text, random);
    }
    text
}

/// With members that others of the same name, further behind, replace.
fn write_with_replaced(whole: &Value, text: &mut Vec<u8>, random: &mut Random) {
    match whole {
        Value::Array(elements) => {
            text.push(b'[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                write_with_replaced(element, text, random);
            }
            text.push(b']');
        }
        Value::Object(members) => {
            let mut all: Vec<(&str, Value)> = Vec::new();
            for (name, member) in members {
                if random.one_in(3) {
                    let place = random.below(all.len() + 1);
                    all.insert(place, (name, value(random, 1)));
                }
                all.push((name, member.clone()));
            }
            text.push(b'{');
            for (index, (name, member)) in all.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                serde_json::to_writer(&mut *text, name).unwrap();
                text.push(b':');
                write_with_replaced(member, text, random);
            }
            text.push(b'}');
        }
        scalar => serde_json::to_writer(text, scalar).unwrap(),
    }
}

/// Writes one letter as an escape.
fn escape_one(text: &mut Vec<u8>, random: &mut Random) {
    let quotes = text.iter().filter(|byte| **byte == b'"').count();
    let Some(wanted) = random.below(quotes.max(1)).checked_sub(0) else {
        return;
    };
    let place = text
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'"')
        .map(|(place, _)| place)
        .nth(wanted);
    if let Some(place) = place {
        if let Some(letter @ b'a'..=b'z') = text.get(place + 1).copied() {
            text.splice(
                place + 1..place + 2,
                format!("\\u{letter:04x}").into_bytes(),
            );
        }
    }
}

/// Changes one or two bytes.
pub(crate) fn damage(text: &mut Vec<u8>, random: &mut Random) {
    const BYTES: &[u8] = b"{}[],:\"\\0x1e.-+ \n\x01\xff\xc3u9ab";
    for _ in 0..=random.below(2) {
        if text.is_empty() {
            return;
        }
        let place = random.below(text.len());
        match random.below(4) {
            0 => {
                text.remove(place);
            }
            1 => text[place] = *random.pick(BYTES),
            2 => {
                // A piece twice: names that stand twice, trailing data.
                let end = place + random.below(text.len() - place).min(12);
                let piece = text[place..end].to_vec();
                text.splice(place..place, piece);
            }
            _ => text.insert(place, *random.pick(BYTES)),
        }
    }
}
