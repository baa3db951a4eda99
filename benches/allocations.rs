//! Counts the heap allocations that each layer adds to one call, and the bytes that it adds to the
//! call's future; and what peers add.
//!
//! The figures are exact, so this is also a gate: none may rise over its row's limit, and when
//! one falls the limit is lowered in the same commit.

use std::collections::HashMap;
use std::fmt::Debug;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound_benches::{Counting, Driver, Row, Visit, allocations, visit_all};
use tower::Service;

#[global_allocator]
static GLOBAL: Counting = Counting;

const CALLS: u64 = 10;

#[derive(Default)]
struct Count {
    counted: HashMap<&'static str, u64>,
    sizes: HashMap<&'static str, usize>,
    over: Vec<&'static str>,
}

impl Visit for Count {
    fn visit<S>(&mut self, row: Row, mut service: S)
    where
        S: Service<Request<Full<Bytes>>, Error: Debug>,
    {
        let driver = Driver::new(row.more_headers);
        // The first calls fill what is filled once: thread locals, recycled buffers.
        driver.run(&mut service, 4);
        let before = allocations();
        driver.run(&mut service, CALLS);
        let each = (allocations() - before) / CALLS;
        self.counted.insert(row.name, each);
        let size = size_of::<S::Future>();
        self.sizes.insert(row.name, size);
        let own = row
            .further
            .map(|(twice, once)| self.counted[twice] - self.counted[once]);
        let Some(added) = each.checked_sub(self.counted[row.over] + own.unwrap_or(0)) else {
            panic!("{} makes fewer than {}", row.name, row.over);
        };
        if row.name == row.over || row.name.starts_with("bare") {
            println!("{:42} {each:3} a call, subtracted below", row.name);
            return;
        }
        let verdict = match row.allocations {
            Some(most) if added > most => {
                self.over.push(row.name);
                format!("MORE THAN {most}")
            }
            Some(most) if added < most => format!("fewer than {most}: lower the limit"),
            Some(_) => "as expected".to_owned(),
            None => String::new(),
        };
        let larger = size.saturating_sub(self.sizes[row.over]);
        if row.future.is_some_and(|most| larger > most) {
            self.over.push(row.name);
        }
        let goal = row
            .future_goal
            .map(|goal| format!(", the goal for the future is {goal}"));
        let beside = own.map(|own| format!(", beside {own} of the inner service"));
        println!(
            "{:42} {added:3}, {larger:4} bytes of future {verdict}{}{}",
            row.name,
            beside.unwrap_or_default(),
            goal.unwrap_or_default()
        );
    }
}

fn main() {
    let mut count = Count::default();
    visit_all(&mut count).expect("the layers' settings are right");
    assert!(count.over.is_empty(), "over their limit: {:?}", count.over);
}
