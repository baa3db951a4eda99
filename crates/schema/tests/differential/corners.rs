//! The same verdicts as the `jsonschema` crate where the random ones hardly come: numbers at the
//! edges of their types, ways to write a reference, and objects of many names.

use outbound_schema::{Contract, Duplicates, Engine, SchemaOptions};
use serde_json::{Map, Value, json};

use crate::oracle;

pub(crate) const DRAFTS: [&str; 5] = [
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

/// Holds all bodies against the schema, by both; whether both take it for one.
pub(crate) fn compare(schema: &Value, bodies: &[String], formats: bool) -> bool {
    let options = SchemaOptions::new().assert_formats(formats);
    let ours = Contract::schema_with(&schema.to_string(), &options);
    let (ours, theirs) = match (ours, oracle(schema, formats)) {
        (Ok(ours), Ok(theirs)) => (ours.duplicates(Duplicates::Allow), theirs),
        (Err(_), Err(_)) => return false,
        (ours, theirs) => panic!("{schema}: {:?} {:?}", ours.err(), theirs.err()),
    };
    for body in bodies {
        let tree = serde_json::from_str::<Value>(body);
        let expected = tree.is_ok_and(|tree| theirs.is_valid(&tree));
        assert_eq!(
            ours.check(body.as_bytes()).is_ok(),
            expected,
            "{schema} {body}"
        );
    }
    ours.engine() == Engine::Fused
}

/// The last ones are none.
const NUMBERS: &str = "0 -0 -0.0 0.0 1 1.0 -1 1e0 10e-1 0.1 0.30000000000000004 0.3 1e2 100 1E+2 \
    1e20 100000000000000000000 100000000000000000001 9007199254740991 9007199254740992 \
    9007199254740993 9007199254740993.0 9223372036854775807 9223372036854775808 \
    -9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616 1e19 1.5 \
    19.99 1e308 1.7976931348623157e308 -1e308 5e-324 1e-400 0.01 123456789012345678901234567890 \
    1e15 999999999999999 1000000000000000 999999999999999.9 1.9999999999999999999 \
    0.99999999999999999 2.0000000000000000001 4.35 4.350000000000001 1e-7 3e-8 1e22 1e23 -5 -5.5 \
    7 14 21.0 1e400 -1e400 00 01 -01 +1 1. .1 1e 1e+ 0e0 0E-0 - -- 1-";

#[test]
fn numbers_at_the_edges_of_their_types() {
    let numbers: Vec<String> = NUMBERS.split_whitespace().map(str::to_owned).collect();
    let pairs = |pair: &dyn Fn(&str, &str) -> String| -> Vec<String> {
        let all = numbers
            .iter()
            .flat_map(|one| numbers.iter().map(move |other| (one, other)));
        all.map(|(one, other)| pair(one, other)).collect()
    };
    let plain = pairs(&|one, other| format!("[{one},{other}]"));
    let nested =
        pairs(&|one, other| format!(r#"[[{{"a":{one},"b":1}}],[{{"b":1.0,"a":{other}}}]]"#));
    for draft in DRAFTS {
        for kind in ["integer", "number"] {
            compare(&json!({"$schema": draft, "type": kind}), &numbers, false);
        }
        let unique = json!({"$schema": draft, "uniqueItems": true});
        assert!(compare(&unique, &plain, false) && compare(&unique, &nested, false));
        let values = numbers
            .iter()
            .filter_map(|text| serde_json::from_str::<Value>(text).ok());
        for value in values {
            for keyword in [
                "minimum",
                "maximum",
                "multipleOf",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "const",
            ] {
                compare(&json!({"$schema": draft, keyword: value}), &numbers, false);
                let typed = json!({"$schema": draft, "type": "integer", keyword: value});
                compare(&typed, &numbers, false);
            }
            compare(
                &json!({"$schema": draft, "enum": [value, "x"]}),
                &numbers,
                false,
            );
        }
    }
}

/// Of each, `a` is an integer by way of a reference, if that leads anywhere.
#[test]
fn ways_to_write_a_reference() {
    let integer = json!({"type": "integer"});
    let mut bodies = Vec::new();
    for value in ["1", "\"x\"", "null", "{}", "[1]"] {
        bodies.push(value.to_owned());
        bodies.push(format!("{{\"a\":{value}}}"));
    }
    for (id, inner, reference, leads) in [
        ("http://x/a/b", "c", "c", true),
        ("http://x/a/b", "c", "http://x/a/c", true),
        ("http://x/a/b", "c", "#/$defs/d", true),
        ("http://x/a/b", "c", "c#", true),
        ("http://x/a/b", "/up/c", "../up/c", true),
        ("http://x/a/b?q=1", "?r=2", "?r=2", true),
        ("HTTP://X/a", "c", "http://x/c", true),
        ("http://x:80/a", "c", "http://x/c", true),
        ("http://x/./a", "%7Ec", "~c", true),
        ("http://x/a", "urn:x:C", "URN:x:C", true),
        ("http://x/a", "c", "C", false),
        ("http://x/a", "c", "http://y/c", false),
        ("http://x/a", "c", "#d", false),
        ("http://x/a", "c", "#/$defs/e", false),
        ("http://x/a", "c", "#/%24defs/d", true),
    ] {
        let mut definition = integer.clone();
        definition["$id"] = inner.into();
        let schema = json!({"$id": id, "$defs": {"d": definition},
            "properties": {"a": {"$ref": reference}}});
        assert_eq!(compare(&schema, &bodies, false), leads, "{schema}");
    }
    for (name, segment) in [
        ("a/b", "a~1b"),
        ("c%d", "c%25d"),
        ("e~f", "e~0f"),
        ("g h", "g%20h"),
    ] {
        let schema = json!({"$defs": {name: integer},
            "properties": {"a": {"$ref": format!("#/$defs/{segment}")}}});
        assert!(compare(&schema, &bodies, false), "{schema}");
    }
}

#[test]
fn objects_with_more_names_than_are_marked_in_place() {
    for count in [63, 64, 65, 127, 128, 129, 255, 256, 257, 1_000] {
        let named = |value: &dyn Fn(usize) -> Value| -> Map<String, Value> {
            (0..count).map(|n| (format!("k{n}"), value(n))).collect()
        };
        let (properties, whole) = (named(&|_| json!({"type": "integer"})), named(&|n| json!(n)));
        let last = format!("k{}", count - 1);
        let names: Vec<&String> = whole.keys().collect();
        let mut objects = vec![whole.clone()];
        for name in ["k0", "k1", &last] {
            let mut without = whole.clone();
            without.remove(name);
            objects.push(without);
            let mut wrong = whole.clone();
            wrong.insert(name.to_owned(), json!("x"));
            objects.push(wrong);
        }
        let mut more = whole.clone();
        more.insert("zz".to_owned(), json!(1));
        objects.push(more);
        let mut bodies: Vec<String> = objects
            .into_iter()
            .map(|object| Value::from(object).to_string())
            .collect();
        bodies.extend([
            "{}".to_owned(),
            r#"{"k0":1,"k0":"x"}"#.to_owned(),
            format!(r#"{{"k0":"x","k0":1,"{last}":1}}"#),
        ]);
        for (keyword, value) in [
            ("required", json!(names)),
            ("required", json!([last])),
            ("additionalProperties", json!(false)),
            ("unevaluatedProperties", json!(false)),
            ("dependentRequired", json!({"k0": [last]})),
            ("dependentRequired", json!({&last: ["k1"]})),
            ("maxProperties", json!(count - 1)),
            ("minProperties", json!(count)),
            ("propertyNames", json!({"maxLength": 2})),
            ("patternProperties", json!({"^k1": {"minimum": 5}})),
            (
                "patternProperties",
                json!({"^k1": {"minimum": 5}, "2$": {"maximum": 100}, "3": {},
                "4": {}, "zz": {"type": "string"}}),
            ),
        ] {
            let schema = json!({"properties": properties, keyword: value});
            assert!(compare(&schema, &bodies, false), "{count} {keyword}");
        }
    }
}
