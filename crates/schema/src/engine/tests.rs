use super::*;

/// Arrays of arrays, which so many schemas are held against one after the other, each with
/// branches that are not told apart before their end.
fn alike(schemas: usize) -> Program {
    let mut definitions = serde_json::Map::new();
    let mut all = Vec::new();
    for n in 0..schemas {
        let nested = serde_json::json!({"$ref": format!("#/$defs/d{n}")});
        let branch =
            |most: usize| serde_json::json!({"type": "array", "maxItems": most, "items": nested});
        let branches = [branch(1_000_000_000 + n), branch(2_000_000_000 + n)];
        definitions.insert(format!("d{n}"), serde_json::json!({"anyOf": branches}));
        all.push(serde_json::json!({"if": nested, "then": {"maxItems": 1_000_000_000}}));
    }
    let schema = serde_json::json!({"allOf": all, "$defs": definitions});
    Program::compile(&schema, &[], Draft::V202012, false).unwrap()
}

/// What the documentation says of memory: without a bound, 16 schemas take six times as much.
/// Nor is what is forgotten asked for again and again, which would not end.
#[test]
fn memory_grows_with_the_body_and_little_with_the_branches() {
    let within =
        |levels: usize, inner: &str| format!("{}{inner}{}", "[".repeat(levels), "]".repeat(levels));
    let bodies = [
        within(1, &vec!["[]"; 60_000].join(",")),
        within(1, &vec!["[[],[]]"; 30_000].join(",")),
        within(1, &vec![within(100, ""); 1_000].join(",")),
        within(
            1,
            &vec![within(1, &vec!["[]"; 2_500].join(",")); 24].join(","),
        ),
        within(120, &vec!["[]"; 60_000].join(",")),
    ];
    for schemas in [2, 16] {
        let program = alike(schemas);
        for body in &bodies {
            let mut scratch = Scratch::default();
            let (verdict, _) = program.verdict(body.as_bytes(), &mut scratch);
            assert_eq!(verdict, Ok(()));
            let bytes = scratch.tape.bytes() + scratch.memo.bytes();
            let most = 40 * body.len() + schemas * 1_024 * body.len().isqrt();
            assert!(bytes <= most, "{schemas}: {bytes} of {}", body.len());
        }
    }
}
