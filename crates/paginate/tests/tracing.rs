//! The event of a page that says two things of what follows it.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use outbound_paginate::{LinkHeader, PaginateLayer};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::support::{all, api, linked, pages};

/// Writes down the fields of each event.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("outbound_paginate") && *metadata.level() <= Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

async fn events(links: &'static str) -> Vec<String> {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let api = api(move |_, n| linked("[]", if n == 0 { links } else { "" }));
    let layer = PaginateLayer::new(LinkHeader::next());
    let (found, error) = all(pages(&api, layer, "/a").await).await;
    assert!(error.is_none());
    assert_eq!(found.len(), 2);
    assert_eq!(api.paths()[1], "/a?p=2&key=hunter2");
    log.0.lock().unwrap().clone()
}

#[tokio::test]
async fn next_links_that_disagree_are_an_event_and_equal_ones_are_not() {
    let found = events("<?p=2&key=hunter2>; rel=next, <?p=3&key=hunter2>; rel=next").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(r#"rel="next" page=0"#), "{found:?}");
    assert!(!found[0].contains("hunter2"), "{found:?}");

    for links in [
        "<?p=2&key=hunter2>; rel=next",
        "<?p=2&key=hunter2>; rel=next, <https://api.test/a?p=2&key=hunter2>; rel=\"next last\"",
        "<?p=2&key=hunter2>; rel=next, <?p=9>; rel=last",
    ] {
        assert_eq!(events(links).await, [""; 0], "{links}");
    }
}
