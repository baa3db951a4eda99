//! Texts that are patterns or URIs, or nearly: refused exactly where `jsonschema` refuses them.

use outbound_schema::Contract;
use serde_json::{Value, json};

use crate::corners::{DRAFTS, compare};
use crate::random::Random;
use crate::{DEFAULT_PAIRS, oracle, setting};

/// Ten times as many where many pairs are asked for.
const ROUNDS: u64 = 1_500;

fn rounds() -> u64 {
    let are_many = setting("DIFFERENTIAL_PAIRS", DEFAULT_PAIRS) > DEFAULT_PAIRS;
    if are_many { 10 * ROUNDS } else { ROUNDS }
}

const OF_PATTERNS: &str = r"a b é 😀 - . , ^ $ | ( ) (?: (?= (?! (?<= (?<! (?<n> (?<m> (?<a-b> (?i: (?i) \
    (?-s: (?m-i: (?x) (?P<n> \k<n> \k<m> \k [ ] [^ [] [^] [a-z] [z-a] [\d-] [\w-a] [a&&b] [[] { } {2} \
    {2,} {2,3} {3,2} {,2} {02} {99999} * + ? *? ++ \d \D \w \W \s \S \b \B \1 \2 \10 \0 \00 \x41 \x4 \u0041 \
    \u004 \u{41} \u{} \u{110000} \uD83D \uDE00 \cA \c1 \c \p{L} \P{Lu} \p{Script=Greek} \pL \p{} \p{Nope} \
    \a \e \z \A \n \t \v \f \r \- \/ \. \_ \é \: \@ \\ / # & ~ = ! < >";

const OF_URIS: &str = "a A 1 : : / / // ? # @ [ ] [::1] [v1.a] [::1.2.3.4] [1] % %20 %zz %4 . .. ./ + - _ ~ ! $ & ' \
    ( ) * , ; = \\ ^ | ` { } < > \" é http: https:// urn: a: 1: //x x:80 x:a u@ x.y";

fn text(of: &str, random: &mut Random) -> String {
    let pieces: Vec<&str> = of.split_whitespace().filter(|p| *p != "\\").collect();
    (0..random.below(6) + 1)
        .map(|_| *random.pick(&pieces))
        .collect()
}

fn difference(schema: &Value) -> Option<String> {
    let ours = Contract::schema(&schema.to_string()).map(|_| ());
    let theirs = oracle(schema, false).map(|_| ());
    (ours.is_ok() != theirs.is_ok()).then(|| format!("{schema}: {ours:?}, jsonschema {theirs:?}"))
}

fn assert_none(different: &[String]) {
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn patterns() {
    let mut different = Vec::new();
    for seed in 0..rounds() {
        let mut random = Random::new(seed);
        let pattern = text(OF_PATTERNS, &mut random);
        let draft = *random.pick(&DRAFTS);
        for schema in [
            json!({"$schema": draft, "definitions": {"a": {"pattern": pattern}}}),
            json!({"$schema": draft, "definitions": {"a": {"patternProperties": {&pattern: {}}}}}),
            json!({"$schema": draft, "pattern": pattern}),
            json!({"$schema": draft, "patternProperties": {&pattern: {}}}),
        ] {
            different.extend(difference(&schema));
        }
        let asserted = json!({"$schema": draft, "format": "regex"});
        assert!(compare(&asserted, &[json!(pattern).to_string()], true));
    }
    assert_none(&different);
}

#[test]
fn uris() {
    let mut different = Vec::new();
    for seed in 0..rounds() {
        let mut random = Random::new(seed);
        let uri = text(OF_URIS, &mut random);
        let draft = *random.pick(&DRAFTS);
        for keyword in ["$id", "id", "$schema", "$ref"] {
            let schema = json!({"$schema": draft, "definitions": {"a": {keyword: uri}}});
            different.extend(difference(&schema));
        }
        for format in ["uri", "uri-reference"] {
            let asserted = json!({"$schema": draft, "format": format});
            assert!(compare(&asserted, &[json!(uri).to_string()], true));
        }
    }
    assert_none(&different);
}

#[test]
fn patterns_that_take_much_memory() {
    let mut different = Vec::new();
    for pattern in [
        "(?:a{1,1000}){1,1000}",
        "^(?:a{1,1000}){1,1000}$",
        r"^\w{0,100000}$",
        r"^\p{L}{0,99999}$",
        r"^(?:\p{L}{0,9999})$",
        r"^(\p{L}){0,9999}$",
        r"^\p{L}{9999,}$",
        r"^[^x]{1,20000}",
        r"^a\p{L}{0,99999}",
        r"x\p{L}{9999}y",
        r"^.{1,65535}$",
        r"^[\s\S]{0,1000000}$",
        r"^(?:ab){1,50000}$",
        r"^\S+(\.\S{1,5000}){0,5000}$",
    ] {
        for draft in [DRAFTS[2], DRAFTS[4]] {
            let schema = json!({"$schema": draft, "pattern": pattern});
            different.extend(difference(&schema));
        }
    }
    let schema = json!({"type": "integer", "patternProperties": {"(?:a{1,1000}){1,1000}": {}}});
    different.extend(difference(&schema));
    assert_none(&different);
}
