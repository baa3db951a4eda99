//! Requests for later pages are made of the first one: what changes, and what does not.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use outbound_http::BoxError;
use outbound_paginate::{
    NextUrl, Offset, PageErrorKind, PageNumber, PaginateLayer, REWRITTEN_HEADERS, StacNext,
    Strategy, Token, as_get, body, json, merge_json, query,
};
use tower::{Layer, ServiceExt, service_fn};

type Body = Full<Bytes>;

/// The requests that follow `first`, and the failure if there is one.
async fn walk(
    strategy: impl Strategy<Body> + Clone,
    first: Request<Body>,
    answers: &[&'static str],
) -> (Vec<Request<String>>, Option<PageErrorKind>) {
    let asked: Arc<Mutex<Vec<Request<Body>>>> = Arc::default();
    let log = asked.clone();
    let answers = answers.to_vec();
    let api = service_fn(move |request: Request<Body>| {
        let mut log = log.lock().unwrap();
        let answer = answers.get(log.len()).copied().unwrap_or("{\"items\":[]}");
        log.push(request);
        async move { Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(answer))) }
    });
    let layer = PaginateLayer::new(strategy).items_at("/items");
    let mut pages = Box::pin(layer.layer(api).oneshot(first).await.unwrap());
    let mut failed = None;
    while let Some(page) = pages.next().await {
        failed = page.err().map(|error| error.kind());
    }
    let sent = std::mem::take(&mut *asked.lock().unwrap());
    let mut requests = Vec::new();
    for request in sent {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        requests.push(Request::from_parts(
            parts,
            String::from_utf8(body.to_vec()).unwrap(),
        ));
    }
    (requests, failed)
}

fn post(body: &'static str) -> Request<Body> {
    Request::post("https://api.test/search?x=1")
        .header("content-type", "application/vnd.search+json")
        .header("content-length", body.len())
        .header("transfer-encoding", "identity")
        .header("content-digest", "sha-256=:AAAA:")
        .header("repr-digest", "sha-256=:AAAA:")
        .header("digest", "sha-256=AAAA")
        .header("content-md5", "AAAA")
        .header("content-encoding", "identity")
        .header("idempotency-key", "k")
        .header("x-own", "1")
        .body(Full::from(body))
        .unwrap()
}

const NEXT: &str = r#"{"items":[1],"next":"t\"é"}"#;

fn into_body() -> Token<outbound_paginate::BodyTarget> {
    Token::from(body("/next")).to(json("/cursor"))
}

