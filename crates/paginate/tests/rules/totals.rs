//! Totals: which end a list, and which are told.

use outbound_paginate::{
    LinkHeader, Offset, OnRepeat, PageNumber, PaginateLayer, Range, Strategy, Total, body,
};

use crate::support::{self, all, api, json, linked, pages};
use crate::{DONE, walk};

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
    let vanishes = &[r#"{"items":[1,2],"total":9}"#, r#"{"items":[3],"total":1}"#];
    for (answers, sends) in [(&grows[..], 3), (&shrinks[..], 2), (&vanishes[..], 2)] {
        let (paths, end) = walk(PageNumber::query("p").total(body("/total")), answers).await;
        assert_eq!((paths.len(), end), (sends, DONE), "{answers:?}");
        let (paths, end) = walk(Offset::query("o", "l").total(body("/total")), answers).await;
        assert_eq!((paths.len(), end), (sends, DONE), "{answers:?}");
    }
}

#[tokio::test]
async fn a_total_that_its_own_page_exceeds_is_none() {
    let page = || PageNumber::query("p");
    let offset = || Offset::query("o", "l");
    let total = body("/told");
    // A 1 is believed of the second page, which has one: the list may have shrunk.
    for (told, of_items, of_pages) in [(0, 3, 3), (1, 2, 1), (2, 1, 2)] {
        let first = format!(r#"{{"items":[1,2],"told":{told}}}"#);
        let second = format!(r#"{{"items":[3],"told":{told}}}"#);
        let last = format!(r#"{{"items":[],"told":{told}}}"#);
        let answers = [first, second, last].map(|answer| &*answer.leak());
        let answers: &'static [&'static str] = answers.to_vec().leak();
        for (asked, sends) in [
            (walk(page().total(total.clone()), answers).await, of_items),
            (walk(offset().total(total.clone()), answers).await, of_items),
            (
                walk(page().total_pages(total.clone()), answers).await,
                of_pages,
            ),
            (
                walk(offset().total_pages(total.clone()), answers).await,
                of_pages,
            ),
        ] {
            assert_eq!((asked.0.len(), asked.1), (sends, DONE), "{told}");
        }
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
async fn a_number_of_no_pages_is_believed_of_a_page_whose_items_are_not_counted() {
    async fn asks<P>(strategy: P, items_at: Option<&'static str>, items: &str) -> usize
    where
        P: Strategy<support::Body> + Clone,
    {
        let answer = format!(r#"{{"limit":20,"pages":0,"items":{items}}}"#);
        let api = api(move |_, n| json(if n < 3 { &*answer } else { r#"{"items":[]}"# }));
        let layer = PaginateLayer::new(strategy).max_pages(3);
        let layer = match items_at {
            Some(pointer) => layer.items_at(pointer).on_repeat(OnRepeat::Allow),
            None => layer,
        };
        let (_, error) = all(pages(&api, layer, "/a").await).await;
        assert!(error.is_none(), "{error:?}");
        api.requests()
    }
    let offset = || {
        let offset = Offset::query("o", "l").step(body("/limit"));
        offset.total_pages(body("/pages"))
    };
    let page = || PageNumber::query("p").total_pages(body("/pages"));
    assert_eq!(asks(offset(), None, "[]").await, 1);
    // Where they are counted, they show whether it counts pages at all.
    assert_eq!(asks(offset(), Some("/items"), "[]").await, 1);
    assert_eq!(asks(page(), Some("/items"), "[]").await, 1);
    assert_eq!(asks(offset(), Some("/items"), "[1]").await, 3);
    assert_eq!(asks(page(), Some("/items"), "[1]").await, 3);
}

/// What is told of the whole behind a page of two items, and behind the next one.
async fn told<P>(strategy: P, totals: [u64; 2]) -> Vec<Option<Total>>
where
    P: Strategy<support::Body> + Clone,
{
    let api = api(move |_, n| {
        let total = totals[n];
        let items = ["[1,2]", "[3,4]"][n];
        let body = format!(r#"{{"items":{items},"total":{total}}}"#);
        let mut page = linked(body, "<?p=2>; rel=next");
        let range = format!("items {}-{}/{total}", 2 * n, 2 * n + 1);
        let range = range.parse().unwrap();
        page.headers_mut().insert("content-range", range);
        page
    });
    let layer = PaginateLayer::new(strategy).items_at("/items").max_pages(2);
    let mut pages = pages(&api, layer, "/a").await;
    let mut told = Vec::new();
    while futures_util::StreamExt::next(&mut pages).await.is_some() {
        told.push(pages.progress().total);
    }
    told
}

#[tokio::test]
async fn a_total_that_its_own_page_exceeds_is_not_told() {
    let exact = |n| Some(Total::exact(n));
    for (totals, expected) in [
        ([0, 0], [None, None]),
        ([1, 9], [None, exact(9)]),
        ([9, 1], [exact(9), exact(9)]),
        ([9, 4], [exact(9), exact(4)]),
    ] {
        let total = || body("/total");
        assert_eq!(
            told(PageNumber::query("p").total(total()), totals).await,
            expected
        );
        assert_eq!(
            told(Offset::query("o", "l").total(total()), totals).await,
            expected
        );
        assert_eq!(
            told(LinkHeader::next().total(total()), totals).await,
            expected
        );
        assert_eq!(told(Range::unit("items").by(2), totals).await, expected);
    }
    // An estimate may be wrong.
    let estimates = vec![Some(Total::estimate(1)); 2];
    let links = LinkHeader::next().total(body("/total").estimated());
    assert_eq!(told(links, [1, 1]).await, estimates);
    assert_eq!(
        told(Range::unit("items").by(2).estimated(), [1, 1]).await,
        estimates
    );
}
