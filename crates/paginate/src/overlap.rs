//! Pages that are asked for before the consumer comes to them.

mod ahead;
mod pipe;
mod spawned;
mod turn;

pub(crate) use self::ahead::{Ahead, Incoming};
pub use self::pipe::{Expected, PipedBody};
pub use self::spawned::Spawned;
