//! Pages whose bodies break off, asked for again.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::StreamExt;
use outbound_http::TokioSpawn;
use outbound_paginate::{PageErrorKind, PageNumber, PaginateLayer, Refetch, Token, body, query};
use test_support::{Body, Scripted, Step};
use tower::{Layer, ServiceExt};

use crate::support::{all, get};
use crate::{breaking, broken, link, scripted, truncated};

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
async fn what_arrives_once_more_counts_once() {
    const ALL: u64 = "[1,2][30,40,50][6]".len() as u64;
    for broken in [broken, truncated] {
        let service = breaking(2, broken);
        let mut pages = Box::pin(scripted(link().items_at("").refetch(2), &service).await);
        while pages.next().await.is_some() {}
        assert_eq!(pages.progress().bytes, ALL);

        let service = breaking(2, broken);
        let pages = scripted(link().refetch(2), &service).await;
        let mut items = Box::pin(pages.items::<u64>(""));
        let mut before = 0;
        while items.next().await.is_some() {
            let bytes = items.progress().bytes;
            assert!(bytes >= before, "it never falls");
            before = bytes;
        }
        assert_eq!(items.progress().bytes, ALL);

        // What came of a page that never came whole is counted too, and by who tries again as well.
        let service = breaking(2, broken);
        let pages = scripted(link().refetch(1), &service).await;
        let mut items = Box::pin(pages.items::<u64>(""));
        while items.next().await.unwrap().is_ok() {}
        assert_eq!(items.progress().bytes, "[1,2][30,40,5".len() as u64);
        assert!(items.as_mut().try_again());
        while items.next().await.is_some() {}
        assert_eq!(items.progress().bytes, ALL);
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
async fn a_page_whose_token_was_cut_off_is_asked_for_again_though_nobody_looks_for_its_items() {
    let bodies = [
        r#"{"items":[1,2],"next":"a"}"#,
        r#"{"items":[3"#,
        r#"{"items":[3,4],"next"#,
        r#"{"items":[3,4],"next":"b"}"#,
        r#"{"items":[5,6]}"#,
    ];
    for (times, expected) in [(2, vec![0, 3, 4]), (1, vec![0])] {
        let service = Scripted::new(bodies.map(Step::ok));
        let layer = PaginateLayer::new(Token::from(body("/next")).to(query("t"))).refetch(times);
        let (pages, error) = all(scripted(layer, &service).await).await;
        let got: Vec<&[u8]> = pages.iter().map(|page| &*page.body).collect();
        let expected: Vec<_> = expected.into_iter().map(|n| bodies[n].as_bytes()).collect();
        assert_eq!(got, expected);
        let kind = error.map(|error| error.kind());
        let truncated = (times == 1).then_some(PageErrorKind::Truncated);
        assert_eq!(kind, truncated);
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
async fn a_page_that_was_another_once_is_compared_with_what_was_handed_out_of_it() {
    let service = in_turn([("[1,2,", false), ("[9,2,3]", true), ("[1,2,3]", true)]);
    let mut items = pin!(scripted(link().refetch(1), &service).await.items::<u64>(""));
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    assert_eq!(items.next().await.unwrap().unwrap(), 2);
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::Drifted);
    assert!(items.as_mut().try_again());
    assert_eq!(items.next().await.unwrap().unwrap(), 3);
    assert!(items.next().await.is_none());
}

/// A service whose only page comes as each of `bodies` in turn.
fn in_turn(bodies: [(&'static str, bool); 3]) -> Scripted {
    let seen = AtomicUsize::new(0);
    Scripted::from_fn(move |_| match bodies[seen.fetch_add(1, Relaxed)] {
        (text, true) => Step::ok(text),
        (text, false) => Step::status(200).body_with(Body::failing_after([text], "reset")),
    })
}

#[tokio::test(start_paused = true)]
async fn a_page_that_breaks_off_earlier_the_second_time_gives_no_item_twice() {
    for (again, drifted) in [("[1,2,3,4]", false), ("[9,2,3,4]", true)] {
        for second in [("[1,", false), ("[", false), ("[1", true), ("", false)] {
            let service = || in_turn([("[1,2,3,", false), second, (again, true)]);
            let pages = scripted(link().refetch(2), &service()).await;
            let (items, error) = all(pages.items::<u64>("")).await;
            let kind = error.map(|error| error.kind());
            if drifted {
                assert_eq!((items, kind), (vec![1, 2, 3], Some(PageErrorKind::Drifted)));
            } else {
                assert_eq!((items, kind), (vec![1, 2, 3, 4], None), "{second:?}");
            }

            let layer = link().refetch(2).spawn_on(TokioSpawn::new()).prefetch(1);
            let pages = layer.layer(service()).oneshot(get("/a")).await.unwrap();
            let (items, _) = all(pages.items::<u64>("")).await;
            let all = if drifted { 3 } else { 4 };
            assert_eq!(items, (1..=all).collect::<Vec<_>>(), "{second:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_resumed_page_that_breaks_off_before_its_place_gives_no_item_twice() {
    let service = in_turn([("[1,2,3,4]", true); 3]);
    let mut items = pin!(scripted(link(), &service).await.items::<u64>(""));
    for expected in 1..=3 {
        assert_eq!(items.next().await.unwrap().unwrap(), expected);
    }
    let checkpoint = items.checkpoint();
    let service = in_turn([("[1,", false), ("[1,2,", false), ("[1,2,3,4,5]", true)]);
    let layer = link().refetch(2).resume(checkpoint);
    let (rest, error) = all(scripted(layer, &service).await.items::<u64>("")).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(rest, [4, 5]);
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
