//! Pages that break off anywhere, as often as they like, however the stream goes on: each item
//! comes once.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Mutex;

use futures_util::StreamExt;
use outbound_http::{BoxError, TokioSpawn};
use outbound_paginate::{
    Checkpoint, End, LinkHeader, Page, PageErrorKind, PageNumber, PaginateLayer, Strategy, header,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::value::RawValue;
use test_support::{Body, Scripted, Step};
use tower::{Layer, ServiceExt};

use crate::support::{self, get};

#[derive(Clone, Copy, Debug)]
enum GoingOn {
    Refetch,
    TryAgain,
    Resume,
}

/// How one answer goes wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The body breaks off after so many bytes, of so many thousands.
    Breaks(usize),
    /// It ends there, as if it were whole.
    Ends(usize),
    /// An item is no JSON.
    Spoils(usize),
    Refuses,
}

fn fault() -> impl Strategy_<Value = Fault> {
    prop_oneof![
        4 => (0_usize..1000).prop_map(Fault::Breaks),
        3 => (0_usize..1000).prop_map(Fault::Ends),
        2 => (0_usize..1000).prop_map(Fault::Spoils),
        1 => Just(Fault::Refuses),
    ]
}

use proptest::strategy::Strategy as Strategy_;

const ITEMS: &[&str] = &[
    "1",
    "{\"a\":[1,\"}\"]}",
    "\"x,]\"",
    "[[],{}]",
    "null",
    "-2.5e3",
    "true",
];

/// Pages of items, the last of them without any, in pieces of `size` bytes.
fn service(pages: &[Vec<usize>], faults: &[Vec<Fault>], size: usize) -> Scripted {
    let (pages, faults) = (pages.to_vec(), faults.to_vec());
    let asked = Mutex::new(HashMap::<usize, usize>::new());
    Scripted::from_fn(move |request| {
        let number = request.uri.query().map_or(1, |query| {
            let (_, number) = query.split_once("page=").unwrap();
            number.parse().unwrap()
        });
        let at = number - 1;
        let mut asked = asked.lock().unwrap();
        let times = asked.entry(at).or_default();
        let fault = faults.get(at).and_then(|faults| faults.get(*times));
        *times += 1;
        let items = pages.get(at).map_or(&[][..], |page| page);
        let mut items: Vec<String> = items.iter().map(|n| ITEMS[*n].to_owned()).collect();
        if let Some(Fault::Spoils(which)) = fault {
            match items.len() {
                0 => items.push("nonsense".to_owned()),
                len => items[which * len / 1000] = "nonsense".to_owned(),
            }
        }
        let text = format!("[{}]", items.join(", "));
        let (until, body): (usize, fn(Vec<String>) -> Body) = match fault {
            None | Some(Fault::Spoils(_)) => (text.len(), |pieces| Body::chunks(pieces)),
            Some(Fault::Breaks(at)) => (text.len() * at / 1000, |pieces| {
                Body::failing_after(pieces, "reset")
            }),
            // Nothing at all would be a page without items.
            Some(Fault::Ends(at)) => ((text.len() * at / 1000).max(1), |pieces| {
                Body::chunks(pieces)
            }),
            Some(Fault::Refuses) => return Step::status(503),
        };
        let pieces = text.as_bytes()[..until].chunks(size);
        let pieces = pieces.map(|piece| String::from_utf8(piece.to_vec()).unwrap());
        let step = Step::status(200).body_with(body(pieces.collect()));
        let step = step.header("x-pages", &pages.len().to_string());
        match number <= pages.len() {
            true => step.header("link", &format!("<?page={}>; rel=next", number + 1)),
            false => step,
        }
    })
}