#[tokio::test]
async fn a_rewritten_body_keeps_its_bytes_and_loses_what_was_said_of_the_old_one() {
    let first = "{ \"q\" : [1e400, \"a\\u0062\"] ,\n\"limit\":2 }";
    let (asked, _) = walk(into_body(), post(first), &[NEXT]).await;
    assert_eq!(
        asked[0].body(),
        first,
        "the first page is asked for as it was given"
    );
    assert_eq!(asked[0].headers()["idempotency-key"], "k");
    assert_eq!(
        asked[1].body(),
        "{ \"q\" : [1e400, \"a\\u0062\"] ,\n\"limit\":2 ,\"cursor\":\"t\\\"é\"}"
    );
    assert_eq!(asked[1].method(), Method::POST);
    assert_eq!(asked[1].uri(), "https://api.test/search?x=1");
    let headers = asked[1].headers();
    assert_eq!(headers["content-type"], "application/vnd.search+json");
    assert_eq!(headers["x-own"], "1");
    assert!(!headers.contains_key("idempotency-key"));
    for name in REWRITTEN_HEADERS {
        assert!(asked[0].headers().contains_key(&name), "{name}");
        assert!(!headers.contains_key(&name), "{name}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_rewritten_keeps_its_headers() {
    let strategy = Token::from(body("/next")).to(query("cursor"));
    let (asked, _) = walk(strategy, post("{}"), &[NEXT]).await;
    assert_eq!(asked[1].body(), "{}");
    for name in REWRITTEN_HEADERS {
        assert_eq!(asked[1].headers()[&name], asked[0].headers()[&name]);
    }
    assert_eq!(asked[1].headers()["content-length"], "2");
    assert!(!asked[1].headers().contains_key("idempotency-key"));
}

#[tokio::test]
async fn every_page_is_made_of_the_first_request_and_not_of_the_one_before() {
    let answers = [
        r#"{"items":[1],"next":{"a":1}}"#,
        r#"{"items":[1],"next":{"b":2}}"#,
    ];
    let strategy = Token::from(body("/next")).to(merge_json("/page"));
    let (asked, _) = walk(strategy, post(r#"{"page":{"size":9}}"#), &answers).await;
    assert_eq!(asked[1].body(), r#"{"page":{"size":9,"a":1}}"#);
    assert_eq!(asked[2].body(), r#"{"page":{"size":9,"b":2}}"#);
}

#[tokio::test]
async fn a_request_without_a_body_gets_one() {
    let first = Request::post("https://api.test/a")
        .body(Full::default())
        .unwrap();
    let (asked, _) = walk(into_body(), first, &[NEXT]).await;
    assert_eq!(asked[1].body(), r#"{"cursor":"t\"é"}"#);
    assert_eq!(asked[1].headers()["content-type"], "application/json");
}

#[tokio::test]
async fn a_body_that_a_cursor_cannot_be_put_into_is_an_error_and_nothing_is_sent() {
    for (first, strategy) in [
        ("cursor=1", into_body()),
        ("[1]", into_body()),
        ("\u{1}", into_body()),
        (
            r#"{"cursor":1}"#,
            Token::from(body("/next")).to(json("/cursor/deep")),
        ),
        ("{}", Token::from(body("/next")).to(merge_json(""))),
    ] {
        let (asked, failed) = walk(strategy, post(first), &[NEXT]).await;
        assert_eq!(
            (asked.len(), failed),
            (1, Some(PageErrorKind::Malformed)),
            "{first}"
        );
    }
}

#[tokio::test]
async fn numbers_are_counted_in_a_body_from_where_it_says() {
    let pages = PageNumber::sent_to(json("/page")).page_size(json("/size"), 5);
    let one = [r#"{"items":[1]}"#];
    let (asked, _) = walk(pages.clone(), post("{}"), &one).await;
    assert_eq!(asked[0].body(), r#"{"page":1,"size":5}"#);
    assert_eq!(asked[1].body(), r#"{"page":2,"size":5}"#);
    let (asked, _) = walk(pages.clone(), post(r#"{"page":7}"#), &one).await;
    assert_eq!(asked[1].body(), r#"{"page":8,"size":5}"#);
    let (asked, failed) = walk(pages, post(r#"{"page":"x"}"#), &one).await;
    assert_eq!((asked.len(), failed), (0, Some(PageErrorKind::Malformed)));

    let offsets = Offset::sent_to(json("/from"), json("/size")).by(2);
    let two = [r#"{"items":[1,2]}"#, r#"{"items":[3]}"#];
    let (asked, _) = walk(offsets, post(r#"{"query":{}}"#), &two).await;
    let bodies: Vec<_> = asked.iter().map(|asked| asked.body().as_str()).collect();
    assert_eq!(
        bodies,
        [
            r#"{"query":{},"from":0,"size":2}"#,
            r#"{"query":{},"from":2,"size":2}"#,
            r#"{"query":{},"from":3,"size":2}"#,
        ]
    );
}

#[tokio::test]
async fn head_and_body_may_both_take_a_token() {
    let strategy = into_body().and(body("/next"), query("c"));
    let (asked, _) = walk(strategy, post("{}"), &[NEXT]).await;
    assert_eq!(asked[1].uri(), "https://api.test/search?x=1&c=t%22%C3%A9");
    assert_eq!(asked[1].body(), r#"{"cursor":"t\"é"}"#);
}

#[tokio::test]
async fn a_next_url_keeps_method_and_body_unless_it_is_for_get() {
    let next = NextUrl::at("/next");
    let answers = [r#"{"items":[1],"next":"/more"}"#];
    let (asked, _) = walk(next.clone(), post("{\"q\":1}"), &answers).await;
    assert_eq!(asked[1].method(), Method::POST);
    assert_eq!(asked[1].body(), "{\"q\":1}");
    let (asked, _) = walk(as_get(next), post("{\"q\":1}"), &answers).await;
    assert_eq!(asked[0].method(), Method::POST);
    assert_eq!(asked[1].method(), Method::GET);
    assert_eq!(asked[1].body(), "");
    assert_eq!(asked[1].headers()["x-own"], "1");
    for name in REWRITTEN_HEADERS {
        assert!(!asked[1].headers().contains_key(&name), "{name}");
    }
    assert!(!asked[1].headers().contains_key("content-type"));
}

/// A page whose link to the next one has these headers.
fn stac(headers: &str) -> &'static str {
    let link = format!(r#"{{"rel":"next","href":"/b","method":"POST","headers":{headers}}}"#);
    format!(r#"{{"items":[1],"links":[{link}]}}"#).leak()
}

#[tokio::test]
async fn the_headers_of_a_stac_link_are_added_each_with_one_value_or_several() {
    for (headers, after) in [
        (r#"{"Search-After":"a"}"#, &["a"][..]),
        (r#"{"Search-After":["a","b"]}"#, &["a", "b"]),
        (r#"{"Search-After":[]}"#, &[]),
        (r#"{"Search-After":7,"x-own":"2"}"#, &["7"]),
        ("{}", &["mine"]),
        ("null", &["mine"]),
    ] {
        let mut request = post("{}");
        let mine = http::HeaderValue::from_static("mine");
        request.headers_mut().insert("search-after", mine);
        let (asked, failed) = walk(StacNext::new(), request, &[stac(headers)]).await;
        assert_eq!((asked.len(), failed), (2, None), "{headers}");
        let sent = asked[1].headers().get_all("search-after").iter();
        assert!(sent.eq(after), "{headers}");
        let own = if headers.contains("x-own") { "2" } else { "1" };
        assert_eq!(asked[1].headers()["x-own"], own);
    }
}

#[tokio::test]
async fn a_stac_link_sets_no_header_that_is_not_its_own() {
    for headers in [
        r#"{"Authorization":"x"}"#,
        r#"{"proxy-authorization":"x"}"#,
        r#"{"cookie":"x"}"#,
        r#"{"Host":"x"}"#,
        r#"{"content-length":"1"}"#,
        r#"{"Upgrade":"h2c"}"#,
        r#"{"te":"trailers"}"#,
        r#"{"expect":"100-continue"}"#,
        r#"{"x-api-key":"x"}"#,
        r#"{"a b":"x"}"#,
        r#"{"x":"a\nb"}"#,
        r#"{"x":null}"#,
        r#"{"x":{}}"#,
        r#"{"x":["a",["b"]]}"#,
        r#"["x"]"#,
        r#""x""#,
    ] {
        let mut request = post("{}");
        let mut key = http::HeaderValue::from_static("hunter2");
        key.set_sensitive(true);
        request.headers_mut().insert("x-api-key", key);
        let (asked, failed) = walk(StacNext::new(), request, &[stac(headers)]).await;
        assert_eq!(
            (asked.len(), failed),
            (1, Some(PageErrorKind::Malformed)),
            "{headers}"
        );
    }
    let elsewhere =
        r#"{"items":[1],"links":[{"rel":"next","href":"https://evil.test/","method":"POST"}]}"#;
    let (asked, failed) = walk(StacNext::new(), post("{}"), &[elsewhere]).await;
    assert_eq!((asked.len(), failed), (1, Some(PageErrorKind::CrossOrigin)));
    let method = r#"{"items":[1],"links":[{"rel":"next","href":"/b","method":"DELETE"}]}"#;
    let (asked, failed) = walk(StacNext::new(), post("{}"), &[method]).await;
    assert_eq!((asked.len(), failed), (1, Some(PageErrorKind::Malformed)));
}

/// A body that is not at hand: it would have to be waited for.
#[derive(Clone)]
struct Late;

impl From<Bytes> for Late {
    fn from(_: Bytes) -> Self {
        Self
    }
}

impl http_body::Body for Late {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn a_body_that_is_not_at_hand_is_an_error_and_never_an_empty_one() {
    let sends = Arc::new(AtomicUsize::new(0));
    let count = sends.clone();
    let api = service_fn(move |_: Request<Late>| {
        count.fetch_add(1, Relaxed);
        async { Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(NEXT))) }
    });
    let request = Request::post("https://api.test/a").body(Late).unwrap();
    let layer = PaginateLayer::new(into_body());
    let mut pages = Box::pin(layer.layer(api).oneshot(request).await.unwrap());
    assert!(pages.next().await.unwrap().is_ok());
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::Malformed);
    assert!(error.to_string().contains("not at hand"), "{error}");
    assert!(pages.next().await.is_none());
    assert_eq!(sends.load(Relaxed), 1);
}

#[test]
fn a_body_in_pieces_is_read_whole() {
    // What `Destination::read` sees is what was put in, however many frames it has.
    use outbound_paginate::Destination;

    #[derive(Clone)]
    struct Pieces(Vec<&'static str>);

    impl From<Bytes> for Pieces {
        fn from(_: Bytes) -> Self {
            Self(Vec::new())
        }
    }

    impl http_body::Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
            if self.0.is_empty() {
                return std::task::Poll::Ready(None);
            }
            let piece = self.0.remove(0);
            let frames = [Ok(http_body::Frame::data(Bytes::from_static(
                piece.as_bytes(),
            )))];
            let mut one = StreamBody::new(futures_util::stream::iter(frames));
            std::pin::Pin::new(&mut one).poll_frame(cx)
        }
    }

    let request = Request::new(Pieces(vec!["{\"pa", "", "ge\":", "12}"]));
    assert_eq!(json("/page").read(&request).unwrap().as_deref(), Some("12"));
    assert_eq!(json("/none").read(&request).unwrap(), None);
}
