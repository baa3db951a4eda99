//! Where next pages are asked for.

use outbound_http::EffectiveUri;
use outbound_paginate::{LinkHeader, OriginPolicy, PageErrorKind, PaginateLayer};
use tower::{Layer, ServiceExt};

use crate::support::{self, all, api, get, linked, pages};

#[tokio::test]
async fn another_origin_is_asked_nothing() {
    for link in [
        "https://evil.test/a?p=2",
        "http://api.test/a?p=2",
        "https://api.test:8443/a?p=2",
        "//evil.test/a?p=2",
        "https://api.test.evil.test/",
        "https://api.test./a?p=2",
    ] {
        let api = api(move |_, _| linked("[]", &format!("<{link}>; rel=next")));
        let (got, error) =
            all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await).await;
        let error = error.unwrap();
        assert_eq!(
            (got.len(), error.kind()),
            (1, PageErrorKind::CrossOrigin),
            "{link}"
        );
        assert_eq!(api.requests(), 1);
        assert!(!format!("{error} {error:?}").contains("p=2"));
    }
}

#[tokio::test]
async fn a_redirect_does_not_move_the_origin() {
    let api = api(|_, _| {
        let mut response = linked("[]", "<?p=2>; rel=next");
        let elsewhere = EffectiveUri("https://evil.test/a".parse().unwrap());
        response.extensions_mut().insert(elsewhere);
        response
    });
    let (_, error) = all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await).await;
    assert_eq!(error.unwrap().kind(), PageErrorKind::CrossOrigin);
    assert_eq!(api.requests(), 1);
}

#[tokio::test]
async fn rebasing_asks_the_first_origin() {
    let api = api(|_, n| linked("[]", ["<http://internal:80/a?p=%7e>; rel=next", ""][n]));
    let layer = PaginateLayer::new(LinkHeader::next()).origin(OriginPolicy::Rebase);
    let (_, error) = all(pages(&api, layer, "/a").await).await;
    assert!(error.is_none());
    assert_eq!(api.paths(), ["/a", "/a?p=%7e"]);
}

#[tokio::test]
async fn an_allowed_origin_gets_no_secret_and_is_marked() {
    let api = api(|_, n| {
        linked(
            "[]",
            [
                "<https://cdn.test/a>; rel=next",
                "<https://api.test/b>; rel=next",
                "<https://evil.test/>; rel=next",
            ][n],
        )
    });
    let mut request = get("/a");
    let headers = request.headers_mut();
    for name in [
        "authorization",
        "proxy-authorization",
        "cookie",
        "host",
        "x-plain",
        "x-key",
    ] {
        headers.insert(name, "value".parse().unwrap());
    }
    headers.get_mut("x-key").unwrap().set_sensitive(true);
    request.extensions_mut().insert(support::Own);
    let service = PaginateLayer::new(LinkHeader::next())
        .origin(OriginPolicy::Allow(vec![
            "https://cdn.test".parse().unwrap(),
        ]))
        .layer(api.clone());
    let (got, error) = all(service.oneshot(request).await.unwrap()).await;
    assert_eq!(
        (got.len(), error.unwrap().kind()),
        (3, PageErrorKind::CrossOrigin)
    );
    let asked = api.asked();
    let seen: Vec<_> = asked
        .iter()
        .map(|asked| {
            (
                asked.uri.as_str(),
                asked.headers.len(),
                asked.cross_origin,
                asked.extension,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("https://api.test/a", 6, false, true),
            ("https://cdn.test/a", 1, true, false),
            ("https://api.test/b", 6, false, true),
        ]
    );
    assert!(asked[1].headers.contains_key("x-plain"));
}

#[tokio::test]
async fn a_request_without_an_origin_follows_relative_links_only() {
    let api = api(|_, n| {
        linked(
            "[]",
            ["</b?p=2>; rel=next", "<https://api.test/c>; rel=next"][n],
        )
    });
    let request = http::Request::get("/a")
        .body(support::Body::default())
        .unwrap();
    let service = PaginateLayer::new(LinkHeader::next()).layer(api.clone());
    let (got, error) = all(service.oneshot(request).await.unwrap()).await;
    assert_eq!(
        (got.len(), error.unwrap().kind()),
        (2, PageErrorKind::CrossOrigin)
    );
    assert_eq!(api.paths(), ["/a", "/b?p=2"]);
}

#[tokio::test]
async fn a_request_without_an_origin_is_followed_to_one_that_is_allowed_as_to_a_stranger() {
    // Whether it is the one that a layer beneath puts before paths cannot be seen from here.
    let api = api(|_, n| {
        let link = [
            "<https://api.test/b>; rel=next",
            "<https://evil.test/c>; rel=next",
        ][n];
        linked("[]", link)
    });
    let request = http::Request::get("/a").header("authorization", "hunter2");
    let request = request.body(support::Body::default()).unwrap();
    let layer = PaginateLayer::new(LinkHeader::next());
    let layer = layer.origin(OriginPolicy::Allow(vec![
        "https://api.test".parse().unwrap(),
    ]));
    let service = layer.layer(api.clone());
    let (got, error) = all(service.oneshot(request).await.unwrap()).await;
    let kind = error.unwrap().kind();
    assert_eq!((got.len(), kind), (2, PageErrorKind::CrossOrigin));
    let asked = api.asked();
    assert_eq!((asked.len(), &*asked[1].uri), (2, "https://api.test/b"));
    assert!(asked[1].cross_origin && asked[1].headers.is_empty());
}
