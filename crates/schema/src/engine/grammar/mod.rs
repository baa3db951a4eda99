//! Texts of other languages that a schema has: regular expressions and URIs.

mod cursor;
mod escape;
mod groups;
mod regex;
mod uri;

pub(crate) use self::regex::is_regex;
pub(crate) use self::uri::{is_uri, is_uri_reference};
