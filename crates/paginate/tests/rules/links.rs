//! Links, in heads and in bodies.

use outbound_paginate::{LinkHeader, NextUrl, PageErrorKind, PaginateLayer};

use crate::support::{all, api, json, linked, pages};
use crate::{DONE, MALFORMED, walk};

#[tokio::test]
async fn a_link_to_nothing_is_the_page_itself_and_so_a_circle() {
    let api = api(|_, _| linked("[1]", "<>; rel=next"));
    let (found, error) =
        all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a?x").await).await;
    assert_eq!(error.unwrap().kind(), PageErrorKind::Repeated);
    assert_eq!((found.len(), api.requests()), (1, 1));
}

#[tokio::test]
async fn of_two_next_links_the_first_counts() {
    let api = api(|_, n| match n {
        0 => linked("[1]", "</b>; rel=next, </c>; rel=next"),
        _ => json("[2]"),
    });
    let _ = all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await).await;
    assert_eq!(api.paths(), ["/a", "/b"]);
}

#[tokio::test]
async fn a_link_that_is_about_something_else_is_no_link_of_the_page() {
    for (anchor, followed) in [
        ("/other", false),
        ("#part", false),
        ("https://elsewhere.test/a?x", false),
        ("", true),
        ("/a?x", true),
        ("https://api.test/a?x", true),
        ("?x", true),
        ("?y", false),
    ] {
        let link = format!("</b>; rel=\"next\"; anchor=\"{anchor}\"");
        let api = api(move |_, n| match n {
            0 => linked("[1]", &link),
            _ => json("[2]"),
        });
        let _ = all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a?x").await).await;
        assert_eq!(api.requests(), 1 + usize::from(followed), "{anchor}");
    }
}

#[tokio::test]
async fn backwards_is_another_relation_type() {
    let api = api(|_, n| match n {
        0 => linked("[2]", "</c>; rel=next, </a>; rel=prev"),
        _ => linked("[1]", "</b>; rel=next"),
    });
    let layer = PaginateLayer::new(LinkHeader::next().rel("prev"));
    let (_, error) = all(pages(&api, layer, "/b").await).await;
    assert!(error.is_none());
    assert_eq!(api.paths(), ["/b", "/a"]);
}

#[tokio::test]
async fn what_some_call_prev_others_call_previous_and_neither_is_the_other() {
    for (told, asked, requests) in [
        ("prev", "prev", 2),
        ("previous", "previous", 2),
        ("previous", "prev", 1),
        ("prev", "previous", 1),
    ] {
        let api = api(move |_, n| match n {
            0 => linked("[2]", &format!("</a>; rel=\"{told}\"")),
            _ => json("[1]"),
        });
        let layer = PaginateLayer::new(LinkHeader::next().rel(asked));
        let (_, error) = all(pages(&api, layer, "/b").await).await;
        assert!(error.is_none());
        assert_eq!(api.requests(), requests, "{told} {asked}");
    }
}

#[tokio::test]
async fn a_link_object_may_be_any_of_an_array() {
    let strategy = || NextUrl::in_links("/links", ("/rel", "next"), "/href");
    for (links, sends, end) in [
        (
            r#"[{"rel":"self","href":"/a"},{"rel":"next","href":"/b"}]"#,
            2,
            DONE,
        ),
        (r#"[{"rel":"next","href":null}]"#, 1, DONE),
        (r#"[{"rel":"next"}]"#, 1, MALFORMED),
        (r#"[{"rel":"next","uri":"/b"}]"#, 1, MALFORMED),
        (
            r#"[{"rel":["self"],"href":"/a"},{"rel":["x","next"],"href":"/b"}]"#,
            2,
            DONE,
        ),
        (r#"[{"href":"/b"},7,"next"]"#, 1, DONE),
        ("[]", 1, DONE),
        ("null", 1, DONE),
        (r#"{"next":"/b"}"#, 1, MALFORMED),
        (r#"[{"rel":"next","href":7}]"#, 1, MALFORMED),
    ] {
        let first = format!(r#"{{"items":[1],"links":{links}}}"#);
        let answers: &'static [&'static str] = vec![&*first.leak()].leak();
        let (paths, ended) = walk(strategy(), answers).await;
        assert_eq!((paths.len(), ended), (sends, end), "{links}");
    }
}
