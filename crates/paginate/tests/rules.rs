//! Where a list ends and what comes next: flags, totals, tokens, starts, links, empty pages.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use outbound_paginate::{
    End, LinkHeader, NextUrl, Offset, PageErrorKind, PageNumber, PaginateLayer, Token, body,
    header, last_item, link_query, query,
};

use crate::support::{all, api, json, linked, pages};

/// The requests that follow, and how the stream ends, where `answers` are given in turn.
async fn walk<P>(
    strategy: P,
    answers: &'static [&'static str],
) -> (Vec<String>, Result<End, PageErrorKind>)
where
    P: outbound_paginate::Strategy<support::Body> + Clone,
{
    let api = api(move |_, n| json(*answers.get(n).unwrap_or(&r#"{"items":[]}"#)));
    let layer = PaginateLayer::new(strategy).items_at("/items");
    let mut pages = pages(&api, layer, "/a").await;
    let (_, error) = all(pages.as_mut()).await;
    let end = match error {
        Some(error) => Err(error.kind()),
        None => Ok(pages.end().unwrap()),
    };
    (api.paths(), end)
}

const DONE: Result<End, PageErrorKind> = Ok(End::Complete);
const MALFORMED: Result<End, PageErrorKind> = Err(PageErrorKind::Malformed);

fn token() -> Token {
    Token::from(body("/next")).to(query("c"))
}

#[tokio::test]
async fn a_flag_that_is_missing_is_malformed_unless_it_may_be() {
    let answers = &[r#"{"items":[1],"next":"a"}"#, r#"{"items":[1]}"#];
    let (paths, end) = walk(token().more("/more"), answers).await;
    assert_eq!((paths.len(), end), (1, MALFORMED));
    let (paths, end) = walk(token().more("/more").flags_may_be_missing(), answers).await;
    assert_eq!((paths.len(), end), (2, DONE));
    // One that is there is still believed.
    let answers = &[r#"{"items":[1],"next":"a","more":false}"#];
    let (paths, end) = walk(token().more("/more").flags_may_be_missing(), answers).await;
    assert_eq!((paths.len(), end), (1, DONE));
    // Null says nothing.
    let answers = &[
        r#"{"items":[1],"next":"a","more":null}"#,
        r#"{"items":[1]}"#,
    ];
    let (paths, end) = walk(token().more("/more"), answers).await;
    assert_eq!((paths.len(), end), (1, MALFORMED));
    let (paths, end) = walk(token().more("/more").flags_may_be_missing(), answers).await;
    assert_eq!((paths.len(), end), (2, DONE));
}

#[tokio::test]
async fn a_flag_is_a_boolean_unless_it_may_be_text() {
    for (flag, more) in [
        ("\"true\"", true),
        ("\"True\"", true),
        ("1", true),
        ("\"1\"", true),
        ("\"false\"", false),
        ("\"FALSE\"", false),
        ("0", false),
        ("\"0\"", false),
        ("\"\"", false),
    ] {
        let first = format!(r#"{{"items":[1],"next":"a","more":{flag}}}"#);
        let answers: &'static [&'static str] =
            vec![&*first.leak(), r#"{"items":[1],"more":false}"#].leak();
        let (paths, end) = walk(token().more("/more"), answers).await;
        assert_eq!((paths.len(), end), (1, MALFORMED), "{flag}");
        let (paths, end) = walk(token().more("/more").flags_may_be_text(), answers).await;
        assert_eq!((paths.len(), end), (1 + usize::from(more), DONE), "{flag}");
    }
    for flag in ["2", "\"yes\"", "[]", "{}", "-1", "1.0"] {
        let first = format!(r#"{{"items":[1],"next":"a","more":{flag}}}"#);
        let answers: &'static [&'static str] = vec![&*first.leak()].leak();
        let (_, end) = walk(token().more("/more").flags_may_be_text(), answers).await;
        assert_eq!(end, MALFORMED, "{flag}");
    }
}

#[tokio::test]
async fn of_two_flags_the_one_that_says_stop_counts() {
    let both = || token().more("/more").last("/last");
    for (flags, sends, expected) in [
        (r#""more":true,"last":false"#, 2, DONE),
        (r#""more":true,"last":true"#, 1, DONE),
        (r#""more":false,"last":false"#, 1, DONE),
        (r#""more":true"#, 1, MALFORMED),
    ] {
        let first = format!(r#"{{"items":[1],"next":"a",{flags}}}"#);
        let end = r#"{"items":[1],"more":false,"last":true}"#;
        let answers: &'static [&'static str] = vec![&*first.leak(), end].leak();
        let (paths, ended) = walk(both(), answers).await;
        assert_eq!((paths.len(), ended), (sends, expected), "{flags}");
    }
}

#[tokio::test]
async fn what_has_to_be_present_may_be_absent_null_or_empty_at_the_end() {
    for absent in [
        "",
        r#","paging":{}"#,
        r#","paging":{"next":null}"#,
        r#","paging":{"next":""}"#,
    ] {
        let last = format!(r#"{{"items":[1],"next":"b"{absent}}}"#);
        let answers: &'static [&'static str] = vec![
            r#"{"items":[1],"next":"a","paging":{"next":"x"}}"#,
            &*last.leak(),
        ]
        .leak();
        let (paths, end) = walk(token().more_if_present("/paging/next"), answers).await;
        assert_eq!((paths.len(), end), (2, DONE), "{absent}");
    }
    // It says more, and there is no token.
    let answers = &[r#"{"items":[1],"paging":{"next":"x"}}"#];
    let (_, end) = walk(token().more_if_present("/paging/next"), answers).await;
    assert_eq!(end, MALFORMED);
}

#[tokio::test]
async fn a_page_without_items_is_no_end_for_a_token_unless_it_is_meant_so() {
    let answers = &[
        r#"{"items":[],"next":"a"}"#,
        r#"{"items":[1],"next":"b"}"#,
        r#"{"items":[],"next":"c"}"#,
        r#"{"items":[1]}"#,
    ];
    let (paths, end) = walk(token(), answers).await;
    assert_eq!((paths.len(), end), (4, DONE));
    let (paths, end) = walk(token().end_on_empty_page(), answers).await;
    assert_eq!((paths.len(), end), (1, DONE));
}

#[tokio::test]
async fn a_further_token_may_be_missing_only_where_it_is_said_to_be_optional() {
    let answers = &[
        r#"{"items":[1],"next":"a","row":"r"}"#,
        r#"{"items":[1],"next":"b"}"#,
        r#"{"items":[1],"row":"s"}"#,
    ];
    let (paths, end) = walk(token().and(body("/row"), query("r")), answers).await;
    assert_eq!((paths, end), (vec!["/a".into(), "/a?c=a&r=r".into()], DONE));
    let (paths, end) = walk(token().and_if_present(body("/row"), query("r")), answers).await;
    assert_eq!(paths, ["/a", "/a?c=a&r=r", "/a?c=b"]);
    assert_eq!(end, DONE);
}

#[tokio::test]
async fn a_last_item_without_its_token_is_no_end_unless_the_page_is_known_to_be_the_last() {
    let last = || Token::from(last_item("/id")).to(query("after"));
    let lacks = r#"{"items":[{"id":1},{"deleted":true}],"more":false}"#;
    for (strategy, page, end) in [
        (last(), lacks, MALFORMED),
        (last(), r#"{"items":[{"id":null}]}"#, MALFORMED),
        (last(), r#"{"items":[]}"#, DONE),
        (last(), r#"{"items":null}"#, DONE),
        (last(), "", Err(PageErrorKind::Truncated)),
        (last().more("/more"), lacks, DONE),
    ] {
        let answers = vec![page].leak();
        let (paths, ended) = walk(strategy, answers).await;
        assert_eq!((paths.len(), ended), (1, end), "{page}");
    }
    // Nobody has said where the items are.
    let api = api(|_, _| json(r#"[{"id":1}]"#));
    let (got, error) = all(pages(&api, PaginateLayer::new(last()), "/a").await).await;
    let error = error.unwrap();
    assert_eq!((got.len(), error.kind()), (1, PageErrorKind::Malformed));
    assert!(error.to_string().contains("items_at"), "{error}");
}

#[tokio::test]
async fn an_estimate_ends_no_list() {
    let answers = &[
        r#"{"items":[1,2],"total":2}"#,
        r#"{"items":[3],"total":2}"#,
        r#"{"items":[],"total":2}"#,
    ];
    let (paths, _) = walk(PageNumber::query("p").total(body("/total")), answers).await;
    assert_eq!(paths.len(), 1);
    let (paths, _) = walk(
        PageNumber::query("p").total(body("/total").estimated()),
        answers,
    )
    .await;
    assert_eq!(paths.len(), 3);
    let (paths, _) = walk(Offset::query("o", "l").total(body("/total")), answers).await;
    assert_eq!(paths.len(), 1);
    let (paths, _) = walk(
        Offset::query("o", "l").total(body("/total").estimated()),
        answers,
    )
    .await;
    assert_eq!(paths.len(), 3);
    let (paths, _) = walk(
        PageNumber::query("p").total_pages(body("/total").estimated()),
        answers,
    )
    .await;
    assert_eq!(paths.len(), 3);
}

#[tokio::test]
async fn the_newest_total_counts_whether_it_has_grown_or_shrunk() {
    let grows = &[
        r#"{"items":[1,2],"total":3}"#,
        r#"{"items":[3,4],"total":5}"#,
        r#"{"items":[5],"total":5}"#,
    ];
    let shrinks = &[
        r#"{"items":[1,2],"total":9}"#,
        r#"{"items":[3],"total":3}"#,
        r#"{"items":[9],"total":3}"#,
    ];
    let vanishes = &[r#"{"items":[1,2],"total":9}"#, r#"{"items":[3],"total":0}"#];
    for (answers, sends) in [(&grows[..], 3), (&shrinks[..], 2), (&vanishes[..], 2)] {
        let (paths, end) = walk(PageNumber::query("p").total(body("/total")), answers).await;
        assert_eq!((paths.len(), end), (sends, DONE), "{answers:?}");
        let (paths, end) = walk(Offset::query("o", "l").total(body("/total")), answers).await;
        assert_eq!((paths.len(), end), (sends, DONE), "{answers:?}");
    }
}

#[tokio::test]
async fn totals_are_numbers_in_any_dress_and_all_else_is_none() {
    for (total, sends) in [
        ("2", 1),
        ("\"2\"", 1),
        ("\" 2 \"", 1),
        ("-2", 2),
        ("2.5", 2),
        ("null", 2),
        ("[2]", 2),
        ("\"many\"", 2),
        ("99999999999999999999", 2),
    ] {
        let first = format!(r#"{{"items":[1,2],"total":{total}}}"#);
        let answers: &'static [&'static str] = vec![&*first.leak()].leak();
        let (paths, end) = walk(PageNumber::query("p").total(body("/total")), answers).await;
        assert_eq!((paths.len(), end), (sends, DONE), "{total}");
    }
}

#[tokio::test]
async fn a_list_that_is_entered_further_on_knows_its_end_too() {
    let api = api(|_, n| {
        json(match n {
            0 => r#"{"items":[21,22,23,24,25,26,27,28,29,30],"total":45}"#,
            1 => r#"{"items":[31,32,33,34,35,36,37,38,39,40],"total":45}"#,
            _ => r#"{"items":[41,42,43,44,45],"total":45}"#,
        })
    });
    let layer = PaginateLayer::new(PageNumber::query("p").total(body("/total"))).items_at("/items");
    let (found, error) = all(pages(&api, layer, "/a?p=3").await).await;
    assert!(error.is_none());
    assert_eq!(found.len(), 3);
    assert_eq!(api.paths(), ["/a?p=3", "/a?p=4", "/a?p=5"]);
}

#[tokio::test]
async fn a_total_ends_no_list_whose_pages_before_were_not_seen_and_cannot_have_been_equal() {
    // Pages of 5, 5, 10 and 5: were the first two as the third, it would be the last and have 5.
    let api = api(|uri, _| {
        json(match uri.rsplit('=').next() {
            Some("3") => r#"{"items":[1,2,3,4,5,6,7,8,9,10],"total":25}"#,
            Some("4") => r#"{"items":[11,12,13,14,15],"total":25}"#,
            _ => r#"{"items":[],"total":25}"#,
        })
    });
    let layer = PaginateLayer::new(PageNumber::query("p").total(body("/total"))).items_at("/items");
    let stream = pages(&api, layer, "/a?p=3").await;
    let stream = std::pin::Pin::into_inner(stream).items::<u64>("/items");
    let (items, error) = all(stream).await;
    assert!(error.is_none());
    assert_eq!(items.len(), 15);
    assert_eq!(api.paths(), ["/a?p=3", "/a?p=4", "/a?p=5"]);
}

#[tokio::test]
async fn a_start_beyond_the_first_page_enters_the_list_further_on() {
    for told in [r#""total":45"#, r#""pages":5"#] {
        let api = api(move |uri, _| {
            let items = match uri.rsplit('=').next() {
                Some("3") => "[21,22,23,24,25,26,27,28,29,30]",
                Some("4") => "[31,32,33,34,35,36,37,38,39,40]",
                Some("5") => "[41,42,43,44,45]",
                _ => "[]",
            };
            json(format!(r#"{{"items":{items},{told}}}"#))
        });
        let strategy = PageNumber::query("p")
            .starts_at(3)
            .total(body("/total"))
            .total_pages(body("/pages"));
        let layer = PaginateLayer::new(strategy).items_at("/items");
        let (found, error) = all(pages(&api, layer, "/a").await).await;
        assert!(error.is_none());
        assert_eq!(found.len(), 3);
        assert_eq!(api.paths(), ["/a?p=3", "/a?p=4", "/a?p=5"], "{told}");
    }
}

#[tokio::test]
async fn the_number_of_the_last_page_may_stand_in_a_link() {
    let api = api(|_, _| {
        linked(
            "[1]",
            r#"<?page=1>; rel="first", </x?page=3&q>; rel="last""#,
        )
    });
    let strategy = PageNumber::query("page").total_pages(link_query("last", "page"));
    let layer = PaginateLayer::new(strategy)
        .items_at("")
        .on_repeat(outbound_paginate::OnRepeat::Allow);
    let (found, error) = all(pages(&api, layer, "/a").await).await;
    assert!(error.is_none());
    assert_eq!(found.len(), 3);
    assert_eq!(api.paths(), ["/a?page=1", "/a?page=2", "/a?page=3"]);
}

#[tokio::test]
async fn a_page_number_that_the_page_echoes_is_never_the_next_one() {
    let answers = &[
        r#"{"items":[1],"page":1,"result_info":{"page":1}}"#,
        r#"{"items":[2],"page":1,"result_info":{"page":1}}"#,
    ];
    let (paths, _) = walk(PageNumber::query("page"), answers).await;
    assert_eq!(paths, ["/a?page=1", "/a?page=2", "/a?page=3"]);
}

#[tokio::test]
async fn the_size_of_a_page_is_asked_for_on_every_page() {
    let answers = &[r#"{"items":[1]}"#];
    let strategy = PageNumber::query("page").page_size(query("per_page"), 50);
    let (paths, _) = walk(strategy, answers).await;
    assert_eq!(paths, ["/a?page=1&per_page=50", "/a?page=2&per_page=50"]);
}

#[tokio::test]
async fn a_step_that_is_not_told_is_malformed() {
    let strategy = Offset::query("o", "l").step(header("x-scanned"));
    let (paths, end) = walk(strategy, &[r#"{"items":[1]}"#]).await;
    assert_eq!((paths.len(), end), (1, MALFORMED));
}

#[tokio::test]
async fn a_filter_that_lets_nothing_through_twice_is_no_circle() {
    let api = api(|_, n| {
        let mut page = json(["[1]", "[]", "[]", "[2]", "[]"][n]);
        let scanned = if n < 4 { "5" } else { "0" };
        page.headers_mut()
            .insert("x-scanned", scanned.parse().unwrap());
        page
    });
    let strategy = Offset::query("o", "l").step(header("x-scanned"));
    let stream = pages(&api, PaginateLayer::new(strategy), "/a").await;
    let (items, error) = all(std::pin::Pin::into_inner(stream).items::<u64>("")).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(items, [1, 2]);
    assert_eq!(api.requests(), 5);
}

#[tokio::test]
async fn a_page_that_comes_again_behind_one_without_items_does_not_equal_the_one_before() {
    let api = api(|_, n| {
        let mut page = json(["[1]", "[]", "[1]", "[1]"][n]);
        page.headers_mut().insert("x-scanned", "5".parse().unwrap());
        page
    });
    let strategy = Offset::query("o", "l").step(header("x-scanned"));
    let layer = || PaginateLayer::new(strategy.clone()).items_at("");
    let (found, error) = all(pages(&api, layer(), "/a").await).await;
    assert_eq!(found.len(), 3);
    // The fourth equals the third.
    assert_eq!(error.unwrap().kind(), PageErrorKind::Stalled);
    assert_eq!(api.requests(), 4);
}

#[tokio::test]
async fn a_total_that_ends_nothing_is_still_told() {
    let api = api(|_, n| match n {
        0 => linked(r#"{"items":[1],"total":7}"#, "<?p=2>; rel=next"),
        _ => json(r#"{"items":[2]}"#),
    });
    let layer = PaginateLayer::new(LinkHeader::next().total(body("/total"))).items_at("/items");
    let mut pages = pages(&api, layer, "/a").await;
    let (found, _) = all(pages.as_mut()).await;
    assert_eq!(found.len(), 2);
    let total = pages.progress().total.unwrap();
    assert_eq!(
        (total.n, total.exact),
        (7, true),
        "the newest that was told"
    );
}

#[tokio::test]
async fn cursors_that_are_numbers_lose_no_digit() {
    for number in ["9007199254740993", "1e400", "0.10", "-1"] {
        let first = format!(r#"{{"items":[{{"id":{number}}}]}}"#);
        let answers: &'static [&'static str] = vec![&*first.leak()].leak();
        let (paths, _) = walk(Token::from(last_item("/id")).to(query("after")), answers).await;
        assert_eq!(paths[1], format!("/a?after={number}"));
    }
}

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
