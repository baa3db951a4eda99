//! Errors that are tried again.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use futures_util::{FutureExt, StreamExt};
use http::{Request, Response};
use outbound_http::BoxError;
use outbound_paginate::{
    Checkpoint, Cursor, End, Malformed, Needs, NextUrl, NoNext, OnRepeat, PageErrorKind, PageView,
    PaginateLayer, Strategy, Token, body, query,
};
use test_support::{Scripted, Step};
use tower::{Layer, Service, ServiceExt};

use crate::support::{self, all, api, get, json, linked, try_api};
use crate::{breaking, broken, link, rest, scripted, stream, token};

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

#[tokio::test(start_paused = true)]
async fn going_on_once_sends_one_request_and_going_on_twice_no_more() {
    let service = Scripted::from_fn(|_| Step::status(503));
    let mut pages = pin!(scripted(link(), &service).await);
    for calls in 1..=3 {
        let error = pages.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), PageErrorKind::Status);
        for _ in 0..3 {
            assert!(pages.next().await.is_none());
        }
        assert_eq!(service.calls(), calls);
        assert!(pages.as_mut().try_again());
        assert!(!pages.as_mut().try_again(), "it goes on already");
        assert_eq!(service.calls(), calls);
    }
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
async fn a_counted_page_that_is_looked_at_again_is_no_repetition() {
    let broken = || {
        api(|uri, n| {
            let mut page = match uri.ends_with("page=3") {
                true => json("[]"),
                false => json(format!("[{n}]")),
            };
            // The second page does not say how it goes on, the first time.
            match (uri.ends_with("page=2"), n) {
                (true, 1) => page,
                (true, _) => {
                    page = json("[1]");
                    page.headers_mut().insert("x-step", "1".parse().unwrap());
                    page
                }
                (false, _) => {
                    page.headers_mut().insert("x-step", "1".parse().unwrap());
                    page
                }
            }
        })
    };
    // So that it counts, and may be malformed for its head alone.
    #[derive(Clone)]
    struct Told;
    impl Strategy<support::Body> for Told {
        fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
            let told = page.parts().headers.contains_key("x-step");
            let number = page.cursor().and_then(Cursor::as_number).unwrap_or(1);
            match page.items() {
                Some(0) => Ok(None),
                _ if told => Ok(Some(Cursor::number(number + 1))),
                _ => Err(Malformed::new("no step")),
            }
        }
        fn seek(
            &self,
            cursor: &Cursor,
            request: &mut Request<support::Body>,
        ) -> Result<(), Malformed> {
            let number = cursor.as_number().unwrap();
            *request.uri_mut() = format!("https://api.test/a?page={number}").parse().unwrap();
            Ok(())
        }
        fn needs(&self) -> Needs {
            Needs::NONE.by_count()
        }
    }
    for on_repeat in [OnRepeat::Error, OnRepeat::End] {
        let layer = || PaginateLayer::new(Told).items_at("").on_repeat(on_repeat);

        let mut pages = pin!(stream(&broken(), layer()).await);
        assert_eq!(pages.next().await.unwrap().unwrap().body, "[0]");
        assert_eq!(pages.next().await.unwrap().unwrap().body, "[1]");
        let error = pages.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), PageErrorKind::Malformed);
        assert!(pages.as_mut().try_again());
        assert_eq!(pages.next().await.unwrap().unwrap().body, "[]");
        assert!(pages.next().await.is_none());
        assert_eq!(pages.end(), Some(End::Complete));

        let mut items = pin!(stream(&broken(), layer()).await.items::<u64>(""));
        assert_eq!(items.next().await.unwrap().unwrap(), 0);
        assert_eq!(items.next().await.unwrap().unwrap(), 1);
        let error = items.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), PageErrorKind::Malformed);
        assert!(items.as_mut().try_again());
        assert!(items.next().await.is_none());
        assert_eq!(items.end(), Some(End::Complete));
    }
}

#[tokio::test]
async fn an_item_that_was_no_json_is_tried_again_whatever_was_read_ahead_of_it() {
    for ahead in [0, 1, 2] {
        for bad in ["[1,x,3]", "[1,{\"a\" 1},3]", "[1,2x,3]"] {
            let api = api(move |uri, n| match (uri.ends_with("?p=2"), n) {
                (false, 0) => linked(bad, "<?p=2>; rel=next"),
                (false, _) => linked("[1,2,3]", "<?p=2>; rel=next"),
                (true, _) => json("[4,5]"),
            });
            let layer = link()
                .spawn_on(outbound_http::TokioSpawn::new())
                .prefetch(ahead);
            let pages = layer.layer(api).oneshot(get("/a")).await.unwrap();
            let mut items = pin!(pages.items::<u64>(""));
            assert_eq!(items.next().await.unwrap().unwrap(), 1);
            let error = items.next().await.unwrap().unwrap_err();
            assert_eq!(error.kind(), PageErrorKind::NotJson, "{ahead} {bad}");
            assert_eq!(error.position().to_string(), "page 1, item 2");
            let checkpoint = items.checkpoint();
            assert_eq!(checkpoint.position().to_string(), "page 1, item 2");
            assert!(items.as_mut().try_again());
            let mut rest = Vec::new();
            while let Some(item) = items.next().await {
                rest.push(item.unwrap());
            }
            assert_eq!(rest, [2, 3, 4, 5], "{ahead} {bad}");
        }
    }
}

#[tokio::test]
async fn a_page_that_was_no_page_is_handed_out_when_it_is_one() {
    let bad = ["<html>log in again</html>", r#"{"items":[4,5"#];
    for (bad, items_at, resumed) in [
        (bad[0], None, false),
        (bad[0], Some("/items"), true),
        (bad[1], None, true),
        (bad[1], Some("/items"), false),
    ] {
        let first = AtomicUsize::new(0);
        let api = api(move |uri, _| match uri.split_once("t=") {
            None => json(r#"{"items":[1,2,3],"next":"b"}"#),
            Some((_, "b")) if first.fetch_add(1, Relaxed) == 0 => json(bad),
            Some((_, "b")) => json(r#"{"items":[4,5,6],"next":"c"}"#),
            Some(_) => json(r#"{"items":[7]}"#),
        });
        let layer = || {
            let layer = PaginateLayer::new(Token::from(body("/next")).to(query("t")));
            match items_at {
                Some(pointer) => layer.items_at(pointer),
                None => layer,
            }
        };
        let mut pages = Box::pin(stream(&api, layer()).await);
        let mut got = Vec::new();
        let mut errors = 0;
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => got.extend(page.items::<u64>("/items").unwrap()),
                Err(_) if resumed => {
                    errors += 1;
                    let at: Checkpoint = pages.checkpoint().to_string().parse().unwrap();
                    pages = Box::pin(stream(&api, layer().resume(at)).await);
                }
                Err(_) => {
                    errors += 1;
                    assert!(pages.as_mut().try_again());
                }
            }
        }
        assert_eq!((got, errors), ((1..=7).collect(), 1), "{bad}");
        assert_eq!(pages.end(), Some(End::Complete));
        assert_eq!(api.requests(), 4);
    }
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
