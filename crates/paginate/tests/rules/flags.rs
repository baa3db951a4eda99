//! Flags, and what may be missing.

use crate::{DONE, MALFORMED, token, walk};

#[tokio::test]
async fn a_flag_that_is_missing_is_malformed_unless_it_may_be() {
    let answers = &[r#"{"items":[1],"next":"a"}"#, r#"{"items":[1]}"#];
    let (paths, end) = walk(token().more("/more"), answers).await;
    assert_eq!((paths.len(), end), (1, MALFORMED));
    let (paths, end) = walk(token().more("/more").flags_may_be_missing(), answers).await;
    assert_eq!((paths.len(), end), (2, DONE));
    // One that is there is still believed.
    let answers = &[r#"{"items":[1],"next":"a","more":false}"#];
    let (paths, end) = walk(token().more("/more").flags_may_be_missing(), answers).await;
    assert_eq!((paths.len(), end), (1, DONE));
    // Null says nothing.
    let answers = &[
        r#"{"items":[1],"next":"a","more":null}"#,
        r#"{"items":[1]}"#,
    ];
    let (paths, end) = walk(token().more("/more"), answers).await;
    assert_eq!((paths.len(), end), (1, MALFORMED));
    let (paths, end) = walk(token().more("/more").flags_may_be_missing(), answers).await;
    assert_eq!((paths.len(), end), (2, DONE));
}

#[tokio::test]
async fn a_flag_is_a_boolean_unless_it_may_be_text() {
    for (flag, more) in [
        ("\"true\"", true),
        ("\"True\"", true),
        ("1", true),
        ("\"1\"", true),
        ("\"false\"", false),
        ("\"FALSE\"", false),
        ("0", false),
        ("\"0\"", false),
        ("\"\"", false),
    ] {
        let first = format!(r#"{{"items":[1],"next":"a","more":{flag}}}"#);
        let answers: &'static [&'static str] =
            vec![&*first.leak(), r#"{"items":[1],"more":false}"#].leak();
        let (paths, end) = walk(token().more("/more"), answers).await;
        assert_eq!((paths.len(), end), (1, MALFORMED), "{flag}");
        let (paths, end) = walk(token().more("/more").flags_may_be_text(), answers).await;
        assert_eq!((paths.len(), end), (1 + usize::from(more), DONE), "{flag}");
    }
    for flag in ["2", "\"yes\"", "[]", "{}", "-1", "1.0"] {
        let first = format!(r#"{{"items":[1],"next":"a","more":{flag}}}"#);
        let answers: &'static [&'static str] = vec![&*first.leak()].leak();
        let (_, end) = walk(token().more("/more").flags_may_be_text(), answers).await;
        assert_eq!(end, MALFORMED, "{flag}");
    }
}

#[tokio::test]
async fn of_two_flags_the_one_that_says_stop_counts() {
    let both = || token().more("/more").last("/last");
    for (flags, sends, expected) in [
        (r#""more":true,"last":false"#, 2, DONE),
        (r#""more":true,"last":true"#, 1, DONE),
        (r#""more":false,"last":false"#, 1, DONE),
        (r#""more":true"#, 1, MALFORMED),
    ] {
        let first = format!(r#"{{"items":[1],"next":"a",{flags}}}"#);
        let end = r#"{"items":[1],"more":false,"last":true}"#;
        let answers: &'static [&'static str] = vec![&*first.leak(), end].leak();
        let (paths, ended) = walk(both(), answers).await;
        assert_eq!((paths.len(), ended), (sends, expected), "{flags}");
    }
}

#[tokio::test]
async fn what_has_to_be_present_may_be_absent_null_or_empty_at_the_end() {
    for absent in [
        "",
        r#","paging":{}"#,
        r#","paging":{"next":null}"#,
        r#","paging":{"next":""}"#,
    ] {
        let last = format!(r#"{{"items":[1],"next":"b"{absent}}}"#);
        let answers: &'static [&'static str] = vec![
            r#"{"items":[1],"next":"a","paging":{"next":"x"}}"#,
            &*last.leak(),
        ]
        .leak();
        let (paths, end) = walk(token().more_if_present("/paging/next"), answers).await;
        assert_eq!((paths.len(), end), (2, DONE), "{absent}");
    }
    // It says more, and there is no token.
    let answers = &[r#"{"items":[1],"paging":{"next":"x"}}"#];
    let (_, end) = walk(token().more_if_present("/paging/next"), answers).await;
    assert_eq!(end, MALFORMED);
}