/// Drains a stream until it has to be resumed, at a checkpoint, or has ended.
macro_rules! until_resumed {
    ($stream:expr, $texts:expr, $how:expr, $items:expr, $errors:expr) => {{
        let mut stream = pin!($stream);
        let texts = $texts;
        loop {
            let next = stream.next().await;
            $errors += usize::from(next.as_ref().is_some_and(Result::is_err));
            match next {
                Some(Ok(next)) => {
                    let texts: Vec<String> = texts(next);
                    $items.extend(texts);
                }
                None => {
                    assert_eq!(stream.end(), Some(End::Complete));
                    break None;
                }
                Some(Err(_)) if $errors > 20 => panic!("it comes to no end"),
                Some(Err(error)) => match $how.going_on {
                    GoingOn::Resume => {
                        let text = stream.checkpoint().to_string();
                        break Some(text.parse().unwrap());
                    }
                    // What a refetch is not for.
                    GoingOn::Refetch => {
                        let kind = error.kind();
                        let others = [
                            PageErrorKind::NotJson,
                            PageErrorKind::Status,
                            // Spoiled where it was sound before.
                            PageErrorKind::Drifted,
                        ];
                        assert!(others.contains(&kind), "{error}");
                        assert!(stream.as_mut().try_again());
                    }
                    GoingOn::TryAgain => assert!(stream.as_mut().try_again(), "{error}"),
                },
            }
        }
    }};
}

/// How a list is drained.
#[derive(Clone, Copy, Debug)]
struct How {
    going_on: GoingOn,
    /// By pages instead of by items.
    by_pages: bool,
    ahead: usize,
}

async fn drain<P>(layer: PaginateLayer<P>, service: &Scripted, how: How) -> Vec<String>
where
    P: Strategy<support::Body> + Clone,
{
    let mut items = Vec::new();
    let mut checkpoint: Option<Checkpoint> = None;
    let mut errors = 0;
    loop {
        let layer = match checkpoint.take() {
            Some(checkpoint) => layer.clone().resume(checkpoint),
            None => layer.clone(),
        };
        let layer = layer
            .spawn_on(TokioSpawn::new())
            .prefetch(how.ahead)
            .concurrency(how.ahead.max(1));
        let pages = layer
            .layer(service.clone())
            .oneshot(get("/a"))
            .await
            .unwrap();
        if how.by_pages {
            let texts = |page: Page| {
                let items = page.items::<Box<RawValue>>("").unwrap();
                items.iter().map(|item| item.get().to_owned()).collect()
            };
            checkpoint = until_resumed!(pages, texts, how, items, errors);
        } else {
            let stream = pages.items_with("", |text: &[u8]| {
                Ok::<_, BoxError>(String::from_utf8(text.to_vec())?)
            });
            checkpoint = until_resumed!(stream, |item| vec![item], how, items, errors);
        }
        if checkpoint.is_none() {
            return items;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_item_comes_once_wherever_pages_break_off(
        pages in vec(vec(0..ITEMS.len(), 1..6), 1..4),
        faults in vec(vec(fault(), 0..4), 3),
        size in 1_usize..40,
        going_on in prop_oneof![
            Just(GoingOn::Refetch),
            Just(GoingOn::TryAgain),
            Just(GoingOn::Resume),
        ],
        by_pages in any::<bool>(),
        ahead in 0_usize..4,
        counted in 0..3,
    ) {
        // Equal pages one behind the other are a repetition where pages are counted.
        let mut pages = pages;
        if counted > 0 {
            pages.dedup();
        }
        let expected: Vec<&str> = pages.iter().flatten().map(|n| ITEMS[*n]).collect();
        let mut faults = faults;
        if by_pages {
            // An item is looked at by whoever takes it out of its page.
            for fault in faults.iter_mut().flatten() {
                if let Fault::Spoils(at) = *fault {
                    *fault = Fault::Ends(at);
                }
            }
        }
        let service = service(&pages, &faults, size);
        let refetch = if matches!(going_on, GoingOn::Refetch) { 4 } else { 0 };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let how = How { going_on, by_pages, ahead };
        let numbers = PageNumber::query("page");
        let items = runtime.block_on(async { tokio::time::timeout(std::time::Duration::from_secs(60), async {
            match counted {
                0 => {
                    let layer = PaginateLayer::new(LinkHeader::next()).items_at("").refetch(refetch);
                    drain(layer, &service, how).await
                }
                1 => {
                    let layer = PaginateLayer::new(numbers).items_at("").refetch(refetch);
                    drain(layer, &service, how).await
                }
                _ => {
                    let numbers = numbers.total_pages(header("x-pages"));
                    let layer = PaginateLayer::new(numbers).items_at("").refetch(refetch);
                    drain(layer, &service, how).await
                }
            }
        }).await.expect("it goes on") });
        prop_assert_eq!(items, expected);
    }
}
