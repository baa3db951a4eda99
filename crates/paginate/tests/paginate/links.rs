//! Lists whose pages tell the URL of the next.

use outbound_http::EffectiveUri;
use outbound_paginate::{LinkHeader, NextUrl, NoNext, PageErrorKind, PaginateLayer};

use crate::bodies;
use crate::support::{all, api, json, linked, pages};

#[tokio::test]
async fn links_are_followed_to_the_last_page() {
    let api = api(|uri, _| match uri {
        "https://api.test/a" => linked("1", "</a?page=2>; rel=\"next\", </a?page=9>; rel=\"last\""),
        "https://api.test/a?page=2" => linked("2", "<https://API.test:443/a?page=3>; rel=next"),
        _ => linked("3", "</a>; rel=first"),
    });
    let (pages, error) = all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await).await;
    assert!(error.is_none());
    assert_eq!(bodies(&pages), ["1", "2", "3"]);
    assert_eq!(
        pages.iter().map(|page| page.index).collect::<Vec<_>>(),
        [0, 1, 2]
    );
    assert_eq!(
        api.paths(),
        ["/a", "/a?page=2", "https://API.test:443/a?page=3"]
    );
}

#[tokio::test]
async fn one_page_is_one_request() {
    let api = api(|_, _| linked("{}", "</a?page=2>; rel=next"));
    let (pages, error) = all(pages(&api, PaginateLayer::new(NoNext), "/a").await).await;
    assert!(error.is_none());
    assert_eq!((pages.len(), api.requests()), (1, 1));
}

#[tokio::test]
async fn the_link_may_stand_in_any_field_line_and_must_say_next() {
    let api = api(|uri, _| {
        let mut response = json("[]");
        if uri == "https://api.test/a" {
            for link in [
                "</a>; rel=self",
                "</b>; rel=next; anchor=\"/other\"",
                "</c>; rel=\"next\"",
            ] {
                response.headers_mut().append("link", link.parse().unwrap());
            }
        }
        response
    });
    let (pages, error) = all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await).await;
    assert!(error.is_none());
    assert_eq!(pages.len(), 2);
    assert_eq!(api.paths(), ["/a", "/c"]);
}

#[tokio::test]
async fn another_relation_and_a_parameter_can_be_asked_for() {
    let api = api(|_, n| {
        let results = n < 2;
        linked(
            "[]",
            &format!("</a?c={n}>; rel=next-page; results=\"{results}\""),
        )
    });
    let strategy = LinkHeader::next().rel("next-page").param("results", "true");
    let (_, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
    assert!(error.is_none());
    assert_eq!(api.paths(), ["/a", "/a?c=0", "/a?c=1"]);
}

#[tokio::test]
async fn relative_links_are_relative_to_the_url_that_answered() {
    let api = api(|uri, _| {
        let mut response = linked(
            "[]",
            if uri.contains('?') {
                ""
            } else {
                "<?p=2>; rel=next"
            },
        );
        response
            .extensions_mut()
            .insert(EffectiveUri("https://api.test/v2/a".parse().unwrap()));
        // What a representation may be had under is not what links are relative to (RFC 8288,
        // section 3.2).
        let other = "https://api.test/v9/b".parse().unwrap();
        response.headers_mut().insert("content-location", other);
        response
    });
    let (pages, error) =
        all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/v1/a").await).await;
    assert!(error.is_none());
    assert_eq!(pages.len(), 2);
    assert_eq!(api.paths(), ["/v1/a", "/v2/a?p=2"]);
}

#[tokio::test]
async fn a_next_url_is_a_string_an_object_with_href_or_the_end() {
    for (next, expected) in [
        (r#""/b?x=\u00261""#, Some("/b?x=&1")),
        (r#"{"href":"/b","method":"GET"}"#, Some("/b")),
        (r#"{"href":null}"#, None),
        ("{}", None),
        ("null", None),
        (r#""""#, None),
    ] {
        let api = api(move |uri, _| match uri {
            "https://api.test/a" => json(format!(r#"{{"links":{{"next":{next}}}}}"#)),
            _ => json("{}"),
        });
        let layer = PaginateLayer::new(NextUrl::at("/links/next"));
        let (_, error) = all(pages(&api, layer, "/a").await).await;
        assert!(error.is_none(), "{next}");
        assert_eq!(api.paths().get(1).map(String::as_str), expected, "{next}");
    }
}

#[tokio::test]
async fn a_next_url_that_is_none_is_an_error_after_its_page() {
    for next in [
        "3",
        "[]",
        "true",
        r#"{"href":1}"#,
        r#"{"url":"/a?page=2"}"#,
        r#""https:\\\\evil\\x""#,
        r#""https://u:p@api.test/""#,
    ] {
        let api = api(move |_, _| json(format!(r#"{{"next":{next}}}"#)));
        let (got, error) =
            all(pages(&api, PaginateLayer::new(NextUrl::at("/next")), "/a").await).await;
        let error = error.unwrap();
        assert_eq!(
            (got.len(), error.kind(), error.position().page),
            (1, PageErrorKind::Malformed, 0),
            "{next}"
        );
        assert_eq!(api.requests(), 1);
    }
}

#[tokio::test]
async fn what_is_no_json_is_no_page_and_is_not_handed_out() {
    for (page, kind) in [
        ("<html>", PageErrorKind::NotJson),
        ("{\"next\":", PageErrorKind::Truncated),
    ] {
        let api = api(move |_, _| json(page));
        let layer = PaginateLayer::new(NextUrl::at("/next"));
        // A limit is no reason to hold back that there was no page.
        for layer in [layer.clone(), layer.max_pages(1)] {
            let mut stream = pages(&api, layer, "/a").await;
            let (got, error) = all(&mut stream).await;
            assert_eq!((got.len(), error.unwrap().kind()), (0, kind));
            assert_eq!(stream.progress().pages, 0);
            assert_eq!(stream.checkpoint().position().to_string(), "page 1");
        }
        // Nobody looks for JSON where a link is in the head.
        let layer = PaginateLayer::new(LinkHeader::next());
        let (got, error) = all(pages(&api, layer, "/a").await).await;
        assert_eq!((got.len(), error.is_none()), (1, true));
    }
}

#[tokio::test]
async fn a_next_url_may_stand_in_a_header_and_a_flag_wins_over_it() {
    let api = api(|_, n| {
        let mut response = json(format!(r#"{{"done":{}}}"#, n == 1));
        response
            .headers_mut()
            .insert("x-next", format!("/a?n={n}").parse().unwrap());
        response
    });
    let layer = PaginateLayer::new(NextUrl::header("x-next").last("/done"));
    let (_, error) = all(pages(&api, layer, "/a").await).await;
    assert!(error.is_none());
    assert_eq!(api.paths(), ["/a", "/a?n=0"]);
}
