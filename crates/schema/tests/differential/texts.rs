//! The same verdicts as the `jsonschema` crate on strings where the random ones hardly come: classes
//! and escapes of patterns, and formats nearly met.

use serde_json::{Value, json};

use crate::corners::{DRAFTS, compare};

fn quoted(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| json!(text).to_string()).collect()
}

/// Patterns whose classes and escapes the two dialects read differently.
const PATTERNS: &str = r"
^[+--]$ ^[\w--z]$ ^[a-z--b]$ ^[a&&&b]$ ^[a~~b]$ ^[[:alpha:]]$ ^[^]]$ ^[]a]$ ^[a-]$ ^[-a]$ ^[--]$
^[---]$ ^[^-a]$ ^[^^]$ ^[\^a]$ ^[\]a]$ ^[\-a]$ ^[\u0041-\u005a]$ ^[\x41-\x5a]$ ^\u0041$ ^\x41$ ^\cA$
^[\cA-\cZ]$ ^\ca$ ^\c$ ^\s$ ^[\s]$ ^[^\s]$ ^\S$ ^[\S]$ ^[\D\S]$ (?x)^\s$ (?i)^a$ (?s)^.$ (?m)^a$
\bfoo\b \Bfoo \Aa a\z a\Z ^\p{L}$ ^[\p{L}]$ ^\P{L}$ ^\p{Script=Greek}$ ^\pL$ ^\0$ ^a{,2}$ ^a{2}$
^a{$ ^{$ ^}$ ^]$ ^a]$ \< ^\_$ ^\$$ ^\.$ ^\/$ ^\@$ ^\'$ ^\#$ ^\%$ ^\e$ ^\v$ ^\f$ ^\t$ ^[\b]$ ^(a|b|c)$
^(a|)$ ^a|b$ ^(?:a|b)$ ^(?<x>a)$ ^[a-c]{0}$ ^[^a]*$ ^.*$ ^\S*$ ^\d{1,3}$ ^[^\n]*$ ^$ $ ^^a$$ ^[A-z]$
^[!-~]$ ^[\\]$ ^[\w.]+@[\w.]+$ ^[\d\-x]$ ^[a-c-e]$ ^[a-c-]$ ^[&-~]$ ^[&&]$ ^[&&a]$ ^[-&&-]$ ^[~~-~]$
^[a-\]]$ ^[\[-\]]$ ^[[-\]]$ ^[[-a]$ ^[.]$ ^[\.-a]$ ^\u{41}$ ^[\u{41}-\u{5a}]$ ^\k$ ^\h$ ^[^\w-]$
^[\w-]$ (?#c)a a++ ^a*?$ ^a{1,2}?$ ^\uD83D\uDE00$ ^😀$ ^[😀-😃]$ [] [^] (?=a) (a)\1 ( [";

#[test]
fn classes_and_escapes_of_patterns() {
    let ascii: Vec<String> = (0..128_u8)
        .map(|byte| char::from(byte).to_string())
        .collect();
    let texts = [
        "", "é", "\u{85}", "\u{a0}", "\u{feff}", "\u{180e}", "\u{2028}", "\u{200b}", "λ", "😀",
        "aa", "ab", "foo", "a foo b", "éfoo", "afoo", "a\nb", "a\n", "\na", "٣", "ſ", "--", "x]",
        "a]", "l]", "a@b", "123",
    ];
    let texts: Vec<&str> = ascii.iter().map(String::as_str).chain(texts).collect();
    let bodies = quoted(&texts);
    let objects = texts.iter().map(|text| json!({*text: 1}).to_string());
    let objects: Vec<String> = objects.collect();
    let mut fused = 0;
    for pattern in PATTERNS.split_whitespace() {
        fused += usize::from(compare(&json!({"pattern": pattern}), &bodies, false));
        let by_name = json!({"patternProperties": {pattern: {"type": "string"}}});
        compare(&by_name, &objects, false);
    }
    assert!(fused > 90, "{fused}");
}

const FORMATTED: &str = "2024-02-29 2024-2-9 0000-01-01 2024-13-01 ２０２４-01-01 12:00:00Z 12:00:00 \
    12:00:00+24:00 12:00:00+00:60 23:59:60+00:00 00:59:60+01:00 12:00:00.Z 12:00:00.123456789123Z \
    12:00:00,1Z 2024-01-01T12:00:00Z 2024-01-01t12:00:00z 2024-01-01T12:00:00 P PT P1 P1D P1DT PT1H \
    P1Y P1Y1D P1M1D P1YT1S PT1H1S P1W P1W1D P٣D P1.5D p1d P+1D PT0S 1.2.3.4 01.2.3.4 1.2.3 \
    1.2.3.4.5 256.1.1.1 :: ::1 1::2::3 ::: ::1.2.3.4 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7 fe80::1%eth0 \
    12345:: ::ffff:01.2.3.4 ::1/64 2eb8aa08-aa98-11ea-b4aa-73b441d16380 \
    2EB8AA08-AA98-11EA-B4AA-73B441D16380 2eb8aa08aa9811eab4aa73b441d16380 / /a a /~ /~0 /~2 /a~1 0 \
    01 0# 1# 0## 10/a -1/a 0/~ 0a a.b -a a- a..b a. a_b é xn--a A.B 123";

#[test]
fn formats_that_are_nearly_met() {
    let mut texts: Vec<&str> = FORMATTED.split_whitespace().collect();
    texts.extend(["", "2024-01-01 ", "2024-01-01 12:00:00Z", "1.2.3.4\n"]);
    let bodies = quoted(&texts);
    for draft in DRAFTS {
        for format in "date time date-time duration hostname ipv4 ipv6 json-pointer \
            relative-json-pointer uuid regex email uri nonsense color"
            .split_whitespace()
        {
            let schema = json!({"$schema": draft, "format": format});
            compare(&schema, &bodies, true);
            compare(&schema, &bodies, false);
        }
    }
}

/// A pattern is read wherever a schema is applied, and nowhere else. (Up to draft 7 `jsonschema`
/// reads those as well that stand where none is, for the meta-schemas say of what format they are.)
#[test]
fn patterns_that_decide_nothing() {
    let whole = |within: Value, keyword: &str, value: Value| {
        let mut schema = within;
        schema[keyword] = value;
        schema
    };
    for (pattern, is_one) in [("(", false), ("(?=a)", false), ("a", true)] {
        for keywords in [
            json!({"pattern": pattern}),
            json!({"patternProperties": {pattern: {"type": "null"}}}),
        ] {
            for schema in [
                json!({"$defs": {"unused": keywords}}),
                json!({"then": keywords}),
            ] {
                assert!(compare(&schema, &[], false), "{schema}");
            }
            for schema in [
                whole(keywords.clone(), "type", json!("integer")),
                whole(keywords.clone(), "enum", json!([1])),
                json!({"type": "integer", "anyOf": [{"minimum": 1}, keywords]}),
                json!({"anyOf": [{}, keywords]}),
                json!({"type": "integer", "oneOf": [{"minimum": 1}, keywords]}),
                json!({"type": "integer", "not": keywords}),
                json!({"type": "integer", "properties": {"a": keywords}}),
                json!({"type": "string", "items": keywords}),
                json!({"allOf": [false, keywords]}),
                json!({"allOf": [false, {"$ref": "#/$defs/a"}], "$defs": {"a": keywords}}),
            ] {
                let bodies = ["1", "2", "\"a\"", "{\"a\":1}"].map(str::to_owned);
                assert_eq!(compare(&schema, &bodies, false), is_one, "{schema}");
            }
        }
    }
}
