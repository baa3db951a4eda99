//! Every strategy over pages that fail, break off and are resumed in the middle, with limits: each
//! item comes once, however the bodies are cut and whatever is asked for ahead.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use http::{HeaderMap, Uri};
use outbound_http::TokioSpawn;
use outbound_paginate::{
    Checkpoint, End, LinkHeader, Offset, Page, PageNumber, PaginateLayer, Range, Strategy, Token,
    body, last_item, query,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::Strategy as Strategy_;
use serde::Deserialize;
use test_support::{Body, Scripted, Step};
use tokio::time::timeout;
use tower::{Layer, ServiceExt};

use crate::support::{self, get};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Scheme {
    Link,
    TokenBefore,
    TokenBehind,
    LastItem,
    Number,
    NumberOfPages,
    OffsetTotal,
    Offset,
    Range,
}

const SCHEMES: [Scheme; 9] = [
    Scheme::Link,
    Scheme::TokenBefore,
    Scheme::TokenBehind,
    Scheme::LastItem,
    Scheme::Number,
    Scheme::NumberOfPages,
    Scheme::OffsetTotal,
    Scheme::Offset,
    Scheme::Range,
];

/// How one answer goes wrong, at so many thousandths of it.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Refuses,
    Fails,
    Breaks(usize),
    Ends(usize),
    /// An item is no JSON, which only a stream of items looks at.
    Spoils(usize),
}

fn fault() -> impl Strategy_<Value = Fault> {
    prop_oneof![
        Just(Fault::Refuses),
        Just(Fault::Fails),
        (0_usize..1000).prop_map(Fault::Breaks),
        (0_usize..1000).prop_map(Fault::Ends),
        (0_usize..1000).prop_map(Fault::Spoils),
    ]
}

#[derive(Deserialize)]
struct Item {
    id: u64,
}

fn parameter(uri: &Uri, name: &str) -> Option<usize> {
    let pairs = uri.query()?.split('&');
    let value = pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)?
        .1;
    Some(value.parse().unwrap())
}

fn range_from(headers: &HeaderMap) -> usize {
    let range = headers["range"].to_str().unwrap();
    let (from, _) = range
        .strip_prefix("items=")
        .unwrap()
        .split_once('-')
        .unwrap();
    from.parse().unwrap()
}

/// A list of pages of `sizes` items, numbered throughout.
struct List {
    sizes: Vec<usize>,
    starts: Vec<usize>,
}

impl List {
    fn new(sizes: &[usize]) -> Self {
        let starts = sizes.iter().scan(0, |next, size| {
            let start = *next;
            *next += size;
            Some(start)
        });
        Self {
            starts: starts.collect(),
            sizes: sizes.to_vec(),
        }
    }

    fn total(&self) -> usize {
        self.sizes.iter().sum()
    }

    /// The page that begins with an item.
    fn at(&self, start: usize) -> usize {
        let page = self.starts.iter().position(|found| *found == start);
        page.unwrap_or(self.sizes.len())
    }

    fn asked_for(&self, scheme: Scheme, uri: &Uri, headers: &HeaderMap) -> usize {
        match scheme {
            Scheme::Link | Scheme::TokenBefore | Scheme::TokenBehind => {
                parameter(uri, "p").unwrap_or(0)
            }
            Scheme::LastItem => parameter(uri, "after").map_or(0, |last| self.at(last + 1)),
            Scheme::Number | Scheme::NumberOfPages => parameter(uri, "page").unwrap() - 1,
            Scheme::OffsetTotal | Scheme::Offset => self.at(parameter(uri, "o").unwrap()),
            Scheme::Range => self.at(range_from(headers)),
        }
    }

