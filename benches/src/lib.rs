//! What the benches measure: each layer alone and the whole stack, over an inner service that
//! answers at once.
//!
//! A row is a service and what it may cost; the benches `allocations` and `instructions` visit
//! all of them. `instructions` also prints the rows of peers, which have no limit.

mod api;
mod callgrind;
mod counting;
mod drive;
mod rows;

pub use self::api::{Answers, Api, ApiFuture, Template};
pub use self::callgrind::callgrind;
pub use self::counting::{Counting, allocations};
pub use self::drive::Driver;
pub use self::rows::{Row, Visit, visit_all};
