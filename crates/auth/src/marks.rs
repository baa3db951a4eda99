//! What a request says about its own credential.

use std::time::Duration;

/// Request extension: the token is to be good for at least this long, counted from the send.
///
/// For a request that takes long, an upload say, to an API that looks at the token at its end. A
/// token with less life left is renewed first, and the request waits for that; if it cannot be
/// renewed, the old one is used. Of a source whose tokens never live that long, any token will
/// do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // A newtype around its duration.
pub struct ValidFor(pub Duration);

/// Request extension: the tenant, or user, whose token this request is to carry; see
/// [`Keyed`](crate::Keyed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs)] // A newtype around its key.
pub struct For<K>(pub K);
