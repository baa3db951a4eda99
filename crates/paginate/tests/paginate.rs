//! Pages: what a user may rely on.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::Arc;

use futures_util::StreamExt;
use outbound_http::EffectiveUri;
use outbound_paginate::{
    End, LinkHeader, NextUrl, NoNext, Offset, OnRepeat, OriginPolicy, Page, PageErrorKind,
    PageNumber, PageView, PaginateLayer, Strategy, Token, body, from_fn, header, query,
};
use support::{all, api, get, json, linked, pages, try_api};
use tower::{Layer, ServiceExt};

fn bodies(pages: &[Page]) -> Vec<&str> {
    pages
        .iter()
        .map(|page| std::str::from_utf8(&page.body).unwrap())
        .collect()
}

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
    for (page, kind) in [
        ("<html>", PageErrorKind::NotJson),
        ("{\"next\":", PageErrorKind::Truncated),
    ] {
        let api = api(move |_, _| json(page));
        let (got, error) =
            all(pages(&api, PaginateLayer::new(NextUrl::at("/next")), "/a").await).await;
        assert_eq!((got.len(), error.unwrap().kind()), (1, kind));
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

#[tokio::test]
async fn a_token_is_sent_in_the_query_and_leaves_the_rest_of_it_alone() {
    let tokens = [r#""dXN=&""#, "17", r#"{"a":[1]}"#, r#""""#];
    let api = api(move |_, n| json(format!(r#"{{"meta":{{"next":{}}}}}"#, tokens[n])));
    let strategy = Token::from(body("/meta/next")).to(query("cursor"));
    let (_, error) = all(pages(
        &api,
        PaginateLayer::new(strategy),
        "/a?q=%7e+x&cursor=old&z",
    )
    .await)
    .await;
    assert!(error.is_none());
    assert_eq!(
        api.paths(),
        [
            "/a?q=%7e+x&cursor=old&z",
            "/a?q=%7e+x&cursor=dXN%3D%26&z",
            "/a?q=%7e+x&cursor=17&z",
            "/a?q=%7e+x&cursor=%7B%22a%22%3A%5B1%5D%7D&z",
        ]
    );
}

#[tokio::test]
async fn a_token_may_travel_in_headers() {
    let api = api(|_, n| {
        let mut response = json("{}");
        if n < 2 {
            let token = format!("{{\"t\":{n}}}");
            response
                .headers_mut()
                .insert("x-ms-continuation", token.parse().unwrap());
        }
        response
    });
    let strategy = Token::from(header("x-ms-continuation")).to(header("x-ms-continuation"));
    let (_, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
    assert!(error.is_none());
    let sent: Vec<_> = api
        .asked()
        .iter()
        .map(|asked| {
            asked
                .headers
                .get("x-ms-continuation")
                .map(|v| v.to_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(
        sent,
        [None, Some("{\"t\":0}".into()), Some("{\"t\":1}".into())]
    );
}

#[tokio::test]
async fn a_token_that_would_break_a_header_is_refused() {
    let api = api(|_, _| json(r#"{"next":"a\r\nx: y"}"#));
    let strategy = Token::from(body("/next")).to(header("x-cursor"));
    let (got, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
    assert_eq!(
        (got.len(), error.unwrap().kind()),
        (1, PageErrorKind::Malformed)
    );
    assert_eq!(api.requests(), 1);
}

#[tokio::test]
async fn an_empty_token_is_the_end_or_a_token_as_it_is_asked_for() {
    for (empty, requests) in [(false, 1), (true, 2)] {
        let api = api(|_, n| json(if n == 0 { r#"{"next":""}"# } else { "{}" }));
        let mut strategy = Token::from(body("/next")).to(query("c"));
        if empty {
            strategy = strategy.empty_is_a_token();
        }
        let (_, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
        assert!(error.is_none());
        assert_eq!(api.requests(), requests);
    }
}

#[tokio::test]
async fn flags_and_tokens_that_contradict_each_other_are_an_end_or_an_error() {
    for (page, more, expected) in [
        (r#"{"next":"x","more":false}"#, true, None),
        (r#"{"next":"x","done":true}"#, false, None),
        (
            r#"{"next":null,"more":true}"#,
            true,
            Some(PageErrorKind::Malformed),
        ),
        (r#"{"next":"x"}"#, true, Some(PageErrorKind::Malformed)),
        (
            r#"{"next":"x","more":"false"}"#,
            true,
            Some(PageErrorKind::Malformed),
        ),
        (
            r#"{"next":"x","more":0}"#,
            true,
            Some(PageErrorKind::Malformed),
        ),
        (r#"{"next":"x"}"#, false, Some(PageErrorKind::Malformed)),
        ("", true, Some(PageErrorKind::Malformed)),
    ] {
        let api = api(move |_, _| json(page));
        let strategy = Token::from(body("/next")).to(query("c"));
        let strategy = if more {
            strategy.more("/more")
        } else {
            strategy.last("/done")
        };
        let (got, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
        assert_eq!(
            (got.len(), error.map(|e| e.kind())),
            (1, expected),
            "{page}"
        );
        assert_eq!(api.requests(), 1);
    }
}

#[tokio::test]
async fn several_tokens_travel_together() {
    let api = api(|_, n| {
        json(if n == 0 {
            r#"{"a":1,"b":2}"#
        } else {
            r#"{"a":1}"#
        })
    });
    let strategy = Token::from(body("/a"))
        .to(query("a"))
        .and(body("/b"), query("b"));
    let (_, error) = all(pages(&api, PaginateLayer::new(strategy), "/a").await).await;
    assert!(error.is_none());
    assert_eq!(api.paths(), ["/a", "/a?a=1&b=2"]);
}

fn numbered(items: &'static [&'static str]) -> support::Api {
    api(move |_, n| json(format!(r#"{{"items":[{}]}}"#, items.get(n).unwrap_or(&""))))
}

#[tokio::test]
async fn page_numbers_end_with_the_first_empty_page_and_not_with_a_short_one() {
    let api = numbered(&["1,2", "3", "4,5"]);
    let layer = PaginateLayer::new(PageNumber::query("page")).items_at("/items");
    let mut stream = pages(&api, layer, "/a?q=1").await;
    let (got, error) = all(&mut stream).await;
    assert!(error.is_none());
    assert_eq!(got.len(), 4);
    assert_eq!(
        (stream.progress().items, stream.end()),
        (5, Some(End::Complete))
    );
    assert_eq!(
        api.paths(),
        [
            "/a?q=1&page=1",
            "/a?q=1&page=2",
            "/a?q=1&page=3",
            "/a?q=1&page=4"
        ]
    );
}

#[tokio::test]
async fn a_number_in_the_url_wins_over_the_start() {
    for (path, start, expected) in [
        ("/a", 0, ["/a?page=0", "/a?page=1"]),
        ("/a?page=7", 0, ["/a?page=7", "/a?page=8"]),
    ] {
        let api = numbered(&["1"]);
        let layer =
            PaginateLayer::new(PageNumber::query("page").starts_at(start)).items_at("/items");
        let (_, error) = all(pages(&api, layer, path).await).await;
        assert!(error.is_none());
        assert_eq!(api.paths(), expected);
    }
    let api = numbered(&["1"]);
    let layer = PaginateLayer::new(PageNumber::query("page")).items_at("/items");
    let (got, error) = all(pages(&api, layer, "/a?page=x").await).await;
    assert_eq!(
        (got.len(), error.unwrap().kind()),
        (0, PageErrorKind::Malformed)
    );
    assert_eq!(api.requests(), 0);
}

#[tokio::test]
async fn a_known_end_is_not_asked_past() {
    let with = |tail: &'static str, strategy: PageNumber| async move {
        let api = api(move |_, n| json(format!(r#"{{"items":[{n},"x"]{tail}}}"#)));
        let layer = PaginateLayer::new(strategy).items_at("/items").max_pages(9);
        let (_, error) = all(pages(&api, layer, "/a").await).await;
        assert!(error.is_none());
        api.requests()
    };
    let number = || PageNumber::query("page");
    assert_eq!(
        with(r#","total":4"#, number().total(body("/total"))).await,
        2
    );
    assert_eq!(
        with(r#","total":"5""#, number().total(body("/total"))).await,
        3
    );
    assert_eq!(with("", number().total(body("/total"))).await, 9);
    assert_eq!(
        with(r#","pages":2"#, number().total_pages(body("/pages"))).await,
        2
    );
    assert_eq!(
        with(
            r#","pages":2"#,
            number().starts_at(0).total_pages(body("/pages"))
        )
        .await,
        2
    );
    assert_eq!(with(r#","more":false"#, number().more("/more")).await, 1);
    assert_eq!(with(r#","done":true"#, number().last("/done")).await, 1);
    assert_eq!(with(r#","done":false"#, number().last("/done")).await, 9);
}

#[tokio::test]
async fn numbers_need_to_know_where_the_items_are() {
    let api = numbered(&["1"]);
    let (got, error) =
        all(pages(&api, PaginateLayer::new(PageNumber::query("page")), "/a").await).await;
    let error = error.unwrap();
    assert_eq!((got.len(), error.kind()), (1, PageErrorKind::Malformed));
    assert!(error.to_string().contains("items_at"), "{error}");
}

#[tokio::test]
async fn an_offset_advances_by_what_was_returned_and_the_limit_is_always_said() {
    let api = api(|_, n| {
        json(
            [
                r#"{"items":[1,2,3],"total":5}"#,
                r#"{"items":[4,5],"total":5}"#,
            ][n],
        )
    });
    let offset = Offset::query("offset", "limit")
        .by(10)
        .total(body("/total"));
    let layer = PaginateLayer::new(offset).items_at("/items");
    let (got, error) = all(pages(&api, layer, "/a?limit=3&q").await).await;
    assert!(error.is_none());
    assert_eq!(got.len(), 2);
    assert_eq!(
        api.paths(),
        ["/a?limit=10&q&offset=0", "/a?limit=10&q&offset=3"]
    );
}

#[tokio::test]
async fn offsets_end_with_an_empty_page_though_the_total_says_more() {
    let api = api(|_, n| json([r#"{"items":[1],"total":9}"#, r#"{"items":[],"total":9}"#][n]));
    let offset = Offset::query("o", "l").total(body("/total"));
    let mut stream = pages(&api, PaginateLayer::new(offset).items_at("/items"), "/a").await;
    let (got, error) = all(&mut stream).await;
    assert!(error.is_none());
    assert_eq!(
        (
            got.len(),
            stream.progress().items,
            stream.progress().total.unwrap().n
        ),
        (2, 1, 9)
    );
}

#[tokio::test]
async fn an_offset_that_would_overflow_is_an_error() {
    let api = api(|_, _| json("[1]"));
    let layer = PaginateLayer::new(Offset::query("o", "l")).items_at("");
    let (got, error) = all(pages(&api, layer, &format!("/a?o={}", u64::MAX)).await).await;
    assert_eq!(
        (got.len(), error.unwrap().kind()),
        (1, PageErrorKind::Malformed)
    );
}

#[tokio::test]
async fn a_counted_page_that_equals_the_one_before_is_not_handed_out() {
    let stuck = || api(|_, _| json("[1,2]"));
    let layer = PaginateLayer::new(PageNumber::query("page")).items_at("");
    let api = stuck();
    let (got, error) = all(pages(&api, layer.clone(), "/a").await).await;
    let error = error.unwrap();
    assert_eq!(
        (got.len(), error.kind(), error.position().page),
        (1, PageErrorKind::Stalled, 1)
    );
    assert_eq!(api.requests(), 2);

    let mut stream = pages(&stuck(), layer.clone().on_repeat(OnRepeat::End), "/a").await;
    let (got, error) = all(&mut stream).await;
    assert!(error.is_none());
    assert_eq!((got.len(), stream.end()), (1, Some(End::Repeated)));

    let (got, error) = all(pages(
        &stuck(),
        layer.on_repeat(OnRepeat::Allow).max_pages(5),
        "/a",
    )
    .await)
    .await;
    assert!(error.is_none());
    assert_eq!(got.len(), 5);
}

#[tokio::test]
async fn equal_pages_under_different_cursors_are_no_circle() {
    let api = api(|_, n| {
        linked(
            "[1]",
            &if n < 3 {
                format!("<?p={n}>; rel=next")
            } else {
                String::new()
            },
        )
    });
    let (got, error) = all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await).await;
    assert!(error.is_none());
    assert_eq!(got.len(), 4);
}

#[tokio::test]
async fn a_circle_is_refused_before_its_second_round() {
    // The next page's token for each request, and how many pages there are to see.
    for (tokens, requests) in [
        (&["A", "A"][..], 2),
        (&["A", "B", "A"], 3),
        (&["A", "B", "B"], 3),
    ] {
        let api = api(move |_, n| json(format!(r#"{{"next":"{}"}}"#, tokens[n])));
        let strategy = Token::from(body("/next")).to(query("c"));
        let (got, error) = all(pages(&api, PaginateLayer::new(strategy.clone()), "/a").await).await;
        assert_eq!(
            (got.len(), error.unwrap().kind()),
            (requests, PageErrorKind::Repeated)
        );
        assert_eq!(api.requests(), requests);
    }
}

#[tokio::test]
async fn a_link_to_its_own_page_is_a_circle() {
    for link in [
        "<>; rel=next",
        "</a>; rel=next",
        "<https://API.test/a#x>; rel=next",
    ] {
        let api = api(move |_, _| linked("[]", link));
        let (got, error) =
            all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await).await;
        assert_eq!(
            (got.len(), error.unwrap().kind()),
            (1, PageErrorKind::Repeated),
            "{link}"
        );
        assert_eq!(api.requests(), 1);
    }
}

#[tokio::test]
async fn a_token_that_stays_the_same_can_be_the_end_or_allowed() {
    let api_of = || api(|_, n| json(if n < 9 { r#"{"next":"A"}"# } else { "{}" }));
    let strategy = Token::from(body("/next")).to(query("c"));
    for (on_repeat, requests, end) in [
        (OnRepeat::End, 2, End::Repeated),
        (OnRepeat::Allow, 10, End::Complete),
    ] {
        let api = api_of();
        let layer = PaginateLayer::new(strategy.clone()).on_repeat(on_repeat);
        let mut stream = pages(&api, layer, "/a").await;
        let (got, error) = all(&mut stream).await;
        assert!(error.is_none());
        assert_eq!(
            (got.len(), api.requests(), stream.end()),
            (requests, requests, Some(end))
        );
    }
}

#[tokio::test]
async fn too_many_empty_pages_in_a_row_are_an_error_and_fewer_are_not() {
    for (full, expected) in [(3, None), (4, Some(PageErrorKind::EmptyPages))] {
        let api = api(move |_, n| {
            let item = if n % full == full - 1 { "1" } else { "" };
            json(format!(
                r#"{{"items":[{item}],"next":{}}}"#,
                if n < 7 { n.to_string() } else { "null".into() }
            ))
        });
        let strategy = Token::from(body("/next")).to(query("c"));
        let layer = PaginateLayer::new(strategy)
            .items_at("/items")
            .max_empty_pages(2);
        let (got, error) = all(pages(&api, layer, "/a").await).await;
        assert_eq!(error.map(|error| error.kind()), expected);
        assert_eq!(got.len(), if expected.is_some() { 3 } else { 8 });
    }
}

#[tokio::test]
async fn the_limit_of_pages_is_exact() {
    for (max, requests, end) in [
        (0, 0, End::Limited),
        (1, 1, End::Limited),
        (3, 3, End::Limited),
        (4, 4, End::Complete),
        (9, 4, End::Complete),
    ] {
        let api = api(|_, n| {
            linked(
                "[]",
                &if n < 3 {
                    format!("<?p={n}>; rel=next")
                } else {
                    String::new()
                },
            )
        });
        let mut stream = pages(
            &api,
            PaginateLayer::new(LinkHeader::next()).max_pages(max),
            "/a",
        )
        .await;
        let (got, error) = all(&mut stream).await;
        assert!(error.is_none());
        assert_eq!(
            (got.len(), api.requests(), stream.end()),
            (requests, requests, Some(end))
        );
    }
}

#[tokio::test]
async fn pages_are_counted_by_items_where_those_are_known_and_by_themselves_otherwise() {
    for (items_at, requests) in [(None, 4), (Some(""), 2)] {
        let api = api(|_, n| linked("[1,2]", &format!("<?p={n}>; rel=next")));
        let mut layer = PaginateLayer::new(LinkHeader::next()).max_items(4);
        if let Some(items_at) = items_at {
            layer = layer.items_at(items_at);
        }
        let (got, error) = all(pages(&api, layer, "/a").await).await;
        assert!(error.is_none());
        assert_eq!((got.len(), api.requests()), (requests, requests));
    }
}

#[tokio::test]
async fn a_page_that_is_too_large_is_refused_and_one_that_fits_is_not() {
    for (max, expected) in [(9, Some(PageErrorKind::TooLarge)), (10, None)] {
        let api = api(|_, _| json("0123456789"));
        let (_, error) =
            all(pages(&api, PaginateLayer::new(NoNext).max_page_bytes(max), "/a").await).await;
        assert_eq!(error.map(|error| error.kind()), expected);
    }
}

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
    assert!(!shown.contains("hunter2"), "{shown}");
}
