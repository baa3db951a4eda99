//! Lists that are counted.

use std::pin::Pin;

use outbound_paginate::{
    End, Offset, PageErrorKind, PageNumber, PaginateLayer, Strategy, as_get, body, later_body,
};

use crate::numbered;
use crate::support::{Body, all, api, json, pages};

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

/// A strategy that counts, whose pages are the given ones in turn.
async fn counted<P>(
    strategy: P,
    path: &str,
    answers: &'static [&'static str],
) -> (Vec<u64>, Option<PageErrorKind>, Vec<String>)
where
    P: Strategy<Body> + Clone,
{
    let api = api(move |_, n| json(answers[n]));
    let items = Pin::into_inner(pages(&api, PaginateLayer::new(strategy), path).await);
    let (items, error) = all(items.items::<u64>("/items")).await;
    (items, error.map(|error| error.kind()), api.paths())
}

const MALFORMED: Option<PageErrorKind> = Some(PageErrorKind::Malformed);

#[tokio::test]
async fn an_empty_page_that_says_that_there_is_more_is_an_error() {
    let more = &[
        r#"{"items":[1],"more":true}"#,
        r#"{"items":[],"more":true}"#,
    ];
    let numbers = PageNumber::query("p").more("/more");
    let (items, error, _) = counted(numbers, "/a", more).await;
    assert_eq!((items, error), (vec![1], MALFORMED));
    let offsets = Offset::query("o", "l").more("/more");
    let (items, error, _) = counted(offsets, "/a", more).await;
    assert_eq!((items, error), (vec![1], MALFORMED));

    // One that says that there is none is the end.
    let done = &[
        r#"{"items":[1],"more":true}"#,
        r#"{"items":[],"more":false}"#,
    ];
    let numbers = PageNumber::query("p").more("/more");
    let (items, error, _) = counted(numbers, "/a", done).await;
    assert_eq!((items, error), (vec![1], None));
}

#[tokio::test]
async fn an_empty_page_before_the_last_of_those_that_are_known_is_an_error() {
    let answers = &[r#"{"items":[1],"pages":3}"#, r#"{"items":[],"pages":3}"#];
    let numbers = PageNumber::query("p").total_pages(body("/pages"));
    let (items, error, _) = counted(numbers, "/a", answers).await;
    assert_eq!((items, error), (vec![1], MALFORMED));
    let offsets = Offset::query("o", "l").total_pages(body("/pages"));
    let (items, error, _) = counted(offsets, "/a", answers).await;
    assert_eq!((items, error), (vec![1], MALFORMED));

    // The last one may be empty, and so may one that lies behind it.
    for (path, answers) in [
        (
            "/a",
            &[r#"{"items":[1],"pages":2}"#, r#"{"items":[],"pages":2}"#][..],
        ),
        ("/a?p=9&o=900", &[r#"{"items":[],"pages":2}"#]),
        ("/a", &[r#"{"items":[],"pages":0}"#]),
        ("/a", &[r#"{"items":[],"pages":1}"#]),
    ] {
        let numbers = PageNumber::query("p").total_pages(body("/pages"));
        assert_eq!(counted(numbers, path, answers).await.1, None);
        let offsets = Offset::query("o", "l").total_pages(body("/pages"));
        assert_eq!(counted(offsets, path, answers).await.1, None);
    }
}

#[tokio::test]
async fn a_number_of_pages_ends_no_offsets_whose_pages_are_larger_than_was_asked_for() {
    let answers = &[
        r#"{"items":[0,1,2,3],"pages":3}"#,
        r#"{"items":[4,5,6,7],"pages":3}"#,
        r#"{"items":[8,9],"pages":3}"#,
    ];
    let offsets = || Offset::query("o", "l").by(1).total_pages(body("/pages"));
    let (items, error, paths) = counted(offsets(), "/a", answers).await;
    assert_eq!((items, error), ((0..10).collect(), None));
    assert_eq!(paths, ["/a?o=0&l=1", "/a?o=4&l=1", "/a?o=8&l=1"]);
    // A list that was entered further on ends there too.
    let last = &[r#"{"items":[8,9],"pages":3}"#];
    let (items, error, _) = counted(offsets(), "/a?o=8", last).await;
    assert_eq!((items, error), (vec![8, 9], None));
}

#[tokio::test]
async fn a_request_that_begins_with_1_counts_from_1() {
    let answers = &[r#"{"items":[1,2],"total":3}"#, r#"{"items":[3],"total":3}"#];
    let offsets = || Offset::query("o", "l").by(2).total(body("/total"));
    for (strategy, path) in [
        (offsets(), "/a?o=1"),
        (offsets().starts_at(1), "/a"),
        (offsets().starts_at(1), "/a?o=1"),
    ] {
        let (items, error, paths) = counted(strategy, path, answers).await;
        assert_eq!((items, error, paths.len()), (vec![1, 2, 3], None, 2));
    }
    // Any other start is one within a list that counts from 0.
    let answers = &[r#"{"items":[3,4],"total":4}"#];
    let (items, error, paths) = counted(offsets(), "/a?o=2", answers).await;
    assert_eq!((items, error, paths.len()), (vec![3, 4], None, 1));
}

#[tokio::test]
async fn a_request_that_begins_with_0_counts_from_0() {
    let answers = &[
        r#"{"items":[1],"pages":2}"#,
        r#"{"items":[2],"pages":2}"#,
        r#"{"items":[3],"pages":2}"#,
    ];
    let numbers = || PageNumber::query("p").total_pages(body("/pages"));
    for (path, expected) in [
        ("/a?p=0", ["/a?p=0", "/a?p=1"]),
        ("/a", ["/a?p=1", "/a?p=2"]),
    ] {
        let (items, error, paths) = counted(numbers(), path, answers).await;
        assert_eq!((items, error), (vec![1, 2], None));
        assert_eq!(paths, expected);
    }
}

#[tokio::test]
async fn around_a_strategy_that_counts_the_first_page_is_sent_with_its_number() {
    let answers = &[r#"{"items":[1]}"#, r#"{"items":[2]}"#, r#"{"items":[]}"#];
    let numbers = || PageNumber::query("p");
    for (path, expected) in [
        ("/a?p=5", ["/a?p=5", "/a?p=6", "/a?p=7"]),
        ("/a", ["/a?p=1", "/a?p=2", "/a?p=3"]),
    ] {
        let (_, error, paths) = counted(as_get(numbers()), path, answers).await;
        assert_eq!((error, &paths[..]), (None, &expected.map(String::from)[..]));
        let (_, error, paths) = counted(later_body(numbers(), "{}"), path, answers).await;
        assert_eq!((error, &paths[..]), (None, &expected.map(String::from)[..]));
    }
}
