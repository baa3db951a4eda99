//! A stream stays at home: what a next URL may be, and what it may not lead to.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use outbound_http::{BoxError, EffectiveUri};
use outbound_paginate::{
    Cursor, LinkHeader, NextUrl, OriginPolicy, PageErrorKind, PaginateLayer, Token, body, query,
};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Body, all, api, get, json, linked, pages};

fn next_url() -> NextUrl {
    NextUrl::at("/next")
}

/// The second request that `next` on the page at `first` leads to, or the failure.
async fn second(
    first: &str,
    next: &str,
    policy: OriginPolicy,
) -> Result<Option<String>, PageErrorKind> {
    let body = format!(r#"{{"next":{}}}"#, serde_json::Value::from(next));
    let api = api(move |_, n| json(if n == 0 { body.as_str() } else { "{}" }.to_owned()));
    let layer = PaginateLayer::new(next_url()).origin(policy);
    let (_, error) = all(pages(&api, layer, first).await).await;
    let asked = api.asked();
    match error {
        Some(error) => {
            assert_eq!(asked.len(), 1, "nothing may be sent: {next}");
            Err(error.kind())
        }
        None => Ok(asked.get(1).map(|asked| asked.uri.clone())),
    }
}

async fn denied(first: &str, next: &str) -> Result<Option<String>, PageErrorKind> {
    second(first, next, OriginPolicy::Deny).await
}

const CROSS: Result<Option<String>, PageErrorKind> = Err(PageErrorKind::CrossOrigin);
const MALFORMED: Result<Option<String>, PageErrorKind> = Err(PageErrorKind::Malformed);

#[tokio::test]
async fn references_of_every_form_stay_within_the_origin() {
    let base = "https://api.test/v1/items?page=1";
    for (next, expected) in [
        ("?page=2", "https://api.test/v1/items?page=2"),
        ("items;v=1?page=2", "https://api.test/v1/items;v=1?page=2"),
        ("../v2/items", "https://api.test/v2/items"),
        ("/p", "https://api.test/p"),
        ("//api.test/p", "https://api.test/p"),
        ("https://api.test/p", "https://api.test/p"),
        ("https://API.test:443/p", "https://API.test:443/p"),
        ("HTTPS://api.test/p", "https://api.test/p"),
        ("  /p?x\t", "https://api.test/p?x"),
        ("/p#part", "https://api.test/p"),
        ("/a//b", "https://api.test/a//b"),
        ("//api.test//b", "https://api.test//b"),
        // Byte for byte.
        (
            "?c=%7E+%20'|[]{}\\%2f^`",
            "https://api.test/v1/items?c=%7E+%20'|[]{}\\%2f^%60",
        ),
        ("/%7e/%2E%2e/x", "https://api.test/%7e/%2E%2e/x"),
        (
            "?q=a b\"<>é",
            "https://api.test/v1/items?q=a%20b%22%3C%3E%C3%A9",
        ),
        ("/p a\u{fc}", "https://api.test/p%20a%C3%BC"),
    ] {
        assert_eq!(
            denied(base, next).await,
            Ok(Some(expected.to_owned())),
            "{next}"
        );
    }
}

#[tokio::test]
async fn another_scheme_host_or_port_is_another_origin() {
    let base = "https://api.test/v1/items?page=1";
    for next in [
        "http://api.test/v1/items?page=2",
        "https://api.test:8443/p",
        "https://api.test./p",
        "https://evil.test/p",
        "https://sub.api.test/p",
        "https://api.test.evil.test/p",
        "//evil.test/p",
        "https://[::1]/p",
        "ftp://api.test/p",
        // White space around a URL is none of it.
        " https://evil.test/p",
        "\t//evil.test/p\n",
    ] {
        assert_eq!(denied(base, next).await, CROSS, "{next}");
    }
    // Each scheme has a port that need not be said, and no scheme has another's.
    for (first, next, same) in [
        ("http://api.test/a", "http://api.test:80/b", true),
        ("http://api.test:80/a", "http://api.test/b", true),
        ("https://api.test:443/a", "https://api.test/b", true),
        ("http://api.test/a", "http://api.test:443/b", false),
        ("https://api.test/a", "https://api.test:80/b", false),
        ("http://api.test:8080/a", "http://api.test/b", false),
    ] {
        let expected = if same {
            Ok(Some(next.to_owned()))
        } else {
            CROSS
        };
        assert_eq!(denied(first, next).await, expected, "{first} {next}");
    }
}

#[tokio::test]
async fn what_parsers_read_differently_is_refused() {
    let base = "https://api.test/v1/items?page=1";
    for next in [
        "https:\\\\evil.test\\x",
        "https:/evil.test/x",
        "https:evil.test/x",
        "https:///evil.test/x",
        " https:\\\\evil.test\\x",
        "\thttps:/evil.test/x",
        " https:evil.test/x ",
        "https://api.test@evil.test/",
        "https://api.test:443@evil.test/",
        "https://api.test%40evil.test/",
        "https://evil.test\\@api.test/",
        "https://user:pw@api.test/",
        "https://user@api.test/",
        "//user@api.test/",
        "https://exämple.test/",
        "https://a b.test/",
        "https://api.test:x/",
        "https://api.test:99999/",
        "/a\r\nx: y",
        "/a\nb",
        "/a\u{0}b",
        "/a\tb",
        "mailto:a@b",
        "javascript:alert(1)",
        "data:,x",
        "urn:x",
    ] {
        assert_eq!(denied(base, next).await, MALFORMED, "{next:?}");
    }
    // Such a slash is one of a path, not of a host.
    assert_eq!(
        denied(base, "\\\\evil.test\\x").await,
        Ok(Some("https://api.test/v1/\\\\evil.test\\x".to_owned()))
    );
    let long = format!("/{}", "a".repeat(70_000));
    assert_eq!(denied(base, &long).await, MALFORMED);
}

#[tokio::test]
async fn a_request_without_an_origin_is_followed_by_paths_alone() {
    for (next, expected) in [
        ("/b", Ok(Some("/b".to_owned()))),
        ("?page=2", Ok(Some("/v1/items?page=2".to_owned()))),
        ("more", Ok(Some("/v1/more".to_owned()))),
        ("https://api.test/b", CROSS),
        ("//evil.test/b", CROSS),
        // A base-URL layer beneath would read a host in them.
        ("/.//evil.test/b", MALFORMED),
        ("..//evil.test/b", MALFORMED),
        ("./..//evil.test/b", MALFORMED),
    ] {
        let body = format!(r#"{{"next":{}}}"#, serde_json::Value::from(next));
        let api = api(move |_, n| json(if n == 0 { body.as_str() } else { "{}" }.to_owned()));
        let layer = PaginateLayer::new(next_url());
        let request = Request::get("/v1/items").body(Body::default()).unwrap();
        let service = layer.layer(api.clone());
        let (_, error) = all(service.oneshot(request).await.unwrap()).await;
        let followed = match error {
            Some(error) => Err(error.kind()),
            None => Ok(api.asked().get(1).map(|asked| asked.uri.clone())),
        };
        assert_eq!(followed, expected, "{next}");
    }
}

/// What is asked for after `first` and its `next` above a layer that puts `base` before paths, if
/// `answered` is where the request was led to.
async fn above_base(
    first: &str,
    next: &str,
    answered: Option<&'static str>,
) -> Result<Option<String>, PageErrorKind> {
    let body = format!(r#"{{"next":{}}}"#, serde_json::Value::from(next));
    let api = api(move |path, n| {
        let mut response = json(if n == 0 { body.as_str() } else { "{}" }.to_owned());
        let completed = format!("https://api.test/v1{path}");
        let uri = answered.unwrap_or(&completed).parse().unwrap();
        response.extensions_mut().insert(EffectiveUri(uri));
        response
    });
    let request = Request::get(first).body(Body::default()).unwrap();
    let service = PaginateLayer::new(next_url()).layer(api.clone());
    let (_, error) = all(service.oneshot(request).await.unwrap()).await;
    match error {
        Some(error) => Err(error.kind()),
        None => Ok(api.asked().get(1).map(|asked| asked.uri.clone())),
    }
}

#[tokio::test]
async fn a_base_beneath_is_not_doubled_and_its_absolute_links_are_followed() {
    for (next, expected) in [
        ("?page=2", Ok("/items?page=2")),
        ("more", Ok("/more")),
        ("/v1/items?page=2", Ok("/items?page=2")),
        ("https://api.test/v1/items?c=%7E'", Ok("/items?c=%7E'")),
        ("//API.test:443/v1/items?page=2", Ok("/items?page=2")),
        // Nothing that a path above the base can say.
        ("/v2/items", Err(PageErrorKind::CrossOrigin)),
        ("/v1", Err(PageErrorKind::CrossOrigin)),
        ("/v10/items", Err(PageErrorKind::CrossOrigin)),
        ("http://api.test/v1/items", Err(PageErrorKind::CrossOrigin)),
        (
            "https://evil.test/v1/items",
            Err(PageErrorKind::CrossOrigin),
        ),
        // The layer beneath would read a host in it.
        ("/v1//evil.test/items", Err(PageErrorKind::Malformed)),
    ] {
        let expected = expected.map(|path| Some(path.to_owned()));
        assert_eq!(
            above_base("/items?page=1", next, None).await,
            expected,
            "{next}"
        );
    }
}

#[tokio::test]
async fn a_redirect_beneath_a_base_leads_to_no_other_origin() {
    // Where the base ends can be seen: what is asked for is the path above it, of the base's origin.
    let there = Some("https://evil.test/v1/items");
    for next in [
        "?page=2",
        "/v1/items?page=2",
        "https://evil.test/v1/items?page=2",
    ] {
        let second = above_base("/items", next, there).await;
        assert_eq!(second, Ok(Some("/items?page=2".to_owned())), "{next}");
    }
    // Where it cannot, links are relative to what was asked for.
    let there = Some("https://evil.test/elsewhere");
    let second = above_base("/items", "?page=2", there).await;
    assert_eq!(second, Ok(Some("/items?page=2".to_owned())));
    let second = above_base("/items", "https://evil.test/elsewhere?page=2", there).await;
    assert_eq!(second, CROSS);
}

#[tokio::test]
async fn a_prefix_is_not_doubled() {
    for (first, next, expected) in [
        (
            "https://ghe.test/api/v3/issues",
            "https://ghe.test/api/v3/issues?page=2",
            "https://ghe.test/api/v3/issues?page=2",
        ),
        (
            "https://s.test/wiki/api/v2/spaces",
            "/wiki/api/v2/spaces?c=1",
            "https://s.test/wiki/api/v2/spaces?c=1",
        ),
    ] {
        assert_eq!(denied(first, next).await, Ok(Some(expected.to_owned())));
    }
}

#[tokio::test]
async fn rebasing_takes_path_and_query_to_the_first_origin() {
    let base = "https://api.test/v1/items?page=1";
    for (next, expected) in [
        (
            "http://api.test/v1/items?page=2",
            "https://api.test/v1/items?page=2",
        ),
        (
            "http://10.0.0.7:8080/v1/items?c=%7E'",
            "https://api.test/v1/items?c=%7E'",
        ),
        ("https://internal", "https://api.test/"),
        ("//internal//x", "https://api.test//x"),
        ("/plain", "https://api.test/plain"),
    ] {
        let second = second(base, next, OriginPolicy::Rebase).await;
        assert_eq!(second, Ok(Some(expected.to_owned())), "{next}");
    }
    // What is no URL is none under any policy.
    assert_eq!(
        second(base, "https://u:p@h/", OriginPolicy::Rebase).await,
        MALFORMED
    );
    // Nor does a request without an origin get one.
    assert_eq!(
        second("/v1", "https://h//evil.test/x", OriginPolicy::Rebase).await,
        Ok(Some("https://api.test//evil.test/x".to_owned())),
        "the helper's requests have an origin"
    );
    let api = api(|_, _| json(r#"{"next":"https://h//evil.test/x"}"#));
    let layer = PaginateLayer::new(next_url()).origin(OriginPolicy::Rebase);
    let request = Request::get("/v1").body(Body::default()).unwrap();
    let (_, error) = all(layer.layer(api.clone()).oneshot(request).await.unwrap()).await;
    assert_eq!(error.unwrap().kind(), PageErrorKind::Malformed);
    assert_eq!(api.requests(), 1);
}

#[tokio::test]
async fn a_redirect_elsewhere_makes_relative_links_strangers() {
    let service = service_fn(|request: Request<Body>| async move {
        let mut response = Response::new(Full::<Bytes>::from("[1]"));
        response
            .headers_mut()
            .insert("link", HeaderValue::from_static("</b>; rel=next"));
        // As if a redirect had been followed beneath.
        response
            .extensions_mut()
            .insert(EffectiveUri(http::Uri::from_static("https://cdn.test/a")));
        assert_eq!(request.uri(), "https://api.test/a");
        Ok::<_, BoxError>(response)
    });
    let layer = PaginateLayer::new(LinkHeader::next());
    let (found, error) = all(layer.layer(service).oneshot(get("/a")).await.unwrap()).await;
    assert_eq!(
        (found.len(), error.unwrap().kind()),
        (1, PageErrorKind::CrossOrigin)
    );
}

#[tokio::test]
async fn an_error_names_both_origins_and_nothing_behind_them() {
    let api = api(|_, _| json(r#"{"next":"https://evil.test:8443/p?access_token=hunter2"}"#));
    let (_, error) = all(pages(&api, PaginateLayer::new(next_url()), "/a?key=hunter2").await).await;
    let error = error.unwrap();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("https://evil.test:8443"), "{shown}");
    assert!(shown.contains("https://api.test"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn a_user_and_a_password_in_a_next_url_are_refused_and_not_shown() {
    for next in [
        "https://root:hunter2@api.test/p",
        "https://root:hunter2@evil.test/p",
        "//root:hunter2@api.test/p",
        "https://hunter2@api.test@evil.test/",
    ] {
        for policy in [
            OriginPolicy::Deny,
            OriginPolicy::Rebase,
            OriginPolicy::Allow(vec!["https://evil.test".parse().unwrap()]),
        ] {
            let api = api(move |_, _| json(format!(r#"{{"next":"{next}"}}"#)));
            let layer = PaginateLayer::new(next_url()).origin(policy);
            let (_, error) = all(pages(&api, layer, "/a").await).await;
            let error = error.unwrap();
            assert_eq!(error.kind(), PageErrorKind::Malformed, "{next}");
            let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
            assert!(
                !shown.contains("hunter2") && !shown.contains("root"),
                "{shown}"
            );
            assert_eq!(api.requests(), 1);
        }
    }
}

#[tokio::test]
async fn a_parameter_is_replaced_by_its_decoded_name_and_encoded_once() {
    for (first, value, expected) in [
        (
            "/a?x=%7e&c=old&y=+",
            "n&=+#% é",
            "/a?x=%7e&c=n%26%3D%2B%23%25%20%C3%A9&y=+",
        ),
        ("/a?%63=old&c=older&z", "n", "/a?%63=n&z"),
        ("/a?C=1", "n", "/a?C=1&c=n"),
        ("/a?", "n", "/a?c=n"),
        ("/a?c", "n", "/a?c=n"),
        ("/a", "%2F", "/a?c=%252F"),
    ] {
        let body_text = format!(r#"{{"next":{}}}"#, serde_json::Value::from(value));
        let api = api(move |_, n| json(if n == 0 { body_text.as_str() } else { "{}" }.to_owned()));
        let strategy = Token::from(body("/next")).to(query("c"));
        let (_, error) = all(pages(&api, PaginateLayer::new(strategy), first).await).await;
        assert!(error.is_none(), "{first}");
        assert_eq!(api.paths()[1], expected, "{first}");
    }
}

#[tokio::test]
async fn a_token_that_makes_a_url_too_long_is_an_error() {
    let long = format!(r#"{{"next":"{}"}}"#, "a".repeat(70_000));
    let api = api(move |_, _| json(long.clone()));
    let strategy = Token::from(body("/next")).to(query("c"));
    let (_, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
    assert_eq!(error.unwrap().kind(), PageErrorKind::Malformed);
    assert_eq!(api.requests(), 1);
}

#[test]
fn a_kept_cursor_leads_home_and_not_where_it_was_made() {
    let home = http::Uri::from_static("https://api.test/a");
    let next = Cursor::uri(http::Uri::from_static("https://api.test/a?page=2"));
    let text = next.encode(&home);
    assert!(!text.contains("api.test"), "{text}");
    let moved = Cursor::decode(&text, &http::Uri::from_static("https://new.test/")).unwrap();
    assert_eq!(moved.as_uri().unwrap(), "https://new.test/a?page=2");
}

#[tokio::test]
async fn a_rebased_link_to_its_own_page_is_a_circle() {
    let api = api(|_, _| linked("[1]", "<http://api.test/x?page=1>; rel=next"));
    let layer = PaginateLayer::new(LinkHeader::next()).origin(OriginPolicy::Rebase);
    let mut stream = pages(&api, layer, "/x?page=1").await;
    let (got, error) = all(&mut stream).await;
    assert_eq!(
        (got.len(), error.unwrap().kind()),
        (1, PageErrorKind::Repeated)
    );
    assert_eq!(api.requests(), 1);
}

#[tokio::test]
async fn a_rebased_link_is_kept_as_it_is_followed() {
    let api = api(|uri, _| match uri.contains("page=2") {
        false => linked("[1]", "<http://inner/x?page=2>; rel=next"),
        true => json("[2]"),
    });
    let layer = PaginateLayer::new(LinkHeader::next()).origin(OriginPolicy::Rebase);
    let mut stream = pages(&api, layer, "/x?page=1").await;
    assert!(stream.next().await.unwrap().is_ok());
    let text = stream.checkpoint().to_string();
    assert!(text.contains("\"cursor\":\"p/x?page=2\""), "{text}");
}
