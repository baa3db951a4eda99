//! Answers that say with 200 that they failed.

use std::pin::pin;

use futures_util::StreamExt;
use outbound_http::TokioSpawn;
use outbound_paginate::{
    Checked, Checkpoint, End, Malformed, Offset, PageErrorKind, PageNumber, PageView,
    PaginateLayer, Pointer, Strategy, Token, body, checked, query,
};
use tower::{Layer, ServiceExt};

use crate::support::{self, Api, all, api, get, json};

const FAILED: &str = r#"{"ok":false,"error":"ratelimited","items":[]}"#;

const NO_LIST: &str = r#"{"ok":false,"error":"ratelimited"}"#;

type Looks = fn(&PageView<'_>) -> Result<(), Malformed>;

fn layer() -> PaginateLayer<Checked<Token, Looks>> {
    let looks: Looks = |page| match page.value(&Pointer::try_from("/ok").unwrap())? {
        Some(ok) if ok.get() == "true" => Ok(()),
        _ => Err(Malformed::new("the answer says that it failed")),
    };
    let token = Token::from(body("/next")).to(query("t"));
    PaginateLayer::new(checked(token, looks)).items_at("/items")
}

/// Two pages, of which the second is `failed` the first time.
fn once(failed: &'static str) -> Api {
    api(move |_, n| {
        json(match n {
            0 => r#"{"ok":true,"items":[1],"next":"b"}"#,
            1 => failed,
            _ => r#"{"ok":true,"items":[2,3]}"#,
        })
    })
}

/// How a stream goes on after an error.
const WAYS: [(bool, usize); 4] = [(false, 0), (true, 0), (false, 1), (true, 1)];

#[tokio::test]
async fn it_is_no_page_and_the_one_that_comes_instead_is_handed_out() {
    // With a list and without one, which would be malformed by itself.
    for ((resumed, ahead), failed) in WAYS
        .into_iter()
        .flat_map(|way| [(way, FAILED), (way, NO_LIST)])
    {
        let api = once(failed);
        let layer = || layer().spawn_on(TokioSpawn::new()).prefetch(ahead);
        let mut pages = Box::pin(layer().layer(api.clone()).oneshot(get("/a")).await.unwrap());
        assert_eq!(pages.next().await.unwrap().unwrap().index, 0);
        let error = pages.next().await.unwrap().unwrap_err();
        assert_eq!(
            (error.kind(), error.position().page),
            (PageErrorKind::Malformed, 1)
        );
        // What it says is for whoever wants to know.
        assert_eq!(error.response().unwrap().body, failed);
        assert!(!format!("{error} {error:?}").contains("ratelimited"));
        assert!(error.to_string().contains("it failed"), "{error}");
        assert!(pages.next().await.is_none());
        assert_eq!(
            (pages.progress().pages, pages.end()),
            (1, Some(End::Failed))
        );
        let checkpoint = pages.checkpoint();
        assert_eq!(checkpoint.position().to_string(), "page 2");
        if resumed {
            let text: Checkpoint = checkpoint.to_string().parse().unwrap();
            let service = layer().resume(text).layer(api.clone());
            pages = Box::pin(service.oneshot(get("/a")).await.unwrap());
        } else {
            assert!(pages.as_mut().try_again());
        }
        let page = pages.next().await.unwrap().unwrap();
        assert_eq!(
            (page.index, page.items::<u64>("/items").unwrap()),
            (1, vec![2, 3])
        );
        assert!(pages.next().await.is_none());
        assert_eq!(pages.end(), Some(End::Complete));
        assert_eq!(api.paths(), ["/a", "/a?t=b", "/a?t=b"]);
    }
}

#[tokio::test]
async fn of_the_page_that_comes_instead_no_item_is_lost_and_none_comes_twice() {
    let with_item = r#"{"items":[2],"ok":false}"#;
    for (failed, before, after) in [
        (FAILED, vec![1], vec![2, 3]),
        (NO_LIST, vec![1], vec![2, 3]),
        (with_item, vec![1, 2], vec![3]),
    ] {
        for (resumed, ahead) in WAYS {
            let api = once(failed);
            let layer = || layer().spawn_on(TokioSpawn::new()).prefetch(ahead);
            let pages = layer().layer(api.clone()).oneshot(get("/a")).await.unwrap();
            let mut items = pin!(pages.items::<u64>("/items"));
            let (got, error) = all(items.as_mut()).await;
            let error = error.unwrap();
            assert_eq!(
                (got, error.kind()),
                (before.clone(), PageErrorKind::Malformed)
            );
            assert_eq!(error.position().page, 1);
            assert!(error.to_string().contains("it failed"), "{error}");
            let rest = if resumed {
                let text: Checkpoint = items.checkpoint().to_string().parse().unwrap();
                let service = layer().resume(text).layer(api.clone());
                all(service
                    .oneshot(get("/a"))
                    .await
                    .unwrap()
                    .items::<u64>("/items"))
                .await
            } else {
                assert!(items.as_mut().try_again());
                all(items).await
            };
            assert!(rest.1.is_none());
            assert_eq!(rest.0, after, "{resumed} {ahead}");
            assert_eq!(api.paths(), ["/a", "/a?t=b", "/a?t=b"]);
        }
    }
}

#[tokio::test]
async fn a_limit_is_no_reason_to_hold_it_back() {
    for (failed, kind) in [
        (FAILED, Some(PageErrorKind::Malformed)),
        (NO_LIST, Some(PageErrorKind::Malformed)),
        (r#"{"ok":true,"items":[2],"next":"c"}"#, None),
    ] {
        let api = once(failed);
        let service = layer().max_pages(2).layer(api.clone());
        let mut pages = pin!(service.oneshot(get("/a")).await.unwrap());
        let (got, error) = all(pages.as_mut()).await;
        assert_eq!(error.map(|error| error.kind()), kind);
        assert_eq!(got.len(), 2 - usize::from(kind.is_some()));
        let end = if kind.is_some() {
            End::Failed
        } else {
            End::Limited
        };
        assert_eq!((pages.end(), api.requests()), (Some(end), 2));
    }
}

/// Two pages of a list whose second is `failed` the first time.
fn malformed_once(failed: &'static str) -> Api {
    api(move |_, n| {
        json(match n {
            0 => r#"{"items":[1],"next":"b","more":true}"#,
            1 => failed,
            _ => r#"{"items":[2,3],"more":false}"#,
        })
    })
}

async fn goes_on<P>(strategy: P, failed: &'static str, before: &[u64], after: &[u64])
where
    P: Strategy<support::Body> + Clone + Send + Sync + 'static,
{
    for (resumed, ahead) in WAYS {
        let what = format!("{failed} {resumed} {ahead}");
        let api = malformed_once(failed);
        let layer = || {
            let layer = PaginateLayer::new(strategy.clone());
            layer.spawn_on(TokioSpawn::new()).prefetch(ahead)
        };
        let pages = layer().layer(api.clone()).oneshot(get("/a")).await.unwrap();
        let mut items = pin!(pages.items::<u64>("/items"));
        let (got, error) = all(items.as_mut()).await;
        assert_eq!(got, before, "{what}");
        assert_eq!(error.expect(&what).position().page, 1);
        let rest = if resumed {
            let text: Checkpoint = items.checkpoint().to_string().parse().unwrap();
            let service = layer().resume(text).layer(api.clone());
            let pages = service.oneshot(get("/a")).await.unwrap();
            all(pages.items::<u64>("/items")).await
        } else {
            assert!(items.as_mut().try_again());
            let rest = all(items.as_mut()).await;
            assert_eq!(items.progress().pages, 2, "{what}");
            rest
        };
        assert!(rest.1.is_none(), "{what}");
        assert_eq!(rest.0, after, "{what}");
        assert_eq!(api.requests(), 3, "{what}");
    }
}

#[tokio::test]
async fn behind_a_page_that_does_not_say_what_follows_no_item_is_lost_and_none_comes_twice() {
    let token = || Token::from(body("/next")).to(query("t")).more("/more");
    goes_on(token(), r#"{"items":[],"error":"busy"}"#, &[1], &[2, 3]).await;
    goes_on(token(), r#"{"items":[2],"error":"busy"}"#, &[1, 2], &[3]).await;
    goes_on(token(), r#"{"items":[2,3]}"#, &[1, 2, 3], &[]).await;
    goes_on(token(), r#"{"items":[2],"more":tru}"#, &[1, 2], &[3]).await;
    let offset = || Offset::query("o", "l").more("/more");
    goes_on(offset(), r#"{"items":[],"more":true}"#, &[1], &[2, 3]).await;
    goes_on(offset(), r#"{"items":[2,3]}"#, &[1, 2, 3], &[]).await;
    let numbers = || PageNumber::query("p").more("/more");
    goes_on(numbers(), r#"{"items":[2]}"#, &[1, 2], &[3]).await;
}

#[tokio::test]
async fn at_a_limit_a_page_without_items_that_does_not_say_what_follows_is_no_end() {
    let token = || Token::from(body("/next")).to(query("t")).more("/more");
    for (failed, kind) in [
        (
            r#"{"items":[],"error":"busy"}"#,
            Some(PageErrorKind::Malformed),
        ),
        // Whose items were wanted and are there is as good as any.
        (r#"{"items":[2]}"#, None),
        (r#"{"items":[],"more":true,"next":"c"}"#, None),
    ] {
        let api = malformed_once(failed);
        let layer = || PaginateLayer::new(token()).max_pages(2);
        let pages = layer().layer(api.clone()).oneshot(get("/a")).await.unwrap();
        let mut items = pin!(pages.items::<u64>("/items"));
        let (_, error) = all(items.as_mut()).await;
        assert_eq!(error.map(|error| error.kind()), kind, "{failed}");
        // A stream of pages has handed the page itself out.
        let pages = layer().layer(malformed_once(failed));
        let pages = pages.oneshot(get("/a")).await.unwrap();
        let (pages, error) = all(pages).await;
        assert_eq!((pages.len(), error.is_none()), (2, true), "{failed}");
        if kind.is_some() {
            let service = layer().resume(items.checkpoint()).layer(api);
            let pages = service.oneshot(get("/a")).await.unwrap();
            let (rest, error) = all(pages.items::<u64>("/items")).await;
            assert_eq!((rest, error.is_none()), (vec![2, 3], true));
        } else {
            assert_eq!(items.end(), Some(End::Limited));
        }
    }
}
