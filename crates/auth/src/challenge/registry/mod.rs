//! The token challenges of OCI registries.

mod authorize;
mod memory;
mod realm;
mod source;

pub use self::authorize::{Registry, RegistryMark, WaitForRealm};
