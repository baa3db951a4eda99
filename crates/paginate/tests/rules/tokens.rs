//! Tokens, and pages that lack theirs.

use outbound_paginate::{PageErrorKind, PaginateLayer, Token, body, last_item, query};

use crate::support::{all, api, json, pages};
use crate::{DONE, MALFORMED, token, walk};

#[tokio::test]
async fn a_page_without_items_is_no_end_for_a_token_unless_it_is_meant_so() {
    let answers = &[
        r#"{"items":[],"next":"a"}"#,
        r#"{"items":[1],"next":"b"}"#,
        r#"{"items":[],"next":"c"}"#,
        r#"{"items":[1]}"#,
    ];
    let (paths, end) = walk(token(), answers).await;
    assert_eq!((paths.len(), end), (4, DONE));
    let (paths, end) = walk(token().end_on_empty_page(), answers).await;
    assert_eq!((paths.len(), end), (1, DONE));
}

#[tokio::test]
async fn a_page_that_says_that_there_is_more_and_not_where_is_no_end_and_sends_no_token_again() {
    for (lacks, by_flag) in [
        (r#""more":true"#, token().more("/more")),
        (r#""more":true,"next":null"#, token().more("/more")),
        (r#""more":true,"next":"""#, token().more("/more")),
        (r#""done":false"#, token().last("/done")),
        (r#""done":false,"next":null"#, token().last("/done")),
    ] {
        let api = api(move |_, n| {
            json(match n {
                0 => r#"{"items":[1],"next":"a","more":true,"done":false}"#.to_owned(),
                _ => format!(r#"{{"items":[2],{lacks}}}"#),
            })
        });
        let layer = PaginateLayer::new(by_flag);
        let stream = pages(&api, layer.clone().items_at("/items"), "/a").await;
        let (got, error) = all(stream).await;
        let error = error.expect(lacks);
        assert_eq!((got.len(), error.kind()), (2, PageErrorKind::Malformed));
        assert_eq!(error.position().page, 1, "{lacks}");
        assert_eq!(api.paths(), ["/a", "/a?c=a"], "{lacks}");

        let stream = std::pin::Pin::into_inner(pages(&api, layer, "/a").await);
        let (items, error) = all(stream.items::<u64>("/items")).await;
        let kind = error.map(|error| error.kind());
        assert_eq!((items, kind), (vec![2], Some(PageErrorKind::Malformed)));
    }
}

#[tokio::test]
async fn a_further_token_may_be_missing_only_where_it_is_said_to_be_optional() {
    let answers = &[
        r#"{"items":[1],"next":"a","row":"r"}"#,
        r#"{"items":[1],"next":"b"}"#,
        r#"{"items":[1],"row":"s"}"#,
    ];
    let (paths, end) = walk(token().and(body("/row"), query("r")), answers).await;
    assert_eq!((paths, end), (vec!["/a".into(), "/a?c=a&r=r".into()], DONE));
    let (paths, end) = walk(token().and_if_present(body("/row"), query("r")), answers).await;
    assert_eq!(paths, ["/a", "/a?c=a&r=r", "/a?c=b"]);
    assert_eq!(end, DONE);
}

#[tokio::test]
async fn a_last_item_without_its_token_is_no_end_unless_the_page_is_known_to_be_the_last() {
    let last = || Token::from(last_item("/id")).to(query("after"));
    let lacks = r#"{"items":[{"id":1},{"deleted":true}],"more":false}"#;
    for (strategy, page, end) in [
        (last(), lacks, MALFORMED),
        (last(), r#"{"items":[{"id":null}]}"#, MALFORMED),
        (last(), r#"{"items":[]}"#, DONE),
        (last(), r#"{"items":null}"#, DONE),
        (last(), "", Err(PageErrorKind::Truncated)),
        (last().more("/more"), lacks, DONE),
    ] {
        let answers = vec![page].leak();
        let (paths, ended) = walk(strategy, answers).await;
        assert_eq!((paths.len(), ended), (1, end), "{page}");
    }
    // Nobody has said where the items are.
    let api = api(|_, _| json(r#"[{"id":1}]"#));
    let (got, error) = all(pages(&api, PaginateLayer::new(last()), "/a").await).await;
    let error = error.unwrap();
    assert_eq!((got.len(), error.kind()), (1, PageErrorKind::Malformed));
    assert!(error.to_string().contains("items_at"), "{error}");
}

#[tokio::test]
async fn cursors_that_are_numbers_lose_no_digit() {
    for number in ["9007199254740993", "1e400", "0.10", "-1"] {
        let first = format!(r#"{{"items":[{{"id":{number}}}]}}"#);
        let answers: &'static [&'static str] = vec![&*first.leak()].leak();
        let (paths, _) = walk(Token::from(last_item("/id")).to(query("after")), answers).await;
        assert_eq!(paths[1], format!("/a?after={number}"));
    }
}
