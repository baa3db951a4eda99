use super::*;

fn settings(duplicates: Duplicates) -> Settings {
    Settings {
        duplicates,
        most: 9,
        excerpt: None,
    }
}

fn check(text: &[u8]) -> Result<(), Finding> {
    let findings = findings(text, None, settings(Duplicates::Reject));
    findings.into_iter().next().map_or(Ok(()), Err)
}

/// Offset and pointer of the fault.
fn fault(text: impl AsRef<[u8]>) -> (usize, String) {
    let found = check(text.as_ref()).unwrap_err();
    let pointer = crate::finding::instance(&found.path, Some(usize::MAX));
    (found.value.unwrap().start, pointer)
}

/// Instance and keyword of each finding.
fn broken(pointers: &[&str], text: &str, duplicates: Duplicates) -> Vec<String> {
    let required = Required::compile(pointers).unwrap();
    let found = findings(text.as_bytes(), Some(&required), settings(duplicates));
    let line = |found: &Finding| {
        let instance = crate::finding::instance(&found.path, None);
        format!("{} {instance}", found.keyword)
    };
    found.iter().map(line).collect()
}

#[test]
fn what_serde_json_reads_is_accepted() {
    for text in [
        "{}",
        "[]",
        "0",
        "-0.0",
        "1e2",
        "1E-2",
        "\"\"",
        "true",
        " null\n",
        "[1,[2,{\"a\":[]}]]",
        r#"{"a":"\ud83d\ude00\u00e9\n","b":{"a":1}}"#,
        "123456789012345678901234567890123456789012",
    ] {
        assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        assert!(
            serde_json::from_str::<serde_json::Value>(text).is_ok(),
            "{text}"
        );
    }
}

#[test]
fn what_serde_json_refuses_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{,}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "-",
        "nul",
        "tru",
        "\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\t\"",
        "{} {}",
        "1 2",
        "\u{feff}1",
        "\"\\ud800\"",
        "\"\\ud800x\"",
        "\"\\udc00\"",
        "1e400",
        "-1e400",
        "'a'",
        "[1 2]",
    ] {
        assert!(check(text.as_bytes()).is_err(), "{text}");
        assert!(
            serde_json::from_str::<serde_json::Value>(text).is_err(),
            "{text}"
        );
    }
    assert!(check(b"\"\xff\"").is_err());
}

#[test]
fn a_key_that_stands_twice_is_refused_however_it_is_written() {
    let found = fault(r#"{"x":[0,{"ab":1,"c":2,"\u0061b":3}]}"#);
    assert_eq!(found, (22, "/x/1/ab".to_owned()));
    assert_eq!(check(br#"[{"a":1},{"a":2}]"#), Ok(()));
    let allowed = settings(Duplicates::Allow);
    assert!(findings(br#"{"a":1,"a":2}"#, None, allowed).is_empty());
}

#[test]
fn nesting_ends_at_127() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(check(nested(127).as_bytes()), Ok(()));
    assert_eq!(fault(nested(128)).0, 127);
    assert_eq!(fault("[".repeat(1_000_000)).0, 127);
}

#[test]
fn faults_say_where() {
    let found = fault(r#"{"a":{"b/c":[1,x]}}"#);
    assert_eq!(found, (15, "/a/b~1c/1".to_owned()));
}

#[test]
fn every_finding_is_collected_up_to_the_limit() {
    let pointers = ["/a/*/id: integer", "/a/*/name", "/b: string"];
    let text = r#"{"a":[{"id":1,"name":""},{"id":"1"},7,{"name":1}],"b":1}"#;
    assert_eq!(
        broken(&pointers, text, Duplicates::Reject),
        [
            "type /a/1/id",
            "required /a/1/name",
            "required /a/2/id",
            "required /a/2/name",
            "required /a/3/id",
            "type /b",
        ]
    );
    let many = format!("[{}]", ["{}"; 20].join(","));
    assert_eq!(broken(&["/*/x"], &many, Duplicates::Reject).len(), 9);
}

#[test]
fn what_was_found_before_a_fault_of_syntax_is_kept() {
    let found = broken(&["/a: string"], r#"{"a":1,"b":x}"#, Duplicates::Reject);
    assert_eq!(found, ["type /a", "json /*"]);
}

#[test]
fn an_element_is_held_to_its_index_and_to_every() {
    let pointers = ["/*/id", "/0/name", "/2/id: string"];
    for (text, expected) in [
        (r#"[{"id":1,"name":2},{"id":1},{"id":""}]"#, &[][..]),
        (r#"[{"id":1},{"id":1},{"id":""}]"#, &["required /0/name"]),
        (
            r#"[{"name":1},{},{"id":1}]"#,
            &["required /0/id", "required /1/id", "type /2/id"],
        ),
        ("[]", &["required /0", "required /2"]),
        ("{}", &["type "]),
    ] {
        assert_eq!(
            broken(&pointers, text, Duplicates::Reject),
            expected,
            "{text}"
        );
    }
    // An index is a key of an object, too.
    assert!(broken(&["/0"], r#"{"0":1}"#, Duplicates::Reject).is_empty());
}

#[test]
fn of_keys_that_may_stand_twice_the_last_counts() {
    let twice = |text| broken(&["/a: string", "/b"], text, Duplicates::Allow);
    assert_eq!(twice(r#"{"a":1,"a":"","b":1}"#), [""; 0]);
    assert_eq!(twice(r#"{"a":"","a":1,"b":1}"#), ["type /a"]);
    assert_eq!(twice(r#"{"a":"","a":"1"}"#), ["required /b"]);
    assert_eq!(twice(r#"{"a":"","a":1,"b":1"#), ["json "]);
    assert_eq!(twice(r#"{"a":1,"b":1}"#), ["type /a"]);
}

#[test]
fn many_members_are_each_looked_for() {
    let pointers: Vec<String> = (0..200).map(|key| format!("/k{key}")).collect();
    let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
    let members = |keys: &mut dyn Iterator<Item = usize>| {
        let members: Vec<String> = keys.map(|key| format!("\"k{key}\":1")).collect();
        format!("{{{}}}", members.join(","))
    };
    let whole = members(&mut (0..200).rev());
    assert!(broken(&pointers, &whole, Duplicates::Reject).is_empty());
    for missing in [0, 63, 64, 127, 128, 199] {
        let text = members(&mut (0..200).filter(|key| *key != missing));
        let expected = format!("required /k{missing}");
        assert_eq!(broken(&pointers, &text, Duplicates::Reject), [expected]);
    }
}
