//! Responses that are no success, and mean the end.

use http::StatusCode;
use http::response::Parts;
use outbound_paginate::{
    Cursor, End, LinkHeader, PageErrorKind, PageNumber, PaginateLayer, Range, Strategy, ends_at,
};

use crate::DONE;
use crate::support::{self, all, api, json, linked, pages};

fn not_found(refusal: &Parts, _: Option<&Cursor>) -> bool {
    refusal.status == StatusCode::NOT_FOUND
}

fn past_the_first(refusal: &Parts, cursor: Option<&Cursor>) -> bool {
    not_found(refusal, cursor) && cursor.and_then(Cursor::as_number) > Some(1)
}

/// How many pages come, how many are asked for and how the list ends, if it has `first` pages and
/// is answered with `status` behind them.
async fn walk<P>(strategy: P, first: usize, status: u16) -> (usize, usize, Ends)
where
    P: Strategy<support::Body> + Clone,
{
    let api = api(move |_, n| {
        let mut response = linked(format!("[{n}]"), "<?p=1>; rel=next");
        if n == first {
            response = json("{}");
            *response.status_mut() = status.try_into().unwrap();
        }
        response
    });
    let layer = PaginateLayer::new(strategy).items_at("");
    let mut stream = pages(&api, layer, "/a").await;
    let (got, error) = all(&mut stream).await;
    let end = match error {
        Some(error) => Err(error.kind()),
        None => Ok(stream.end().unwrap()),
    };
    assert_eq!(stream.checkpoint().is_done(), end == DONE);
    (got.len(), api.requests(), end)
}

type Ends = Result<End, PageErrorKind>;

const REFUSED: Ends = Err(PageErrorKind::Status);

#[tokio::test]
async fn a_refusal_is_the_end_where_it_is_said_to_be_and_nowhere_else() {
    let numbers = || PageNumber::query("page");
    assert_eq!(walk(numbers(), 2, 404).await, (2, 3, REFUSED));
    let ending = ends_at(numbers(), not_found);
    assert_eq!(walk(ending, 2, 404).await, (2, 3, DONE));
    assert_eq!(walk(ending_late(), 2, 404).await, (2, 3, DONE));
    assert_eq!(walk(ending_late(), 2, 410).await, (2, 3, REFUSED));
    assert_eq!(walk(ending_late(), 0, 404).await, (0, 1, REFUSED));

    let links = ends_at(LinkHeader::next(), |refusal, cursor| {
        refusal.status == StatusCode::CONFLICT && cursor.is_none()
    });
    assert_eq!(walk(links.clone(), 0, 409).await, (0, 1, DONE));
    assert_eq!(walk(links, 1, 409).await, (1, 2, REFUSED));
}

fn ending_late() -> impl Strategy<support::Body> + Clone {
    ends_at(PageNumber::query("page"), past_the_first)
}

#[tokio::test]
async fn what_ends_a_list_by_itself_still_does() {
    for (status, end) in [(416, DONE), (404, DONE), (410, REFUSED)] {
        let api = api(move |_, n| {
            let mut response = json(if n == 0 { "[1,2]" } else { "{}" });
            let range = "items 0-1/*".parse().unwrap();
            match n {
                0 => drop(response.headers_mut().insert("content-range", range)),
                _ => *response.status_mut() = status.try_into().unwrap(),
            }
            response
        });
        let layer = PaginateLayer::new(ends_at(Range::unit("items").by(2), not_found));
        let (got, error) = all(pages(&api, layer, "/a").await).await;
        let ended = error.map_or(DONE, |error| Err(error.kind()));
        assert_eq!((got.len(), ended), (1, end), "{status}");
    }
}
