//! Pages and items that are counted: where they begin, and how far the next one is.

use outbound_paginate::{
    Offset, PageErrorKind, PageNumber, PaginateLayer, body, header, link_query, query,
};

use crate::support::{all, api, json, linked, pages};
use crate::{MALFORMED, walk};

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
