//! HTTP Digest (RFC 7616).

mod authorize;
mod hash;
mod select;
mod session;
mod sessions;

pub use self::authorize::{Digest, DigestMark};
