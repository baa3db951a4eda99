//! Bodies and schemas that are made to take time, memory or stack: with work that grows with the
//! square of them, or faster, none of these tests would end.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use outbound_schema::{Contract, Duplicates, InvalidContract};

fn fused(schema: &str) -> Contract {
    Contract::schema(schema).unwrap().require_fused().unwrap()
}

fn meets(contract: &Contract, body: &str) -> bool {
    contract.check(body.as_bytes()).is_ok()
}

fn list(elements: impl IntoIterator<Item = String>) -> String {
    let elements: Vec<String> = elements.into_iter().collect();
    format!("[{}]", elements.join(","))
}

#[test]
fn what_a_large_value_left_behind_makes_no_small_one_slow() {
    let contract = fused(
        r##"{"items":{"$ref":"#/$defs/nested"},"$defs":{"nested":{"anyOf":[
            {"type":"array","maxItems":1000000,"items":{"$ref":"#/$defs/nested"}},
            {"type":"array","maxItems":2000000,"items":{"$ref":"#/$defs/nested"}},
            {"const":0}]}}}"##,
    );
    let large = list(vec!["[0]".to_owned(); 100_000]);
    let small = vec!["[[0]]".to_owned(); 100_000];
    let both = list(std::iter::once(large).chain(small.clone()));
    assert!(meets(&contract, &both));
    // From one body to the next neither.
    assert!(meets(&contract, &list(small)));
}

/// Definitions that each apply the next one `width` times.
fn layers(keyword: &str, levels: usize, width: usize) -> String {
    let layer = |level: usize| {
        let next = format!("{{\"$ref\":\"#/$defs/d{}\"}}", level + 1);
        let branches = list(vec![next; width]);
        format!("\"d{level}\":{{\"{keyword}\":{branches}}},")
    };
    let layers: String = (0..levels).map(layer).collect();
    let last = r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#;
    format!("{{\"$ref\":\"#/$defs/d0\",\"$defs\":{{{layers}\"d{levels}\":{last}}}}}")
}

#[test]
fn branches_of_branches_of_branches_are_compiled_once_each() {
    for (levels, width) in [(5, 30), (20, 2), (10, 10)] {
        for (keyword, is_met) in [("anyOf", true), ("allOf", true), ("oneOf", false)] {
            let contract = fused(&layers(keyword, levels, width));
            assert_eq!(meets(&contract, r#"{"a":"1"}"#), is_met, "{keyword}");
            for body in [r#"{"a":1}"#, "{}", "7"] {
                assert!(!meets(&contract, body), "{keyword} {body}");
            }
        }
    }
}

/// A schema of this many definitions whose members, taken together, need a node for each set of
/// them.
fn sets(count: usize, members: usize) -> String {
    let more: String = (0..members).map(|n| format!("\"m{n}\":{{}},")).collect();
    let mut definitions = format!(
        r##""0":{{"properties":{{{more}
            "a":{{"allOf":[{{"$ref":"#/$defs/0"}},{{"$ref":"#/$defs/1"}}]}},
            "b":{{"$ref":"#/$defs/0"}}}}}},"##
    );
    for n in 1..count {
        let next = format!("{{\"$ref\":\"#/$defs/{}\"}}", n + 1);
        definitions += &format!("\"{n}\":{{\"properties\":{{\"a\":{next},\"b\":{next}}}}},");
    }
    format!(r##"{{"$ref":"#/$defs/0","$defs":{{{definitions}"{count}":{{"minProperties":1}}}}}}"##)
}

