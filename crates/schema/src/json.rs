//! Strict JSON (RFC 8259), read without a tree and without allocation.
//!
//! Stricter than the grammar where parsers differ: no byte order mark, no lone surrogates, no
//! number beyond `f64`, nesting of at most 127.

mod cursor;
mod keys;
mod text;

pub(crate) use self::cursor::{Cursor, Fault, MAX_DEPTH, Number};
pub(crate) use self::keys::Keys;
pub(crate) use self::text::Text;
