//! Counts the instructions that each layer adds to one call, and what peers add in the same run.
//!
//! It runs itself under `valgrind --tool=callgrind` with fewer and with more calls of each row
//! and divides the difference; the figures repeat for one binary. A row with a limit is a gate.
//! Without valgrind it says so and ends. An argument picks the rows whose name contains it.

use std::collections::HashMap;
use std::fmt::Debug;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound_benches::{Driver, Row, Visit, callgrind, visit_all};
use tower::Service;

/// What is filled once is filled after this many.
const FEW: u64 = 10;
const CALLS: u64 = 200;

/// Makes the calls of one row, for callgrind to watch.
struct Drive {
    name: String,
    calls: u64,
}

impl Visit for Drive {
    fn visit<S>(&mut self, row: Row, mut service: S)
    where
        S: Service<Request<Full<Bytes>>, Error: Debug>,
    {
        if row.name == self.name {
            Driver::new(row.more_headers).run(&mut service, self.calls);
        }
    }
}

#[derive(Default)]
struct Rows(Vec<Row>);

impl Visit for Rows {
    fn visit<S>(&mut self, row: Row, _service: S)
    where
        S: Service<Request<Full<Bytes>>, Error: Debug>,
    {
        self.0.push(row);
    }
}

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let picked = arguments.next().unwrap_or_default();
    if let Some(calls) = arguments.next() {
        let calls = calls.parse().expect("a number of calls");
        let mut drive = Drive {
            name: picked,
            calls,
        };
        visit_all(&mut drive).expect("the layers' settings are right");
        return;
    }
    let mut rows = Rows::default();
    visit_all(&mut rows).expect("the layers' settings are right");
    let mut counted = HashMap::new();
    let mut over = Vec::new();
    for row in rows.0 {
        let is_base = row.name.starts_with("bare") || row.name == row.over;
        if !is_base && !row.name.contains(&picked) {
            continue;
        }
        for name in [row.name, row.over]
            .into_iter()
            .chain(row.further.map(|(twice, _)| twice))
            .chain(row.beside.map(|(peer, _)| peer))
        {
            if counted.contains_key(name) {
                continue;
            }
            let of = |calls: u64| callgrind([name, &calls.to_string()]);
            let (Some(few), Some(all)) = (of(FEW), of(CALLS)) else {
                println!("valgrind is not installed here; nothing was measured");
                return;
            };
            counted.insert(name, all.saturating_sub(few) / (CALLS - FEW));
        }
        let each = counted[row.name];
        if row.name == row.over || row.name.starts_with("bare") {
            println!("{:42} {each:6} a call, subtracted below", row.name);
            continue;
        }
        let added = each.saturating_sub(counted[row.over]);
        let verdict = match row.instructions {
            Some(most) if added > most => {
                over.push(row.name);
                format!("MORE THAN {most}")
            }
            Some(most) => format!("at most {most}"),
            None => String::new(),
        };
        let verdict = match row.goal {
            Some(goal) => format!("{verdict}, the goal is {goal}"),
            None => verdict,
        };
        println!("{:42} {added:6} {verdict}", row.name);
        if let Some((twice, once)) = row.further {
            let own = counted[twice].saturating_sub(counted[once]);
            println!("{:42} {own:6} of them are the inner service's", "");
        }
        if let Some((peer, share)) = row.beside {
            // Peers are compared with the same row.
            let peer_added = counted[peer].saturating_sub(counted[row.over]);
            println!(
                "{:42} {:5}% of {peer}; of the whole calls {}%; the goal is {share}%",
                "",
                added * 100 / peer_added.max(1),
                each * 100 / counted[peer].max(1),
            );
        }
    }
    assert!(over.is_empty(), "over their limit: {over:?}");
}