#[test]
fn a_schema_whose_parts_join_in_too_many_ways_is_refused_and_says_so() {
    assert!(meets(&fused(&sets(8, 10)), r#"{"a":{"b":{}}}"#));
    for (count, members) in [(40, 0), (40, 2_000)] {
        let refused = Contract::schema(&sets(count, members)).and_then(Contract::require_fused);
        let refused: InvalidContract = refused.unwrap_err();
        assert!(
            refused.to_string().contains("becomes this large"),
            "{refused}"
        );
    }
}

#[test]
fn tags_of_many_groups_are_not_multiplied() {
    for groups in [3, 5, 40] {
        let branch = |group: usize, value: usize| {
            format!(
                r#"{{"properties":{{"t{group}":{{"const":"v{value}"}},"x{group}":{{"const":{value}}}}},"required":["t{group}"]}}"#
            )
        };
        let all = list((0..groups).map(|group| {
            let branches = list((0..10).map(|value| branch(group, value)));
            format!("{{\"oneOf\":{branches}}}")
        }));
        let contract = fused(&format!("{{\"type\":\"object\",\"allOf\":{all}}}"));
        let body = |value: usize| {
            let members =
                (0..groups).map(|group| format!("\"t{group}\":\"v1\",\"x{group}\":{value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        };
        assert!(meets(&contract, &body(1)), "{groups}");
        assert!(!meets(&contract, &body(2)), "{groups}");
    }
}

#[test]
fn long_lists_of_what_is_allowed_are_searched_and_not_read() {
    let numbers = list((0..50_000).map(|n| n.to_string()));
    let contract = fused(&format!(r#"{{"items":{{"enum":{numbers}}}}}"#));
    assert!(meets(&contract, &numbers));
    assert!(!meets(&contract, "[50000]"));
    assert!(meets(&contract, "[7.0,0,-0,49999e0]"));
    let both = format!(r#"{{"items":{{"allOf":[{{"enum":{numbers}}},{{"enum":{numbers}}}]}}}}"#);
    assert!(meets(&fused(&both), &numbers));
    assert!(!meets(&fused(&both), "[0.5]"));
    let names = list((0..50_000).map(|n| format!("\"name {n}\"")));
    let both = format!(r#"{{"items":{{"allOf":[{{"enum":{names}}},{{"enum":{names}}}]}}}}"#);
    assert!(meets(&fused(&both), &names));
    assert!(!meets(&fused(&both), r#"["name 50000"]"#));
}

#[test]
fn many_members_that_begin_and_end_alike_are_told_apart_at_once() {
    let names: Vec<String> = (0..30_000)
        .map(|n| format!("\"property {n:06} of it\""))
        .collect();
    let object = |value: &str| {
        let members = names.iter().map(|name| format!("{name}:{value}"));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    };
    let required = list(names.clone());
    let schema = format!(
        r#"{{"required":{required},"properties":{}}}"#,
        object(r#"{"type":"null"}"#)
    );
    let contract = fused(&schema);
    assert!(meets(&contract, &object("null")));
    assert!(!meets(&contract, &object("1")));
    assert!(!meets(&contract, "{}"));
    let all = contract.max_violations(100_000).check(b"{}").unwrap_err();
    assert_eq!(all.further().len(), 29_999);
}

#[test]
fn where_a_body_is_broken_is_found_in_linear_time_behind_what_is_not_evaluated() {
    for (keyword, value) in [
        (
            "unevaluatedItems",
            list((0..100_000).map(|n| n.to_string())),
        ),
        (
            "unevaluatedProperties",
            list((0..100_000).map(|n| format!("\"k{n}\":1")))
                .replace('[', "{")
                .replace(']', "}"),
        ),
    ] {
        let contract = fused(&format!(
            r#"{{"properties":{{"a":{{"{keyword}":{{"type":"integer"}}}},"b":{{"type":"string"}}}}}}"#
        ));
        let violation = contract
            .check(format!("{{\"a\":{value},\"b\":1}}").as_bytes())
            .unwrap_err();
        assert_eq!(violation.instance(), "/b");
    }
}

/// Of many branches, each with many members, the one that is for a large object is looked for.
#[test]
fn which_branch_is_for_a_large_object_is_found_in_one_look_at_its_members() {
    let integer = r#"{"type":"integer"}"#;
    let branch = |branch: usize| {
        let members = (0..2_000).map(|n| format!("\"k{branch}_{n}\":{integer}"));
        let members: Vec<_> = members.collect();
        format!(
            r#"{{"type":"object","properties":{{{},"z":{{"const":{branch}}}}},"required":["z"]}}"#,
            members.join(",")
        )
    };
    let contract = fused(&format!(r#"{{"oneOf":{}}}"#, list((0..20).map(branch))));
    let members: Vec<_> = (0..20_000).map(|n| format!("\"m{n}\":1")).collect();
    let body = format!(r#"{{{},"k7_1":"x","z":7}}"#, members.join(","));
    let violation = contract.check(body.as_bytes()).unwrap_err();
    assert_eq!(violation.schema(), "/oneOf/7/properties/k7_1/type");
}

#[test]
fn a_long_string_is_not_read_once_for_each_object_around_it() {
    let contract = fused(
        r##"{"anyOf":[{"type":"object","properties":{"z":{"const":"a"},"n":{"$ref":"#"}},"required":["z"]},
            {"type":"object","properties":{"z":{"const":"b"},"n":{"$ref":"#"}},"required":["z"]},
            {"type":"string"}]}"##,
    );
    let mut body = format!("\"{}\"", "x".repeat(1_000_000));
    for _ in 0..100 {
        body = format!("{{\"n\":{body},\"z\":\"a\"}}");
    }
    assert!(meets(&contract, &body));
    assert!(!meets(&contract, &body.replacen("\"a\"", "\"c\"", 1)));
}

/// A tag, or a member that tells branches apart, may be cut off where the look ahead ends.
#[test]
fn what_tells_branches_apart_is_found_wherever_it_ends() {
    let tagged = fused(
        r#"{"oneOf":[{"properties":{"kind":{"const":"abcdefgh"},"n":{"const":1}},"required":["kind"]},
            {"properties":{"kind":{"const":"abc"},"n":{"const":2}},"required":["kind"]}]}"#,
    );
    let sifted = fused(
        r#"{"type":"object","anyOf":[
            {"properties":{"x":{},"first":{},"n":{"const":1}},"additionalProperties":false},
            {"properties":{"x":{},"second":{"const":"s"},"n":{"const":2}},"additionalProperties":false}]}"#,
    );
    for length in 440..520 {
        let padding = "x".repeat(length);
        for (kind, n, is_met) in [("abcdefgh", 1, true), ("abc", 2, true), ("abc", 1, false)] {
            let body = format!("{{\"x\":\"{padding}\",\"kind\":\"{kind}\",\"n\":{n}}}");
            assert_eq!(meets(&tagged, &body), is_met, "{length} {body}");
        }
        for (name, n, is_met) in [
            ("first", 1, true),
            ("second", 2, true),
            ("second", 1, false),
        ] {
            let body = format!("{{\"x\":\"{padding}\",\"{name}\":\"s\",\"n\":{n}}}");
            assert_eq!(meets(&sifted, &body), is_met, "{length} {body}");
        }
    }
}

/// More schemas within each other than are asked: what is not known does not become `true` by
/// being negated.
#[test]
fn a_verdict_that_is_not_reached_is_a_violation() {
    let mut chain = r##"{"type":"array","items":{"$ref":"#/not"}}"##.to_owned();
    for n in 0..29 {
        let other = n + 2;
        chain = format!(r#"{{"anyOf":[{{"type":"array","minItems":{other}}},{chain}]}}"#);
    }
    let contract = fused(&format!(r#"{{"not":{{"anyOf":[{chain},{{"const":0}}]}}}}"#));
    for depth in [1, 60, 126] {
        let body = format!("{}0{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!meets(&contract, &body), "{depth}");
    }
}

#[test]
fn large_quotients_are_divided_at_once() {
    for (divisor, number) in [("1e-300", "1e300"), ("0.01", "1.7976931348623157e308")] {
        let contract = fused(&format!(r#"{{"items":{{"multipleOf":{divisor}}}}}"#));
        assert!(meets(&contract, &list(vec![number.to_owned(); 100_000])));
    }
}

#[test]
fn names_of_one_hash_are_compared_in_order() {
    let alike = |n: usize| format!("\"aaaaaaaa{n:08}bbbbbbbb\":1");
    for twice in ["", ",\"aaaaaaaa00000007bbbbbbbb\":1"] {
        let members: Vec<String> = (0..100_000).map(alike).collect();
        let body = format!("{{{}{twice}}}", members.join(","));
        assert_eq!(meets(&Contract::any(), &body), twice.is_empty());
        let contract = Contract::any().duplicates(Duplicates::Allow);
        assert!(meets(&contract, &body));
    }
}

#[test]
fn branches_that_leave_each_other_alone_do_not_hold_the_compiler() {
    for (first, second) in [("anyOf", "oneOf"), ("anyOf", "anyOf"), ("oneOf", "oneOf")] {
        let schema = format!(
            r##"{{"$ref":"#/$defs/a","$defs":{{
                "a":{{"type":"object","{first}":[{{"$ref":"#/$defs/b"}},{{"type":"string"}}]}},
                "b":{{"{second}":[{{"$ref":"#/$defs/a"}},{{"type":"string"}}]}}}}}}"##
        );
        let refused = Contract::schema(&schema).and_then(Contract::require_fused);
        let fault = refused.unwrap_err().to_string();
        assert!(fault.contains("refers to itself"), "{fault}");
    }
}

#[test]
fn a_long_chain_of_references_is_followed_or_refused() {
    for (length, keyword) in [
        (150, "$ref"),
        (5_000, "$ref"),
        (50_000, "$ref"),
        (50_000, "items"),
    ] {
        let link = |n: usize| match keyword {
            "$ref" => format!("\"d{n}\":{{\"$ref\":\"#/$defs/d{}\"}},", n + 1),
            _ => format!(
                "\"d{n}\":{{\"{keyword}\":{{\"$ref\":\"#/$defs/d{}\"}}}},",
                n + 1
            ),
        };
        let links: String = (0..length).map(link).collect();
        let schema = format!(
            r##"{{"$ref":"#/$defs/d0","$defs":{{{links}"d{length}":{{"type":"null"}}}}}}"##
        );
        match Contract::schema(&schema) {
            Ok(contract) => assert_eq!(meets(&contract, "[]"), keyword == "items"),
            Err(refused) => assert!(refused.to_string().contains("chain"), "{refused}"),
        }
    }
}

#[test]
fn many_violations_take_no_memory_or_time_that_grows_with_their_square() {
    // Each is looked for where the last of two keys counts.
    let required = Contract::required(["/items/*/id"]).unwrap();
    let last = required
        .duplicates(Duplicates::Allow)
        .max_violations(usize::MAX);
    let items = list(vec!["{}".to_owned(); 20_000]);
    let body = format!(r#"{{"x":0,"x":0,"items":{items}}}"#);
    let violation = last.check(body.as_bytes()).unwrap_err();
    assert_eq!(
        (violation.instance(), violation.offset()),
        ("/items/0/id", None)
    );
    assert_eq!(violation.further().len(), 19_999);

    // A long key above each of them, which all of them share.
    let key = "k".repeat(1_000_000);
    let body = format!(r#"{{"{key}":{}}}"#, list(vec!["\"\"".to_owned(); 20_000]));
    let contract = fused(r#"{"additionalProperties":{"items":{"type":"integer"}}}"#);
    let violation = contract
        .max_violations(usize::MAX)
        .check(body.as_bytes())
        .unwrap_err();
    assert_eq!(violation.further().len(), 19_999);
    assert_eq!(violation.further()[19_998].instance(), "/*/19999");
}

#[test]
fn more_violations_than_the_most_are_not_looked_for() {
    let contract = fused(r#"{"items":{"type":"integer"}}"#).max_violations(usize::MAX);
    for (count, told) in [(99_999, 99_999), (100_000, 100_000), (100_001, 100_000)] {
        let body = list(vec!["\"\"".to_owned(); count]);
        let violation = contract.check(body.as_bytes()).unwrap_err();
        assert_eq!(1 + violation.further().len(), told, "{count}");
    }
    assert_eq!(Contract::MOST_VIOLATIONS, 100_000);
}
