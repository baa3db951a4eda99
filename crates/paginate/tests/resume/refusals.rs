//! Checkpoints that lead nowhere else, and those that are refused.

use std::pin::pin;
use std::sync::Arc;

use futures_util::StreamExt;
use http::Request;
use outbound_http::Origin;
use outbound_paginate::{
    Checkpoint, LinkHeader, NextUrl, NoNext, Offset, OriginPolicy, PageErrorKind, PageNumber,
    PaginateLayer, Range, StacNext, Strategy, Token, as_get, body, checked, ends_at, from_fn,
    header, json as to_json, last_item, later_body, merge_query, query,
};
use tower::{Layer, ServiceExt};

use crate::support::{self, all, api, json, linked};
use crate::{link, numbers, rest, stream, token};

#[tokio::test]
async fn another_request_is_refused_before_anything_is_sent() {
    let api = numbers();
    let mut items = pin!(stream(&api, token()).await.items::<u64>("/items"));
    items.next().await.unwrap().unwrap();
    let checkpoint = items.checkpoint();
    let before = api.requests();
    let post = || Request::post("https://api.test/a?x=1");
    for other in [
        Request::get("https://api.test/b?x=1").body(support::Body::default()),
        Request::get("https://api.test/a?x=2").body(support::Body::default()),
        Request::get("https://api.test/a").body(support::Body::default()),
        post().body(support::Body::default()),
        Request::get("https://api.test/a?x=1").body("{}".into()),
    ] {
        let service = token().resume(checkpoint.clone()).layer(api.clone());
        let mut pages = pin!(service.oneshot(other.unwrap()).await.unwrap());
        let error = pages.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), PageErrorKind::ForeignCheckpoint);
        assert!(pages.next().await.is_none());
        assert!(!pages.as_mut().try_again(), "there is nothing to try");
    }
    assert_eq!(api.requests(), before);

    // The origin may have moved, and headers may differ.
    let moved = Request::get("https://other.test/a?x=1")
        .header("x-request-id", "2")
        .body(support::Body::default())
        .unwrap();
    let service = token().resume(checkpoint).layer(api.clone());
    let pages = service.oneshot(moved).await.unwrap();
    let (items, error) = all(pages.items::<u64>("/items")).await;
    assert!(error.is_none() && items.len() == 8);
    assert!(
        api.asked()[before]
            .uri
            .starts_with("https://other.test/a?x=1")
    );
}

type Any = Arc<dyn Strategy<support::Body> + Send + Sync>;

/// Strategies of which none reads another's cursor as the other meant it.
fn strategies() -> Vec<Any> {
    let token = |from: &str, to: &str| Token::from(body(from)).to(query(to));
    vec![
        Arc::new(token("/next", "t")),
        Arc::new(token("/next", "cursor")),
        Arc::new(token("/other", "t")),
        Arc::new(token("/next", "t").and(body("/b"), query("b"))),
        Arc::new(Token::from(last_item("/id")).to(query("t"))),
        Arc::new(Token::from(body("/next")).to(header("x-cursor"))),
        Arc::new(Token::from(body("/next")).to(to_json("/t"))),
        Arc::new(Token::from(body("/next")).to(merge_query())),
        Arc::new(LinkHeader::next()),
        Arc::new(LinkHeader::next().rel("more")),
        Arc::new(LinkHeader::next().param("results", "true")),
        Arc::new(NextUrl::at("/next")),
        Arc::new(NextUrl::header("x-next")),
        Arc::new(NextUrl::in_links("/link", ("/rel", "next"), "/url")),
        Arc::new(StacNext::new()),
        Arc::new(PageNumber::query("page")),
        Arc::new(PageNumber::query("p")),
        Arc::new(PageNumber::query("page").page_size(query("size"), 10)),
        Arc::new(PageNumber::query("page").page_size(query("size"), 20)),
        Arc::new(Offset::query("offset", "limit")),
        Arc::new(Offset::query("page", "limit")),
        Arc::new(Range::unit("items")),
        Arc::new(Range::unit("rows")),
        Arc::new(NoNext),
    ]
}

