//! Where tokens come from: the environment, a file, and what an authorization server needs.

mod env;
#[cfg(feature = "oauth2")]
pub(crate) mod exchange;
mod file;

pub use self::env::EnvSource;
pub use self::file::FileSource;
pub(crate) use self::file::read;
