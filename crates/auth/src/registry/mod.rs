//! The token challenges of OCI registries.

mod authorize;
mod config;
mod mark;
mod memory;
mod patience;
mod realm;
mod source;

pub use self::config::Registry;
pub use self::mark::{RegistryMark, WaitForRealm};