    fn text(&self, scheme: Scheme, page: usize, fault: Option<Fault>) -> String {
        let size = self.sizes.get(page).copied().unwrap_or(0);
        let start = self.starts.get(page).copied().unwrap_or(0);
        let items = (start..start + size).map(|id| format!(r#"{{"id":{id}}}"#));
        let mut items: Vec<String> = items.collect();
        if let (Some(Fault::Spoils(at)), true) = (fault, size > 0) {
            items[at * size / 1000] = "{zz}".into();
        }
        let items = items.join(", ");
        let next = match page + 1 < self.sizes.len() {
            true => format!("\"{}\"", page + 1),
            false => "null".into(),
        };
        match scheme {
            Scheme::TokenBefore => {
                format!(r#"{{"next":{next},"items":[{items}],"x":[1,{{"a":"]"}}]}}"#)
            }
            Scheme::TokenBehind => format!(r#"{{"items":[{items}],"next":{next}}}"#),
            _ => format!(
                r#"{{"items":[{items}],"pages":{},"total":{}}}"#,
                self.sizes.len(),
                self.total()
            ),
        }
    }
}

/// Answers in pieces of `piece` bytes; the n-th request meets the n-th fault.
fn service(
    sizes: &[usize],
    scheme: Scheme,
    faults: &[Option<Fault>],
    piece: usize,
    delay: u64,
) -> Scripted {
    let (list, faults) = (List::new(sizes), faults.to_vec());
    let sent = AtomicUsize::new(0);
    Scripted::from_fn(move |request| {
        let n = sent.fetch_add(1, Relaxed);
        let page = list.asked_for(scheme, &request.uri, &request.headers);
        let fault = faults.get(n).copied().flatten();
        if scheme == Scheme::Range && page == list.sizes.len() {
            return Step::status(416);
        }
        let text = list.text(scheme, page, fault);
        let pieces = |until: usize| {
            let pieces = text.as_bytes()[..until].chunks(piece);
            pieces.map(|piece| String::from_utf8(piece.to_vec()).unwrap())
        };
        // Nothing at all would be a page without items.
        let cut = |at: usize| (text.len() * at / 1000).max(1);
        let body = match fault {
            // The first page's own failure is the service's, and no stream's.
            Some(Fault::Fails) if n > 0 => return Step::error("refused"),
            Some(Fault::Refuses | Fault::Fails) => return Step::status(503),
            Some(Fault::Breaks(at)) => Body::failing_after(pieces(cut(at)), "reset"),
            Some(Fault::Ends(at)) => Body::chunks(pieces(cut(at))),
            Some(Fault::Spoils(_)) | None => Body::chunks(pieces(text.len())),
        };
        let step = match scheme {
            Scheme::Range => {
                let (start, size) = (list.starts[page], list.sizes[page]);
                let range = format!("items {start}-{}/{}", start + size - 1, list.total());
                Step::status(206).header("content-range", &range)
            }
            Scheme::Link if page + 1 < list.sizes.len() => {
                Step::status(200).header("link", &format!("<?p={}>; rel=next", page + 1))
            }
            _ => Step::status(200),
        };
        let delay = Duration::from_millis(delay * (n as u64 % 3));
        step.body_with(body).delay(delay)
    })
}

/// How a list is drained.
#[derive(Clone, Debug)]
struct How {
    by_pages: bool,
    /// After how many items, or pages, the stream is dropped and resumed, in turn.
    drops: Vec<usize>,
    /// Whether an error is tried again, or the stream resumed, in turn.
    tries: Vec<bool>,
    window: usize,
    prefetch: usize,
    read_ahead: usize,
}

/// Takes a stream to where it has to be resumed; nothing at the end of the list.
macro_rules! take {
    ($stream:expr, $left:expr, $tries:expr, $ids:expr, $got:expr) => {{
        let mut stream = pin!($stream);
        let mut left: Option<usize> = $left;
        loop {
            if left == Some(0) {
                break Some(stream.checkpoint());
            }
            let most = stream.size_hint().1;
            match stream.next().await {
                Some(Ok(next)) => {
                    assert_ne!(most, Some(0), "the hint was a lie");
                    $got.extend($ids(next));
                    left = left.map(|left| left - 1);
                }
                Some(Err(error)) => {
                    assert_ne!(most, Some(0), "the hint was a lie: {error}");
                    if !*$tries.next().unwrap() {
                        break Some(stream.checkpoint());
                    }
                    assert!(stream.as_mut().try_again(), "{error}");
                }
                None if stream.end() == Some(End::Limited) => break Some(stream.checkpoint()),
                None => break None,
            }
        }
    }};
}

async fn drain<P>(layer: PaginateLayer<P>, service: &Scripted, how: &How) -> Vec<u64>
where
    P: Strategy<support::Body> + Clone,
{
    let mut got: Vec<u64> = Vec::new();
    let mut checkpoint: Option<Checkpoint> = None;
    let mut drops = how.drops.iter().copied();
    let mut tries = how.tries.iter().cycle();
    for _ in 0..60 {
        let layer = match &checkpoint {
            Some(at) => layer.clone().resume(at.to_string().parse().unwrap()),
            None => layer.clone(),
        };
        let layer = layer
            .spawn_on(TokioSpawn::new())
            .prefetch(how.prefetch)
            .concurrency(how.window)
            .read_ahead(how.read_ahead);
        let Ok(pages) = layer.layer(service.clone()).oneshot(get("/a")).await else {
            continue;
        };
        let left = drops.next();
        checkpoint = if how.by_pages {
            let ids = |page: Page| {
                let items: Vec<Item> = page.items("/items").unwrap();
                items.into_iter().map(|item| item.id)
            };
            take!(pages, left, tries, ids, got)
        } else {
            let items = pages.items::<Item>("/items");
            take!(items, left, tries, |item: Item| [item.id], got)
        };
        if checkpoint.is_none() {
            return got;
        }
    }
    panic!("it comes to no end: {got:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_item_comes_once_by_every_strategy(
        sizes in vec(1_usize..5, 1..6),
        scheme in proptest::sample::select(&SCHEMES[..]),
        faults in vec(option::weighted(0.6, fault()), 0..9),
        (piece, delay) in (1_usize..60, 0_u64..3),
        by_pages in any::<bool>(),
        (drops, tries) in (vec(0_usize..6, 0..4), vec(any::<bool>(), 1..5)),
        (window, prefetch, read_ahead) in (1_usize..5, 0_usize..4, 0_usize..80),
        refetch in 0_u32..3,
        max_items in option::weighted(0.3, 1_u64..6),
        max_pages in option::weighted(0.3, 1_u64..4),
    ) {
        let mut faults = faults;
        if by_pages {
            for fault in faults.iter_mut().flatten() {
                if let Fault::Spoils(at) = *fault {
                    *fault = Fault::Ends(at);
                }
            }
        }
        let service = service(&sizes, scheme, &faults, piece, delay);
        let how = How { by_pages, drops, tries, window, prefetch, read_ahead };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        macro_rules! drain {
            ($strategy:expr) => {{
                let layer = PaginateLayer::new($strategy)
                    .items_at("/items")
                    .refetch(refetch)
                    .max_items(max_items.unwrap_or(u64::MAX))
                    .max_pages(max_pages.unwrap_or(u64::MAX));
                let drained = drain(layer, &service, &how);
                runtime.block_on(async { timeout(Duration::from_secs(600), drained).await })
            }};
        }
        let items = match scheme {
            Scheme::Link => drain!(LinkHeader::next()),
            Scheme::TokenBefore | Scheme::TokenBehind => {
                drain!(Token::from(body("/next")).to(query("p")))
            }
            Scheme::LastItem => drain!(Token::from(last_item("/id")).to(query("after"))),
            Scheme::Number => drain!(PageNumber::query("page")),
            Scheme::NumberOfPages => {
                drain!(PageNumber::query("page").total_pages(body("/pages")))
            }
            Scheme::OffsetTotal => drain!(Offset::query("o", "l").total(body("/total"))),
            Scheme::Offset => drain!(Offset::query("o", "l")),
            Scheme::Range => drain!(Range::unit("items").by(5)),
        };
        let expected: Vec<u64> = (0..sizes.iter().sum::<usize>() as u64).collect();
        prop_assert_eq!(items.expect("it goes on"), expected);
    }
}
