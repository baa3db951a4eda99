//! Going on: checkpoints, pages that are asked for again, and errors that are tried again.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt};
use http::{Request, Response};
use http_body_util::Full;
use outbound_http::{BoxError, Origin};
use outbound_paginate::{
    Checkpoint, End, LinkHeader, MAX_CURSOR_BYTES, NextUrl, NoNext, Offset, OnRepeat, OriginPolicy,
    PageErrorKind, PageNumber, Pages, PaginateLayer, Refetch, Strategy, Token, Total, body,
    json as to_json, query,
};
use support::{Api, all, api, get, json, linked, pages, try_api};
use test_support::{Body, Scripted, Step};
use tower::{Layer, Service, ServiceExt};

/// Three pages of three numbers by a token in the body.
fn numbers() -> Api {
    api(|uri, _| match uri.split_once("t=") {
        None => json(r#"{"items":[1,2,3],"next":"b c"}"#),
        Some((_, "b%20c")) => json(r#"{"items":[4,5,6],"next":"d"}"#),
        Some((_, "d")) => json(r#"{"items":[7,8,9]}"#),
        Some(_) => panic!("{uri}"),
    })
}

fn token() -> PaginateLayer<Token> {
    PaginateLayer::new(Token::from(body("/next")).to(query("t"))).items_at("/items")
}

/// The rest of the list behind a checkpoint that went through its text.
async fn rest<P>(api: &Api, layer: PaginateLayer<P>, at: &Checkpoint) -> Vec<u64>
where
    P: Strategy<support::Body> + Clone,
{
    let at: Checkpoint = at.to_string().parse().unwrap();
    let pages = Pin::into_inner(pages(api, layer.resume(at), "/a?x=1").await);
    let (items, error) = all(pages.items::<u64>("/items")).await;
    assert!(error.is_none(), "{error:?}");
    items
}

async fn stream<P>(
    api: &Api,
    layer: PaginateLayer<P>,
) -> Pages<Api, P, support::Body, support::Body>
where
    P: Strategy<support::Body> + Clone,
{
    *Pin::into_inner(pages(api, layer, "/a?x=1").await)
}

#[tokio::test]
async fn a_list_goes_on_behind_any_item_in_another_process() {
    let api = numbers();
    for taken in 0..=9 {
        let mut items = pin!(stream(&api, token()).await.items::<u64>("/items"));
        for n in 1..=taken {
            assert_eq!(items.next().await.unwrap().unwrap(), n);
        }
        let expected: Vec<u64> = (taken + 1..=9).collect();
        assert_eq!(rest(&api, token(), &items.checkpoint()).await, expected);
    }
}

#[tokio::test]
async fn a_cursor_that_is_followed_can_be_kept_however_long_it_is() {
    // What is longest as text is what JSON has to escape: here each second byte.
    let token = |len: usize| {
        format!(
            r#""{}{}""#,
            "a".repeat(len % 2),
            r#"\""#.repeat(len / 2 - 1)
        )
    };
    // As text it has `t[` and `]` around it.
    for (len, fits) in [(MAX_CURSOR_BYTES - 3, true), (MAX_CURSOR_BYTES - 2, false)] {
        let text = token(len);
        assert_eq!(text.len(), len);
        let api = api(move |_, n| match n {
            0 => json(format!(r#"{{"items":[1],"next":{text}}}"#)),
            _ => json(r#"{"items":[2]}"#),
        });
        let layer = || PaginateLayer::new(Token::from(body("/next")).to(to_json("/next")));
        let first = || {
            let request = Request::post("https://api.test/a");
            request.body(Full::<Bytes>::from("{}")).unwrap()
        };
        let pages = layer().layer(api.clone()).oneshot(first()).await.unwrap();
        let mut items = pin!(pages.items::<u64>("/items"));
        assert_eq!(items.next().await.unwrap().unwrap(), 1);
        let second = items.next().await.unwrap();
        if !fits {
            assert_eq!(second.unwrap_err().kind(), PageErrorKind::TooLarge);
            continue;
        }
        assert_eq!(second.unwrap(), 2);
        let at = items.checkpoint().before_last_item().unwrap();
        let at: Checkpoint = at.to_string().parse().expect("it can be read");
        let layer = layer().resume(at);
        let pages = layer.layer(api).oneshot(first()).await.unwrap();
        let (items, error) = all(pages.items::<u64>("/items")).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(items, [2]);
    }
}

#[tokio::test]
async fn a_list_goes_on_behind_any_page_and_asks_for_no_page_twice() {
    let api = numbers();
    for taken in 0..3 {
        let before = api.requests();
        let mut pages = pin!(stream(&api, token()).await);
        for _ in 0..taken {
            pages.next().await.unwrap().unwrap();
        }
        let checkpoint = pages.checkpoint();
        assert_eq!(checkpoint.position().page, taken);
        let left = all(stream(&api, token().resume(checkpoint)).await).await.0;
        let indices: Vec<u64> = left.iter().map(|page| page.index).collect();
        assert_eq!(indices, (taken..3).collect::<Vec<_>>());
        // The first page's request is sent by the call that makes the stream.
        assert_eq!(api.requests() - before, 3 + usize::from(taken == 0));
    }
}

#[tokio::test]
async fn a_finished_list_is_done_and_sends_nothing() {
    let api = numbers();
    let mut items = pin!(stream(&api, token()).await.items::<u64>("/items"));
    while items.next().await.is_some() {}
    let done = items.checkpoint();
    assert!(done.is_done());
    let before = api.requests();
    assert_eq!(rest(&api, token(), &done).await, [] as [u64; 0]);
    assert_eq!(api.requests(), before);
    let resumed = stream(&api, token().resume(done)).await;
    assert_eq!(resumed.end(), Some(End::Complete));

    let mut pages = pin!(stream(&api, token()).await);
    while pages.next().await.is_some() {}
    assert!(pages.checkpoint().is_done());
}

#[tokio::test]
async fn a_limit_of_items_leaves_the_rest_to_the_next_run() {
    let api = numbers();
    let layer = || token().max_items(4);
    let mut items = pin!(stream(&api, layer()).await.items::<u64>("/items"));
    let mut first = Vec::new();
    while let Some(item) = items.next().await {
        first.push(item.unwrap());
    }
    assert_eq!((first, items.end()), (vec![1, 2, 3, 4], Some(End::Limited)));
    assert_eq!(api.requests(), 2);
    let checkpoint = items.checkpoint();
    assert_eq!(checkpoint.position().to_string(), "page 2, item 2");
    assert!(!checkpoint.is_done());
    // Limits count from there.
    assert_eq!(rest(&api, layer(), &checkpoint).await, [5, 6, 7, 8]);
    assert_eq!(api.requests(), 4);
}

#[tokio::test]
async fn a_limit_of_pages_leaves_the_rest_to_the_next_run() {
    let api = numbers();
    let mut pages = pin!(stream(&api, token().max_pages(2)).await);
    while pages.next().await.is_some() {}
    assert_eq!(pages.end(), Some(End::Limited));
    assert_eq!(rest(&api, token(), &pages.checkpoint()).await, [7, 8, 9]);
    assert_eq!(api.requests(), 3);
}

#[tokio::test]
async fn what_was_counted_before_counts_after() {
    let pages_of_two = |uri: &str, _| {
        let page: u64 = uri.split_once("page=").unwrap().1.parse().unwrap();
        match page {
            1..=2 => json(format!(
                r#"{{"items":[{},{}],"total":4}}"#,
                page * 2 - 1,
                page * 2
            )),
            _ => panic!("past the known end"),
        }
    };
    let api = api(pages_of_two);
    let layer = || PaginateLayer::new(PageNumber::query("page").total(body("/total")));
    let mut items = pin!(stream(&api, layer()).await.items::<u64>("/items"));
    for _ in 0..3 {
        items.next().await.unwrap().unwrap();
    }
    assert_eq!(rest(&api, layer(), &items.checkpoint()).await, [4]);
    assert_eq!(items.checkpoint().position().to_string(), "page 2, item 2");
}

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

/// Three pages by a link, of which the second breaks off `times` times, as `broken` says.
fn breaking(times: usize, broken: fn() -> Body) -> Scripted {
    let seen = AtomicUsize::new(0);
    Scripted::from_fn(move |request| {
        let link = |step: Step, to: &str| step.header("link", &format!("<{to}>; rel=next"));
        match request.uri.query() {
            None => link(Step::ok("[1,2]"), "?p=2"),
            Some("p=2") => {
                let step = Step::status(200);
                let body = if seen.fetch_add(1, Relaxed) < times {
                    broken()
                } else {
                    Body::chunks(["[3", "0,40,5", "0]"])
                };
                link(step.body_with(body), "?p=3")
            }
            _ => Step::ok("[6]"),
        }
    })
}

fn broken() -> Body {
    Body::failing_after(["[30,4", "0,5"], "reset")
}

fn truncated() -> Body {
    Body::chunks(["[30,4", "0,5"])
}

fn link() -> PaginateLayer<LinkHeader> {
    PaginateLayer::new(LinkHeader::next())
}

async fn scripted(
    layer: PaginateLayer<LinkHeader>,
    service: &Scripted,
) -> Pages<Scripted, LinkHeader, Full<Bytes>, Body> {
    layer
        .layer(service.clone())
        .oneshot(get("/a"))
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_page_that_breaks_off_is_asked_for_again_and_no_item_comes_twice() {
    for broken in [broken, truncated] {
        let service = breaking(2, broken);
        let pages = scripted(link().refetch(2), &service).await;
        let (items, error) = all(pages.items::<u64>("")).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(items, [1, 2, 30, 40, 50, 6]);
        assert_eq!(service.calls(), 5);

        // One time too many.
        let service = breaking(3, broken);
        let pages = scripted(link().refetch(2), &service).await;
        let (items, error) = all(pages.items::<u64>("")).await;
        assert_eq!(items, [1, 2, 30, 40]);
        let kind = error.unwrap().kind();
        assert!(matches!(
            kind,
            PageErrorKind::Body | PageErrorKind::Truncated
        ));
        assert_eq!(service.calls(), 4);

        // By default none.
        let service = breaking(1, broken);
        let (items, error) = all(scripted(link(), &service).await.items::<u64>("")).await;
        assert_eq!((items, service.calls()), (vec![1, 2, 30, 40], 2));
        assert!(error.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn behind_items_that_are_skipped_one_of_another_type_is_an_error_and_no_copy_of_them() {
    let again = Step::ok(r#"[1,"x",3]"#);
    let broken = Step::ok("[1,2");
    let service = Scripted::new([broken, again]);
    let pages = scripted(link().refetch(1), &service).await;
    let items: Vec<_> = pages.items::<u64>("").collect().await;
    let kinds: Vec<_> = items
        .iter()
        .map(|item| item.as_ref().map_err(|error| error.kind()))
        .collect();
    assert_eq!(kinds, [Ok(&1), Err(PageErrorKind::Decode), Ok(&3)]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_pages_asks_again_too() {
    for broken in [broken, truncated] {
        let service = breaking(2, broken);
        let pages = scripted(link().items_at("").refetch(2), &service).await;
        let (pages, error) = all(pages).await;
        assert!(error.is_none());
        let bodies: Vec<&[u8]> = pages.iter().map(|page| &*page.body).collect();
        assert_eq!(bodies, [&b"[1,2]"[..], b"[30,40,50]", b"[6]"]);
        assert_eq!(service.calls(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn the_number_of_times_is_for_each_page() {
    let seen = AtomicUsize::new(0);
    let service = Scripted::from_fn(move |request| {
        let n = seen.fetch_add(1, Relaxed);
        let page: u64 = request.uri.query().unwrap()[5..].parse().unwrap();
        let step = Step::status(200);
        match (page, n % 2) {
            (4, _) => step.body("[]"),
            (_, 0) => step.body_with(Body::failing_after([format!("[{page}")], "reset")),
            _ => step.body(format!("[{page}]")),
        }
    });
    let layer = PaginateLayer::new(PageNumber::query("page")).refetch(1);
    let pages = layer
        .layer(service.clone())
        .oneshot(get("/a"))
        .await
        .unwrap();
    let (items, error) = all(pages.items::<u64>("")).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((items, service.calls()), (vec![1, 2, 3], 7));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_another_when_it_is_asked_for_again_is_an_error() {
    for (again, taken) in [("[31,40,50]", 2), ("[30]", 2), ("[]", 2), ("[40,30,50]", 2)] {
        let seen = AtomicUsize::new(0);
        let service = Scripted::from_fn(move |_| match seen.fetch_add(1, Relaxed) {
            0 => Step::status(200).body_with(broken()),
            _ => Step::ok(again),
        });
        let pages = scripted(link().refetch(1), &service).await;
        let (items, error) = all(pages.items::<u64>("")).await;
        let error = error.expect(again);
        assert_eq!(error.kind(), PageErrorKind::Drifted, "{again}");
        assert_eq!(items.len(), taken);
    }
}

#[tokio::test(start_paused = true)]
async fn after_an_error_a_stream_of_items_goes_on_where_it_was() {
    let service = breaking(2, broken);
    let mut items = pin!(scripted(link(), &service).await.items::<u64>(""));
    let mut seen = Vec::new();
    let mut errors = 0;
    loop {
        match items.next().await {
            Some(Ok(item)) => seen.push(item),
            Some(Err(error)) => {
                assert_eq!(error.kind(), PageErrorKind::Body);
                assert_eq!(items.checkpoint().position().to_string(), "page 2, item 3");
                assert!(items.next().now_or_never().unwrap().is_none());
                assert!(items.as_mut().try_again());
                errors += 1;
            }
            None => break,
        }
    }
    assert_eq!((seen, errors), (vec![1, 2, 30, 40, 50, 6], 2));
    assert_eq!(service.calls(), 5);
    assert!(!items.as_mut().try_again(), "it is complete");
}

#[tokio::test(start_paused = true)]
async fn after_an_error_a_stream_of_pages_sends_the_request_again() {
    let seen = AtomicUsize::new(0);
    let service = Scripted::from_fn(move |_| match seen.fetch_add(1, Relaxed) {
        0 => Step::ok("[1]").header("link", "<?p=2>; rel=next"),
        1 => Step::error("refused"),
        2 => Step::status(503),
        _ => Step::ok("[2]"),
    });
    let mut pages = pin!(scripted(link(), &service).await);
    assert!(pages.next().await.unwrap().is_ok());
    for kind in [PageErrorKind::Service, PageErrorKind::Status] {
        assert_eq!(pages.next().await.unwrap().unwrap_err().kind(), kind);
        assert_eq!(pages.end(), Some(End::Failed));
        assert_eq!(pages.checkpoint().position().page, 1);
        assert!(pages.as_mut().try_again());
    }
    assert_eq!(pages.next().await.unwrap().unwrap().body, "[2]");
    assert!(pages.next().await.is_none());
    let queries: Vec<_> = service
        .requests()
        .iter()
        .map(|sent| sent.uri.to_string())
        .collect();
    assert_eq!(&queries[1..], ["https://api.test/a?p=2"; 3]);
}

#[tokio::test]
async fn a_page_that_does_not_say_what_follows_is_looked_at_again_and_not_handed_out_again() {
    let api = try_api(|_, n| -> Result<Response<support::Body>, BoxError> {
        Ok(match n {
            0 => json(r#"{"items":[1],"next":7}"#),
            1 => json(r#"{"items":[1],"next":"/b"}"#),
            _ => json(r#"{"items":[2]}"#),
        })
    });
    let layer = PaginateLayer::new(NextUrl::at("/next")).items_at("/items");
    let mut pages = pin!(stream(&api, layer.clone()).await);
    assert_eq!(pages.next().await.unwrap().unwrap().index, 0);
    assert_eq!(
        pages.next().await.unwrap().unwrap_err().kind(),
        PageErrorKind::Malformed
    );
    let checkpoint = pages.checkpoint();
    assert!(pages.as_mut().try_again());
    let next = pages.next().await.unwrap().unwrap();
    assert_eq!((next.index, &*next.body), (1, &br#"{"items":[2]}"#[..]));
    assert!(pages.next().await.is_none());
    assert_eq!((pages.progress().pages, api.requests()), (2, 3));
    // And so it is in another process.
    let text = checkpoint.to_string();
    assert!(text.contains(r#""taken":null"#), "{text}");
    let api = try_api(|_, n| {
        Ok(match n {
            0 => json(r#"{"items":[1],"next":"/b"}"#),
            _ => json(r#"{"items":[2]}"#),
        })
    });
    let resumed = stream(&api, layer.clone().resume(checkpoint.clone())).await;
    assert_eq!(all(resumed.items::<u64>("/items")).await.0, [2]);
}

#[tokio::test]
async fn a_guard_that_ended_a_list_can_be_stepped_over() {
    let api = api(|uri, _| {
        let page: u64 = uri
            .split_once("t=")
            .map_or(0, |(_, page)| page.parse().unwrap());
        match page {
            4 => json(r#"{"items":[1]}"#),
            page => json(format!(r#"{{"items":[],"next":{}}}"#, page + 1)),
        }
    });
    let layer = || token().max_empty_pages(2);
    let mut items = pin!(stream(&api, layer()).await.items::<u64>("/items"));
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::EmptyPages);
    assert_eq!(items.checkpoint().position().page, 3);
    assert_eq!(rest(&api, layer(), &items.checkpoint()).await, [1]);
}

#[tokio::test]
async fn an_end_by_repetition_is_an_end() {
    let api = api(|_, _| json(r#"{"items":[1],"next":"a"}"#));
    let layer = token().on_repeat(OnRepeat::End);
    let mut items = pin!(stream(&api, layer).await.items::<u64>("/items"));
    while items.next().await.is_some() {}
    assert_eq!(items.end(), Some(End::Repeated));
    assert!(items.checkpoint().is_done());
}

#[tokio::test]
async fn an_item_that_cannot_be_decoded_counts_as_taken_and_one_that_is_no_json_does_not() {
    for (page, kind, position) in [
        ("[1,\"x\",3]", PageErrorKind::Decode, "page 1, item 3"),
        ("[1,{x},3]", PageErrorKind::NotJson, "page 1, item 2"),
    ] {
        let api = api(move |_, _| json(page));
        let mut items = pin!(stream(&api, link()).await.items::<u64>(""));
        items.next().await.unwrap().unwrap();
        assert_eq!(items.next().await.unwrap().unwrap_err().kind(), kind);
        assert_eq!(items.checkpoint().position().to_string(), position);
        assert_eq!(items.position().to_string(), position);
    }
}

#[tokio::test]
async fn what_is_known_of_a_streams_length_is_no_lie() {
    let api = numbers();
    let pages = stream(&api, token()).await;
    assert_eq!(pages.size_hint(), (0, None));
    let mut pages = pin!(stream(&api, token().max_pages(2)).await);
    assert_eq!(pages.size_hint(), (0, Some(2)));
    pages.next().await.unwrap().unwrap();
    assert_eq!(pages.size_hint(), (0, Some(1)));
    pages.next().await.unwrap().unwrap();
    assert_eq!(pages.size_hint(), (0, Some(0)));
    let mut items = pin!(
        stream(&api, token().max_items(5))
            .await
            .items::<u64>("/items")
    );
    assert_eq!(items.size_hint(), (0, Some(5)));
    items.next().await.unwrap().unwrap();
    assert_eq!(items.size_hint(), (0, Some(4)));
}

#[tokio::test]
async fn progress_can_be_watched_from_elsewhere() {
    let api = api(|uri, _| {
        let offset: u64 = uri
            .split_once("o=")
            .unwrap()
            .1
            .split_once('&')
            .unwrap()
            .0
            .parse()
            .unwrap();
        json(format!(
            r#"{{"items":[{offset},{}],"total":4}}"#,
            offset + 1
        ))
    });
    let layer = PaginateLayer::new(Offset::query("o", "l").by(2).total(body("/total")));
    let mut pages = stream(&api, layer).await;
    let handle = pages.progress_handle();
    assert_eq!(handle.get(), pages.progress());
    let mut items = pin!(pages.items::<u64>("/items"));
    for n in 1..=4 {
        items.next().await.unwrap().unwrap();
        assert_eq!(handle.get().items, n);
        assert_eq!(handle.get(), items.progress());
    }
    assert!(items.next().await.is_none());
    let last = std::thread::spawn(move || handle.get()).join().unwrap();
    assert_eq!((last.pages, last.items), (2, 4));
    assert_eq!(last.total, Some(Total::exact(4)));
    assert!(last.bytes > 40);
}

#[tokio::test]
async fn items_come_as_they_were_written() {
    let api = api(|_, _| json("[ 1.0 , {\"a\" : 1e400},\"\\u0061\"]"));
    let (items, error) = all(stream(&api, link()).await.raw_items("")).await;
    assert!(error.is_none());
    assert_eq!(items, ["1.0", "{\"a\" : 1e400}", "\"\\u0061\""]);
}

#[tokio::test]
async fn a_credential_in_a_next_url_can_be_kept_out_of_checkpoints() {
    let api = api(|_, _| linked("[1]", "</b?page=2&api_key=hunter2>; rel=next"));
    let mut pages = pin!(stream(&api, link().secret_query(["api_key"])).await);
    pages.next().await.unwrap().unwrap();
    let text = pages.checkpoint().to_string();
    assert!(text.contains("p/b?page=2\""), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_sent_again_says_so() {
    let service = breaking(2, broken);
    let pages = scripted(link().refetch(3), &service).await;
    assert!(all(pages.items::<u64>("")).await.1.is_none());
    let said: Vec<_> = service
        .requests()
        .iter()
        .map(|sent| {
            sent.extensions
                .get::<Refetch>()
                .map(|re| (re.number, re.left))
        })
        .collect();
    assert_eq!(said, [None, None, Some((1, 2)), Some((2, 1)), None]);
}

#[tokio::test]
async fn a_consumer_that_could_not_deal_with_an_item_steps_back() {
    let api = numbers();
    let mut items = pin!(stream(&api, token()).await.items::<u64>("/items"));
    assert_eq!(items.checkpoint().before_last_item(), None);
    for _ in 0..4 {
        items.next().await.unwrap().unwrap();
    }
    let before = items.checkpoint().before_last_item().unwrap();
    assert_eq!(before.position().to_string(), "page 2");
    assert_eq!(rest(&api, token(), &before).await, [4, 5, 6, 7, 8, 9]);
    assert!(before.belongs_to(&get("/a?x=1")) && !before.belongs_to(&get("/a")));
}

/// Ready once, and then broken for good.
#[derive(Clone)]
struct Mortal(bool);

impl Service<Request<support::Body>> for Mortal {
    type Response = Response<support::Body>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if std::mem::take(&mut self.0) {
            Poll::Ready(Ok(()))
        } else {
            Poll::Ready(Err("broken for good".into()))
        }
    }

    fn call(&mut self, _: Request<support::Body>) -> Self::Future {
        std::future::ready(Ok(linked("[1]", "<?p=2>; rel=next")))
    }
}

#[tokio::test]
async fn a_service_that_can_do_no_more_is_not_tried_again() {
    let pages = link().layer(Mortal(true)).oneshot(get("/a")).await.unwrap();
    let mut items = pin!(pages.items::<u64>(""));
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::Service);
    assert!(!items.as_mut().try_again());
    assert!(items.next().await.is_none());
    assert_eq!(items.checkpoint().position().to_string(), "page 2");
}

#[tokio::test]
async fn a_numbered_list_that_was_interrupted_may_end_with_an_answer_without_a_body() {
    let api = api(|uri, _| match uri.contains("page=1") {
        true => json(r#"{"items":[1,2]}"#),
        false => json(""),
    });
    let layer = PaginateLayer::new(PageNumber::query("page"));
    let mut first = pin!(
        stream(&api, layer.clone().max_pages(1))
            .await
            .items::<u64>("/items")
    );
    while let Some(item) = first.next().await {
        item.unwrap();
    }
    assert_eq!(first.end(), Some(End::Limited));
    let nothing: [u64; 0] = [];
    assert_eq!(rest(&api, layer, &first.checkpoint()).await, nothing);
}

#[tokio::test]
async fn an_item_that_was_no_json_and_is_tried_again_uses_up_no_limit() {
    for ahead in [0, 2] {
        let api = api(|_, n| {
            json(match n {
                0 => "[1,x,3,4]",
                _ => "[1,2,3,4]",
            })
        });
        let layer = PaginateLayer::new(NoNext)
            .max_items(3)
            .spawn_on(outbound_http::TokioSpawn::new())
            .prefetch(ahead);
        let pages = layer.layer(api).oneshot(get("/a")).await.unwrap();
        let mut items = pin!(pages.items::<u64>(""));
        assert_eq!(items.next().await.unwrap().unwrap(), 1);
        let error = items.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), PageErrorKind::NotJson);
        assert_eq!(items.progress().items, 1);
        assert!(items.as_mut().try_again());
        assert_eq!(items.next().await.unwrap().unwrap(), 2);
        assert_eq!(items.next().await.unwrap().unwrap(), 3);
        assert!(items.next().await.is_none());
        assert_eq!(items.end(), Some(End::Limited));
    }
}
