//! Pages themselves, and what goes wrong with them.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use outbound_paginate::{
    LinkHeader, NoNext, PageErrorKind, PageView, PaginateLayer, Strategy, from_fn,
};
use tower::{Layer, ServiceExt};

use crate::support::{self, all, api, get, json, linked, pages, try_api};

#[tokio::test]
async fn a_response_that_is_no_success_is_an_error_that_carries_it() {
    for failing in [0, 1] {
        let api = api(move |_, n| {
            let mut response = linked(r#"{"why":"because"}"#, "<?p=2>; rel=next");
            if n == failing {
                *response.status_mut() = http::StatusCode::FORBIDDEN;
            }
            response
        });
        let (got, error) =
            all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await).await;
        let error = error.unwrap();
        assert_eq!((got.len(), error.kind()), (failing, PageErrorKind::Status));
        assert_eq!(error.position().page, failing as u64);
        let page = error.into_response().unwrap();
        assert_eq!(
            (page.parts.status.as_u16(), &page.body[..]),
            (403, &br#"{"why":"because"}"#[..])
        );
    }
}

#[tokio::test]
async fn the_first_pages_failure_is_the_services_and_a_later_one_is_the_streams() {
    let api = try_api(|_, n| match n {
        0 => Err("no route".into()),
        1 => Ok(linked("[]", "<?p=2>; rel=next")),
        _ => Err("gone".into()),
    });
    let service = PaginateLayer::new(LinkHeader::next()).layer(api);
    let error = service.clone().oneshot(get("/a")).await.unwrap_err();
    assert_eq!(error.to_string(), "no route");
    let (got, error) = all(service.oneshot(get("/a")).await.unwrap()).await;
    let error = error.unwrap();
    assert_eq!((got.len(), error.kind()), (1, PageErrorKind::Service));
    assert_eq!(error.to_string(), "page 2: the service failed");
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "gone"
    );
}

#[tokio::test]
async fn each_page_is_asked_for_like_the_first_but_for_the_idempotency_key() {
    let api = api(|_, n| linked("[]", ["<?p=2>; rel=next", ""][n]));
    let mut request = get("/a");
    for (name, value) in [
        ("consistencylevel", "eventual"),
        ("idempotency-key", "k"),
        ("authorization", "x"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request.extensions_mut().insert(support::Own);
    let service = PaginateLayer::new(LinkHeader::next()).layer(api.clone());
    all(service.oneshot(request).await.unwrap()).await;
    let asked = api.asked();
    assert_eq!((asked[0].headers.len(), asked[1].headers.len()), (3, 2));
    assert!(!asked[1].headers.contains_key("idempotency-key"));
    assert!(asked[1].extension && !asked[1].cross_origin);
}

#[tokio::test]
async fn pages_decode_themselves_and_their_items() {
    let api = api(|_, _| json(r#"{"n":1,"items":[1,"x"]}"#));
    let (got, _) = all(pages(&api, PaginateLayer::new(NoNext), "/a").await).await;
    let page = &got[0];
    assert_eq!(page.json::<serde_json::Value>().unwrap()["n"], 1);
    assert_eq!(
        page.json::<u64>().unwrap_err().kind(),
        PageErrorKind::Decode
    );
    assert_eq!(page.items::<serde_json::Value>("/items").unwrap().len(), 2);
    let error = page.items::<u64>("/items").unwrap_err();
    assert_eq!(
        (error.kind(), error.position().item),
        (PageErrorKind::Decode, Some(1))
    );
    assert_eq!(
        page.items::<u64>("/n").unwrap_err().kind(),
        PageErrorKind::Malformed
    );
}

#[tokio::test]
async fn a_strategy_can_be_chosen_at_run_time_or_be_a_function() {
    let function = from_fn(|page: &PageView<'_>| match page.header("x-next")? {
        Some(next) => page.resolve(next).map(Some),
        None => Ok(None),
    });
    let strategies: [Arc<dyn Strategy<support::Body> + Send + Sync>; 2] =
        [Arc::new(LinkHeader::next()), Arc::new(function)];
    for strategy in strategies {
        let api = api(|_, n| {
            let mut response = json("[]");
            if n == 0 {
                response
                    .headers_mut()
                    .insert("link", "</b>; rel=next".parse().unwrap());
                response
                    .headers_mut()
                    .insert("x-next", "/b".parse().unwrap());
            }
            response
        });
        let (got, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
        assert!(error.is_none());
        assert_eq!(got.len(), 2);
        assert_eq!(api.paths(), ["/a", "/b"]);
    }
}

#[tokio::test]
async fn nothing_that_is_shown_holds_a_secret() {
    let api = api(|_, _| {
        linked(
            r#"{"token":"hunter2"}"#,
            "<https://evil.test/?t=hunter2>; rel=next",
        )
    });
    let mut request = get("/a?key=hunter2");
    request
        .headers_mut()
        .insert("authorization", "hunter2".parse().unwrap());
    let service = PaginateLayer::new(LinkHeader::next()).layer(api);
    let mut stream = Box::pin(service.oneshot(request).await.unwrap());
    let mut shown = format!("{stream:?}");
    while let Some(page) = stream.next().await {
        match page {
            Ok(page) => shown += &format!("{page:?}"),
            Err(error) => shown += &format!("{error} {error:?}"),
        }
    }
    // A strategy, a cursor in a checkpoint and what became of both.
    let checkpoint = stream.checkpoint();
    let mut items = Pin::into_inner(stream).items::<u64>("/items");
    shown += &format!("{items:?} {checkpoint:?} {:?}", items.progress_handle());
    let layer = PaginateLayer::new(LinkHeader::next()).resume(checkpoint);
    shown += &format!("{layer:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[derive(Debug, serde::Deserialize)]
struct Item {
    #[expect(dead_code, reason = "it is decoded")]
    id: u64,
}

#[tokio::test]
async fn an_error_says_where_an_item_is_wrong_and_not_what_is_in_it() {
    let api = api(|_, _| json(r#"[{"id":1},{"id":"hunter2"}]"#));
    let stream = async || Pin::into_inner(pages(&api, PaginateLayer::new(NoNext), "/a").await);
    let (_, typed) = all(stream().await.items::<Item>("")).await;
    let lent = |item: &[u8]| Ok(serde_json::from_slice::<Item>(item)?);
    let (_, lent) = all(stream().await.items_with("", lent)).await;
    let page = stream().await.next().await.unwrap().unwrap();
    for (error, at) in [
        (typed.unwrap(), "Data(1:15)"),
        (lent.unwrap(), "Data(1:15)"),
        (page.json::<Vec<Item>>().unwrap_err(), "Data(1:25)"),
    ] {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains(at), "{shown}");
        // Who asks for it is told.
        let source = std::error::Error::source(&error).unwrap();
        assert!(source.to_string().contains("hunter2"), "{source}");
    }
    let refuse = |_: &[u8]| Err::<(), _>("the caller's own".into());
    let (_, own) = all(stream().await.items_with("", refuse).take(1)).await;
    assert!(format!("{:?}", own.unwrap()).contains("the caller's own"));
}
