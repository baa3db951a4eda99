//! The slots of the [standard stack](crate::Standard) as types, and what may stand in them: nothing
//! to write a program with, but what the compiler names when a layer stands in the wrong one.

mod fits;
mod names;
mod retries;
mod tried;
mod vacant;

pub(super) use self::fits::Misplaced;
pub use self::fits::{BelongsElsewhere, First, Fits, Itself, NotStrict, Second, Third, Yours};
pub use self::names::{Auth, Body, Contract, PerCall, PerTry};
pub use self::retries::Retries;
pub use self::tried::Tried;
pub use self::vacant::Vacant;