#[tokio::test]
async fn another_strategy_is_refused_before_anything_is_sent() {
    let api = api(|_, _| json(r#"{"items":[]}"#));
    let layer = |strategy: &Any| PaginateLayer::new(strategy.clone()).items_at("/items");
    for (made_by, strategy) in strategies().iter().enumerate() {
        let checkpoint = stream(&api, layer(strategy)).await.checkpoint();
        let checkpoint: Checkpoint = checkpoint.to_string().parse().unwrap();
        let before = api.requests();
        for (resumed_by, other) in strategies().iter().enumerate() {
            let mut pages = pin!(stream(&api, layer(other).resume(checkpoint.clone())).await);
            if made_by == resumed_by {
                assert_eq!(api.requests(), before + 1, "{made_by}");
                continue;
            }
            let error = pages.next().await.unwrap().unwrap_err();
            assert_eq!(error.kind(), PageErrorKind::ForeignCheckpoint);
            assert!(error.to_string().contains("another strategy"), "{error}");
        }
        assert_eq!(api.requests(), before + 1, "{made_by} is no other's");
    }
}

#[tokio::test]
async fn what_is_the_same_for_a_cursor_is_the_same_strategy() {
    let api = api(|_, _| json(r#"{"items":[]}"#));
    let layer = |strategy: Any| PaginateLayer::new(strategy).items_at("/items");
    let token = || Token::from(body("/next")).to(query("t"));
    let pairs: [(Any, Any); 7] = [
        (
            Arc::new(token()),
            Arc::new(token().more("/more").total(body("/n"))),
        ),
        (Arc::new(token()), Arc::new(checked(token(), |_| Ok(())))),
        (Arc::new(token()), Arc::new(ends_at(token(), |_, _| true))),
        (
            Arc::new(token()),
            Arc::new(as_get(later_body(token(), "{}"))),
        ),
        (
            Arc::new(Offset::query("o", "l").by(10)),
            Arc::new(Offset::query("o", "l").by(20).total(body("/n"))),
        ),
        (
            Arc::new(PageNumber::query("p")),
            Arc::new(PageNumber::query("p").total_pages(body("/n"))),
        ),
        // Of a strategy that says nothing of itself nothing is known.
        (Arc::new(token()), Arc::new(from_fn(|_| Ok(None)))),
    ];
    for (one, other) in pairs {
        for (one, other) in [(&one, &other), (&other, &one)] {
            let checkpoint = stream(&api, layer(one.clone())).await.checkpoint();
            let before = api.requests();
            let _ = stream(&api, layer(other.clone()).resume(checkpoint)).await;
            assert_eq!(api.requests(), before + 1);
        }
    }
}

#[tokio::test]
async fn the_body_of_the_template_is_part_of_the_request() {
    let print = |body: &'static str| async move {
        let request = Request::post("https://api.test/a").body(support::Body::from(body));
        let service = PaginateLayer::new(NoNext).layer(api(|_, _| json("[]")));
        let pages = service.oneshot(request.unwrap()).await.unwrap();
        pages.checkpoint().to_string()
    };
    assert_eq!(print(r#"{"q":1}"#).await, print(r#"{"q":1}"#).await);
    assert_ne!(print(r#"{"q":1}"#).await, print(r#"{"q":2}"#).await);
}

#[tokio::test]
async fn a_forged_checkpoint_leads_to_no_other_origin() {
    let api = api(|_, _| linked("[1]", "<https://api.test/b?secret=1>; rel=next"));
    let layer = || PaginateLayer::new(LinkHeader::next());
    let mut pages = pin!(stream(&api, layer()).await);
    pages.next().await.unwrap().unwrap();
    let text = pages.checkpoint().to_string();
    assert!(
        text.contains(r#""p/b?secret=1""#) && !text.contains("api.test"),
        "{text}"
    );
    let before = api.requests();
    let forged: Checkpoint = text
        .replace("p/b?secret=1", "uhttps://evil.test/b")
        .parse()
        .unwrap();
    let (_, error) = all(stream(&api, layer().resume(forged.clone())).await).await;
    assert_eq!(error.unwrap().kind(), PageErrorKind::CrossOrigin);
    assert_eq!(api.requests(), before);

    // Where the policy lets a list go, a checkpoint may too.
    let evil: Origin = "https://evil.test".parse().unwrap();
    let allowed = layer().origin(OriginPolicy::Allow(vec![evil])).max_pages(1);
    all(stream(&api, allowed.resume(forged)).await).await;
    assert_eq!(api.asked()[before].uri, "https://evil.test/b");
    assert!(api.asked()[before].cross_origin);
}

#[tokio::test]
async fn a_checkpoint_with_anothers_cursor_or_none_is_an_error() {
    let api = numbers();
    let mut pages = pin!(stream(&api, token()).await);
    pages.next().await.unwrap().unwrap();
    let text = pages.checkpoint().to_string();
    for cursor in [r#""n7""#, r#""x""#, r#""""#, r#""t[1""#] {
        let damaged = text.replace(r#""t[\"b c\"]""#, cursor);
        assert_ne!(damaged, text);
        let damaged: Checkpoint = damaged.parse().unwrap();
        let (_, error) = all(stream(&api, token().resume(damaged)).await).await;
        assert!(matches!(
            error.unwrap().kind(),
            PageErrorKind::ForeignCheckpoint | PageErrorKind::Malformed
        ));
    }
    assert_eq!(api.requests(), 1);
}

#[tokio::test]
async fn a_credential_in_a_next_url_can_be_kept_out_of_checkpoints() {
    let api = api(|_, _| linked("[1]", "</b?page=2&api_key=hunter2>; rel=next"));
    let mut pages = pin!(stream(&api, link().secret_query(["api_key"])).await);
    pages.next().await.unwrap().unwrap();
    let text = pages.checkpoint().to_string();
    assert!(text.contains("p/b?page=2\""), "{text}");
}

#[tokio::test]
async fn a_link_objects_url_is_kept_without_its_origin_and_its_secret() {
    let api = api(|uri, _| match uri.contains("page=2") {
        false => json(
            r#"{"items":[1],"links":[{"rel":"next","href":"https://api.test/a?page=2&token=hunter2"}]}"#,
        ),
        true => json(r#"{"items":[2],"links":[]}"#),
    });
    let layer = || {
        let layer = PaginateLayer::new(StacNext::new()).items_at("/items");
        layer.secret_query(["token"])
    };
    let mut pages = Box::pin(stream(&api, layer()).await);
    pages.next().await.unwrap().unwrap();
    let checkpoint = pages.checkpoint();
    let text = checkpoint.to_string();
    assert!(
        !text.contains("hunter2") && !text.contains("api.test"),
        "{text}"
    );
    assert_eq!(rest(&api, layer(), &checkpoint).await, [2]);
    assert_eq!(api.paths().last().unwrap(), "/a?page=2");
}
