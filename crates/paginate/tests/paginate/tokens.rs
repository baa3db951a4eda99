//! Lists whose pages tell a token.

use outbound_paginate::{PageErrorKind, PaginateLayer, Token, body, header, query};

use crate::support::{all, api, json, pages};

#[tokio::test]
async fn a_token_is_sent_in_the_query_and_leaves_the_rest_of_it_alone() {
    let tokens = [r#""dXN=&""#, "17", r#"{"a":[1]}"#, r#""""#];
    let api = api(move |_, n| json(format!(r#"{{"meta":{{"next":{}}}}}"#, tokens[n])));
    let strategy = Token::from(body("/meta/next")).to(query("cursor"));
    let (_, error) = all(pages(
        &api,
        PaginateLayer::new(strategy),
        "/a?q=%7e+x&cursor=old&z",
    )
    .await)
    .await;
    assert!(error.is_none());
    assert_eq!(
        api.paths(),
        [
            "/a?q=%7e+x&cursor=old&z",
            "/a?q=%7e+x&cursor=dXN%3D%26&z",
            "/a?q=%7e+x&cursor=17&z",
            "/a?q=%7e+x&cursor=%7B%22a%22%3A%5B1%5D%7D&z",
        ]
    );
}

#[tokio::test]
async fn a_token_may_travel_in_headers() {
    let api = api(|_, n| {
        let mut response = json("{}");
        if n < 2 {
            let token = format!("{{\"t\":{n}}}");
            response
                .headers_mut()
                .insert("x-ms-continuation", token.parse().unwrap());
        }
        response
    });
    let strategy = Token::from(header("x-ms-continuation")).to(header("x-ms-continuation"));
    let (_, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
    assert!(error.is_none());
    let sent: Vec<_> = api
        .asked()
        .iter()
        .map(|asked| {
            asked
                .headers
                .get("x-ms-continuation")
                .map(|v| v.to_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(
        sent,
        [None, Some("{\"t\":0}".into()), Some("{\"t\":1}".into())]
    );
}

#[tokio::test]
async fn a_token_that_would_break_a_header_is_refused() {
    let api = api(|_, _| json(r#"{"next":"a\r\nx: y"}"#));
    let strategy = Token::from(body("/next")).to(header("x-cursor"));
    let (got, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
    assert_eq!(
        (got.len(), error.unwrap().kind()),
        (1, PageErrorKind::Malformed)
    );
    assert_eq!(api.requests(), 1);
}

#[tokio::test]
async fn an_empty_token_is_the_end_or_a_token_as_it_is_asked_for() {
    for (first, requests, sent) in [
        (r#"{"next":""}"#, [1, 2], ""),
        (r#"{"next":{}}"#, [1, 2], "%7B%7D"),
        (r#"{"next":[ ]}"#, [1, 2], "%5B%20%5D"),
        // These hold something.
        (r#"{"next":" "}"#, [2, 2], "%20"),
        (r#"{"next":{"":null}}"#, [2, 2], "%7B%22%22%3Anull%7D"),
        (r#"{"next":[[]]}"#, [2, 2], "%5B%5B%5D%5D"),
        (r#"{"next":0}"#, [2, 2], "0"),
    ] {
        for (empty, requests) in [false, true].into_iter().zip(requests) {
            let api = api(move |_, n| json(if n == 0 { first } else { "{}" }));
            let mut strategy = Token::from(body("/next")).to(query("c"));
            if empty {
                strategy = strategy.empty_is_a_token();
            }
            let (_, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
            assert!(error.is_none());
            let paths = ["/a".to_owned(), format!("/a?c={sent}")];
            assert_eq!(api.paths(), paths[..requests], "{first} {empty}");
        }
    }
}

#[tokio::test]
async fn flags_and_tokens_that_contradict_each_other_are_an_end_or_an_error() {
    for (page, more, expected) in [
        (r#"{"next":"x","more":false}"#, true, None),
        (r#"{"next":"x","done":true}"#, false, None),
        (
            r#"{"next":null,"more":true}"#,
            true,
            Some(PageErrorKind::Malformed),
        ),
        (r#"{"next":"x"}"#, true, Some(PageErrorKind::Malformed)),
        (
            r#"{"next":"x","more":"false"}"#,
            true,
            Some(PageErrorKind::Malformed),
        ),
        (
            r#"{"next":"x","more":0}"#,
            true,
            Some(PageErrorKind::Malformed),
        ),
        (r#"{"next":"x"}"#, false, Some(PageErrorKind::Malformed)),
    ] {
        let api = api(move |_, _| json(page));
        let strategy = Token::from(body("/next")).to(query("c"));
        let strategy = if more {
            strategy.more("/more")
        } else {
            strategy.last("/done")
        };
        let (got, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
        assert_eq!(
            (got.len(), error.map(|e| e.kind())),
            (1, expected),
            "{page}"
        );
        assert_eq!(api.requests(), 1);
    }
}

#[tokio::test]
async fn several_tokens_travel_together() {
    let api = api(|_, n| {
        json(if n == 0 {
            r#"{"a":1,"b":2}"#
        } else {
            r#"{"a":1}"#
        })
    });
    let strategy = Token::from(body("/a"))
        .to(query("a"))
        .and(body("/b"), query("b"));
    let (_, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
    assert!(error.is_none());
    assert_eq!(api.paths(), ["/a", "/a?a=1&b=2"]);
}
