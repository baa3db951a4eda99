//! Pages whose bodies break off, asked for again.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::StreamExt;
use http::StatusCode;
use outbound_http::TokioSpawn;
use outbound_paginate::{
    Checkpoint, Cursor, End, PageErrorKind, PageNumber, PaginateLayer, Range, Refetch, Strategy,
    Token, body, ends_at, query,
};
use test_support::{Body, Scripted, Step};
use tower::{Layer, ServiceExt};

use crate::support::{self, all, get};
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

/// How a list goes whose second page is refused, in a way that else means the end, when it is asked
/// for again after so many of its items were handed out.
async fn refused_again<P>(strategy: P, status: u16, handed_out: usize)
where
    P: Strategy<support::Body> + Clone + Send + Sync + 'static,
{
    let broken = ["[", "[3,", "[3,4,"][handed_out];
    let service = || {
        let seen = AtomicUsize::new(0);
        Scripted::from_fn(move |_| match seen.fetch_add(1, Relaxed) {
            0 => Step::ok("[1,2]").header("content-range", "items 0-1/*"),
            1 => Step::status(200)
                .header("content-range", "items 2-4/*")
                .body_with(Body::failing_after([broken], "reset")),
            2 => Step::status(status),
            _ => Step::ok("[3,4,5]").header("content-range", "items 2-4/5"),
        })
    };
    let layer = || PaginateLayer::new(strategy.clone());
    for ahead in [0, 1] {
        let what = format!("{handed_out} {ahead}");
        let again = layer().refetch(1).spawn_on(TokioSpawn::new());
        let service = service();
        let pages = again.prefetch(ahead).layer(service.clone());
        let pages = pages.oneshot(get("/a")).await.unwrap();
        let mut items = pin!(pages.items::<u64>(""));
        let (got, error) = all(items.as_mut()).await;
        assert_eq!(
            got,
            (1..=2 + handed_out as u64).collect::<Vec<_>>(),
            "{what}"
        );
        if handed_out == 0 {
            assert!(error.is_none(), "{what}");
            assert_eq!(items.end(), Some(End::Complete));
            assert!(items.checkpoint().is_done());
            continue;
        }
        assert_eq!(error.expect(&what).kind(), PageErrorKind::Drifted);
        assert_eq!(items.end(), Some(End::Failed));
        assert!(!items.checkpoint().is_done());
        assert_eq!(service.calls(), 3);
        assert!(items.as_mut().try_again());
        let mut rest = vec![items.next().await.unwrap().unwrap()];
        while rest.last() != Some(&5) {
            rest.push(items.next().await.unwrap().unwrap());
        }
        assert_eq!(rest.len(), 3 - handed_out, "{what}");
    }

    // Where another stream goes on within the page it is no end either.
    let service = service();
    let pages = layer().layer(service.clone()).oneshot(get("/a")).await;
    let mut items = pin!(pages.unwrap().items::<u64>(""));
    assert!(all(items.as_mut()).await.1.is_some());
    let at: Checkpoint = items.checkpoint().to_string().parse().unwrap();
    let pages = layer().resume(at).layer(service).oneshot(get("/a")).await;
    let mut items = pin!(pages.unwrap().items::<u64>(""));
    let (got, error) = all(items.as_mut()).await;
    let drifted = (handed_out > 0).then_some(PageErrorKind::Drifted);
    assert_eq!((got, error.map(|error| error.kind())), (vec![], drifted));
    assert_eq!(items.checkpoint().is_done(), handed_out == 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_in_the_middle_of_a_page_is_no_end() {
    for handed_out in [0, 1, 2] {
        let numbers = ends_at(PageNumber::query("page"), |refusal, cursor| {
            refusal.status == StatusCode::NOT_FOUND && cursor.and_then(Cursor::as_number) > Some(1)
        });
        refused_again(numbers, 404, handed_out).await;
        refused_again(Range::unit("items").by(2), 416, handed_out).await;
    }
}

#[tokio::test]
async fn a_page_that_did_not_say_what_follows_is_compared_with_what_was_handed_out_of_it() {
    for (again, more) in [
        ("[1,2]", Some(vec![])),
        ("[1,2,3]", Some(vec![3])),
        ("[9,1,2]", None),
        ("[1,9]", None),
        ("[2,1,3]", None),
        ("[1]", None),
        ("[]", None),
    ] {
        for (ahead, unsaid) in [(0, 1), (0, 2), (1, 1), (1, 2)] {
            let seen = AtomicUsize::new(0);
            let service = Scripted::from_fn(move |_| match seen.fetch_add(1, Relaxed) {
                n if n < unsaid => Step::ok(r#"{"items":[1,2]}"#),
                _ => Step::ok(format!(r#"{{"items":{again},"more":false}}"#)),
            });
            let token = Token::from(body("/next")).to(query("t")).more("/more");
            let layer = PaginateLayer::new(token).refetch(1);
            let layer = layer.spawn_on(TokioSpawn::new()).prefetch(ahead);
            let pages = layer.layer(service).oneshot(get("/a")).await.unwrap();
            let mut items = pin!(pages.items::<u64>("/items"));
            for before in [vec![1, 2], vec![]].into_iter().take(unsaid) {
                let (got, error) = all(items.as_mut()).await;
                let kind = error.map(|error| error.kind());
                assert_eq!((got, kind), (before, Some(PageErrorKind::Malformed)));
                assert!(items.as_mut().try_again());
            }
            let (got, error) = all(items.as_mut()).await;
            let kind = error.map(|error| error.kind());
            let drifted = more.is_none().then_some(PageErrorKind::Drifted);
            let what = format!("{again} {ahead} {unsaid}");
            assert_eq!(
                (got, kind),
                (more.clone().unwrap_or_default(), drifted),
                "{what}"
            );
        }
    }
}
