//! Whatever a server answers, wrong totals and failures with it: pages that are asked for side by
//! side or ahead give what one request after the other gives, to the last checkpoint.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use outbound_http::TokioSpawn;
use outbound_paginate::{
    End, LinkHeader, Offset, OnRepeat, Page, PageErrorKind, PageNumber, PaginateLayer, Range,
    Strategy, Token, body, query,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::Strategy as Strategy_;
use test_support::{Body, Recorded, Scripted, Step};
use tokio::time::{sleep, timeout};
use tower::{Layer, ServiceExt};

use crate::support::{self, get};

#[derive(Clone, Copy, Debug)]
enum Fault {
    Refuses,
    Fails,
    Breaks,
    Ends,
    Spoils,
}

/// What a server answers where a page is asked for.
#[derive(Clone, Debug, Default)]
struct Answer {
    items: u64,
    /// Whether its items are those of any other such page.
    alike: bool,
    pages: Option<u64>,
    total: Option<u64>,
    more: Option<bool>,
    next: Option<u64>,
    fault: Option<Fault>,
}

fn answer() -> impl Strategy_<Value = Answer> {
    let fault = prop_oneof![
        Just(Fault::Refuses),
        Just(Fault::Fails),
        Just(Fault::Breaks),
        Just(Fault::Ends),
        Just(Fault::Spoils),
    ];
    (
        (0_u64..4, any::<bool>()),
        option::of(0_u64..8),
        option::of(0_u64..20),
        option::weighted(0.3, any::<bool>()),
        option::weighted(0.8, 0_u64..9),
        option::weighted(0.2, fault),
    )
        .prop_map(|((items, alike), pages, total, more, next, fault)| Answer {
            items,
            alike,
            pages,
            total,
            more,
            next,
            fault,
        })
}

impl Answer {
    fn text(&self, page: u64) -> String {
        let first = if self.alike { 0 } else { page * 10 };
        let items = (first..first + self.items).map(|item| item.to_string());
        let items: Vec<_> = items.collect();
        let mut text = format!(r#"{{"items":[{}],"n":{page}"#, items.join(","));
        for (name, value) in [("pages", self.pages), ("total", self.total)] {
            if let Some(value) = value {
                text += &format!(r#","{name}":{value}"#);
            }
        }
        if let Some(more) = self.more {
            text += &format!(r#","more":{more}"#);
        }
        text + "}"
    }

    fn step(&self, page: u64, by_range: bool, fault: Option<Fault>) -> Step {
        let text = self.text(page);
        let half = text[..text.len() / 2].to_owned();
        let step = match fault {
            Some(Fault::Refuses) => Step::status(404),
            Some(Fault::Fails) => Step::error("refused"),
            Some(Fault::Breaks) => {
                Step::status(200).body_with(Body::failing_after([half], "reset"))
            }
            Some(Fault::Ends) => Step::ok(half),
            Some(Fault::Spoils) => Step::ok(text.replacen('[', "[x,", 1)),
            None => Step::ok(text),
        };
        let total = self.total.map_or("*".to_owned(), |total| total.to_string());
        let range = match self.items {
            0 => "*".to_owned(),
            items => format!("{page}-{}", page + items - 1),
        };
        let step = match by_range {
            true => step.header("content-range", &format!("items {range}/{total}")),
            false => step,
        };
        match self.next {
            Some(next) if fault.is_none() => {
                step.header("link", &format!("<?page={next}>; rel=next"))
            }
            _ => step,
        }
    }
}

/// Which page is asked for, and whether by a range.
fn asked_for(request: &Recorded) -> (u64, bool) {
    if let Some(range) = request.headers.get("range") {
        let range = range.to_str().unwrap().trim_start_matches("items=");
        return (range.split_once('-').unwrap().0.parse().unwrap(), true);
    }
    let query = request.uri.query().unwrap_or_default();
    let number = query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        ["page", "o"].contains(&name).then(|| value.parse().ok())?
    });
    (number.unwrap_or(0), false)
}

/// A fault that `heals` is there the first time alone.
fn service(answers: &[Answer], delays: &[u64], heals: bool) -> Scripted {
    let (answers, delays) = (answers.to_vec(), delays.to_vec());
    let asked = Mutex::new(HashMap::<u64, usize>::new());
    Scripted::from_fn(move |request| {
        let (page, by_range) = asked_for(request);
        let mut asked = asked.lock().unwrap();
        let times = asked.entry(page).or_default();
        *times += 1;
        let at = usize::try_from(page).unwrap();
        let answer = answers.get(at).cloned().unwrap_or_default();
        let fault = answer.fault.filter(|_| !heals || *times == 1);
        let delay = Duration::from_millis(delays[at % delays.len()]);
        answer.step(page, by_range, fault).delay(delay)
    })
}

/// All that a consumer sees of a stream.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    got: Vec<String>,
    errors: Vec<PageErrorKind>,
    checkpoints: Vec<String>,
    end: Option<End>,
}

/// How the stream is consumed.
#[derive(Clone, Copy, Debug)]
struct Consumer {
    by_items: bool,
    /// How often it tries again.
    tries: usize,
    works: Duration,
}

/// How far pages are asked for ahead of it.
#[derive(Clone, Copy, Debug)]
struct Overlap {
    window: usize,
    prefetch: usize,
    read_ahead: usize,
}

macro_rules! consume {
    ($stream:expr, $consumer:expr, $text:expr) => {{
        let mut stream = pin!($stream);
        let mut tries = $consumer.tries;
        let mut seen = Seen::default();
        loop {
            let most = stream.size_hint().1;
            let Some(next) = stream.next().await else {
                break;
            };
            assert_ne!(most, Some(0), "the hint was a lie");
            match next {
                Ok(next) => {
                    seen.got.push($text(next));
                    sleep($consumer.works).await;
                }
                Err(error) => {
                    seen.errors.push(error.kind());
                    if error.kind() != PageErrorKind::Decode && tries > 0 {
                        tries -= 1;
                        // Or it is the end.
                        let _ = stream.as_mut().try_again();
                    }
                }
            }
            seen.checkpoints.push(stream.checkpoint().to_string());
            if seen.got.len() > 200 {
                break;
            }
        }
        seen.end = stream.end();
        seen.checkpoints.push(stream.checkpoint().to_string());
        seen
    }};
}

/// Nothing where the first page's head does not come.
async fn run<P>(
    layer: PaginateLayer<P>,
    service: Scripted,
    consumer: Consumer,
    overlap: Overlap,
) -> Option<Seen>
where
    P: Strategy<support::Body> + Clone + 'static,
{
    let layer = layer
        .items_at("/items")
        .spawn_on(TokioSpawn::new())
        .concurrency(overlap.window)
        .prefetch(overlap.prefetch)
        .read_ahead(overlap.read_ahead);
    let pages = layer.layer(service).oneshot(get("/a")).await.ok()?;
    Some(if consumer.by_items {
        let items = pages.items::<u64>("/items");
        consume!(items, consumer, |item: u64| item.to_string())
    } else {
        consume!(pages, consumer, |page: Page| {
            String::from_utf8_lossy(&page.body).into_owned()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_seen_does_not_depend_on_what_is_asked_for_ahead(
        answers in vec(answer(), 1..9),
        delays in vec(0_u64..30, 5),
        (window, prefetch, read_ahead) in (1_usize..6, 0_usize..4, 0_usize..64),
        strategy in 0..8,
        (by_items, tries, works) in (any::<bool>(), 0_usize..4, 0_u64..20),
        refetch in 0_u32..3,
        heals in any::<bool>(),
        max_pages in option::weighted(0.3, 0_u64..8),
        max_items in option::weighted(0.3, 0_u64..12),
        on_repeat in prop_oneof![
            Just(OnRepeat::Error),
            Just(OnRepeat::End),
            Just(OnRepeat::Allow),
        ],
    ) {
        let ahead = Overlap { window, prefetch, read_ahead };
        let lazy = Overlap { window: 1, prefetch: 0, read_ahead: 1000 };
        // A page that was asked for in vain would be healed by that.
        let heals = heals && window == 1 && prefetch == 0;
        let consumer = Consumer { by_items, tries, works: Duration::from_millis(works) };
        let seen = |overlap: Overlap| {
            let service = service(&answers, &delays, heals);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            macro_rules! run {
                ($strategy:expr) => {{
                    let layer = PaginateLayer::new($strategy)
                        .refetch(refetch)
                        .on_repeat(on_repeat)
                        .max_pages(max_pages.unwrap_or(40))
                        .max_items(max_items.unwrap_or(u64::MAX));
                    let run = run(layer, service, consumer, overlap);
                    runtime.block_on(async { timeout(Duration::from_secs(600), run).await })
                }};
            }
            let numbers = || PageNumber::query("page").starts_at(0);
            match strategy {
                0 => run!(LinkHeader::next()),
                1 => run!(numbers().total_pages(body("/pages"))),
                2 => run!(numbers().total(body("/total"))),
                3 => run!(numbers().total(body("/total")).more("/more").flags_may_be_missing()),
                4 => run!(Range::unit("items").by(3)),
                5 => run!(Range::unit("items").by(3).estimated()),
                6 => run!(Offset::query("o", "l").total(body("/total"))),
                _ => run!(
                    Token::from(body("/n"))
                        .to(query("page"))
                        .more("/more")
                        .flags_may_be_missing()
                ),
            }
            .expect("it comes to an end")
        };
        prop_assert_eq!(seen(ahead), seen(lazy));
    }
}
