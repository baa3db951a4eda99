//! Errors, checkpoints and pages asked for again, as without overlap.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FusedStream;
use outbound_http::TokioSpawn;
use outbound_paginate::{
    Checkpoint, End, OnRepeat, PageErrorKind, PageNumber, PaginateLayer, Range, Strategy,
};
use test_support::{Body, Scripted, Step};
use tokio::time::sleep;
use tower::{Layer, ServiceExt};

use crate::support::{self, all, get};
use crate::{MS, by_link, by_number, by_token, drain, expected, number, tokens};

#[tokio::test(start_paused = true)]
async fn a_first_page_that_fails_is_the_calls_own_error() {
    let service = Scripted::new([Step::error("refused")]);
    let error = by_link()
        .layer(service)
        .oneshot(get("/a"))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "refused");
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_stands_at_the_consumer_and_not_at_what_was_read_ahead() {
    let service = tokens(5);
    for taken in 0..=10_usize {
        let layer = by_token().prefetch(1);
        let stream = layer
            .clone()
            .layer(service.clone())
            .oneshot(get("/a"))
            .await
            .unwrap();
        let mut items = pin!(stream.items::<u64>("/items"));
        for _ in 0..taken {
            items.next().await.unwrap().unwrap();
            sleep(50 * MS).await;
        }
        let at: Checkpoint = items.checkpoint().to_string().parse().unwrap();
        let resumed = layer.resume(at).layer(service.clone());
        let rest = resumed.oneshot(get("/a")).await.unwrap();
        let (rest, error) = all(rest.items::<u64>("/items")).await;
        assert!(error.is_none());
        assert_eq!(rest, expected(5)[taken..]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_breaks_off_is_asked_for_again_under_overlap_too() {
    let broke = Arc::new(Mutex::new(false));
    let service = Scripted::from_fn(move |request| {
        let page = number(request, "page");
        let mut broke = broke.lock().unwrap();
        if page == 3 && !*broke {
            *broke = true;
            let half = Body::failing_after([r#"{"items":[30,3"#], "reset");
            return Step::status(200).body_with(half);
        }
        Step::ok(format!(r#"{{"items":[{page}0,{page}1],"pages":5}}"#))
    });
    let layer = by_number().concurrency(3).refetch(1);
    let (items, _) = drain(layer, &service, Some("/items"), Duration::ZERO).await;
    assert_eq!(items, expected(5));
}

#[tokio::test(start_paused = true)]
async fn errors_in_items_come_in_their_place() {
    let service = Scripted::from_fn(|request| {
        let page = number(request, "p");
        let body = ["[1,\"x\",2]", "[3,{x},4]", "[5]"][usize::try_from(page).unwrap() - 1];
        Step::ok(body).header("link", &format!("<?p={}>; rel=next", page + 1))
    });
    let pages = by_link()
        .prefetch(1)
        .layer(service)
        .oneshot(get("/a"))
        .await
        .unwrap();
    let mut items = pin!(pages.items::<u64>(""));
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::Decode);
    assert_eq!(error.position().to_string(), "page 1, item 2");
    assert_eq!(items.next().await.unwrap().unwrap(), 2);
    assert_eq!(items.next().await.unwrap().unwrap(), 3);
    assert_eq!(items.end(), None);
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::NotJson);
    assert_eq!(items.end(), Some(End::Failed));
    assert!(items.next().await.is_none());
    assert_eq!(items.checkpoint().position().to_string(), "page 2, item 2");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_no_page_ends_is_done_under_overlap_too() {
    let range = Range::unit("items").by(2);
    let refused = || {
        Scripted::from_fn(|request| match request.headers["range"].to_str() {
            Ok("items=0-1") => {
                let part = Step::status(206).body("[1,2]");
                part.header("content-range", "items 0-1/*")
            }
            _ => Step::status(416),
        })
    };
    let again = || Scripted::from_fn(|_| Step::ok("[1,2]"));
    for prefetch in 0..3 {
        let layer = PaginateLayer::new(range.clone());
        let layer = layer.spawn_on(TokioSpawn::new()).prefetch(prefetch);
        let (done, end) = drained(layer, refused()).await;
        assert_eq!((done, end), (true, Some(End::Complete)), "{prefetch}");

        let layer = PaginateLayer::new(PageNumber::query("page")).on_repeat(OnRepeat::End);
        let layer = layer.spawn_on(TokioSpawn::new()).prefetch(prefetch);
        let (done, end) = drained(layer, again()).await;
        assert_eq!((done, end), (true, Some(End::Repeated)), "{prefetch}");

        // A limit is no end of the list, and neither is an error.
        let layer = PaginateLayer::new(PageNumber::query("page")).max_items(1);
        let layer = layer.spawn_on(TokioSpawn::new()).prefetch(prefetch);
        let (done, end) = drained(layer, again()).await;
        assert_eq!((done, end), (false, Some(End::Limited)), "{prefetch}");
        let layer = PaginateLayer::new(PageNumber::query("page"));
        let layer = layer.spawn_on(TokioSpawn::new()).prefetch(prefetch);
        let (done, end) = drained(layer, again()).await;
        assert_eq!((done, end), (false, Some(End::Failed)), "{prefetch}");
    }
}

/// Whether the checkpoint of a stream of items is done at its end, and how that came.
async fn drained<P>(layer: PaginateLayer<P, TokioSpawn>, service: Scripted) -> (bool, Option<End>)
where
    P: Strategy<support::Body> + Clone,
{
    let pages = layer.layer(service).oneshot(get("/a")).await.unwrap();
    let mut items = pin!(pages.items::<u64>(""));
    // Not to its `None`: a consumer may go by what is said before that.
    while !items.is_terminated() && items.next().await.is_some() {}
    (items.checkpoint().is_done(), items.end())
}
