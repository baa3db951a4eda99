//! Ready-made strategies, one per file.

mod as_get;
mod checked;
mod digits;
mod ends_at;
mod from_fn;
mod later_body;
mod link_header;
mod next_url;
mod no_next;
mod offset;
mod page_number;
mod passes_on;
mod range;
mod source;
mod stac;
mod stop;
mod target;
mod template;
mod token;

pub use self::as_get::{AsGet, as_get};
pub use self::checked::{Checked, checked};
pub use self::ends_at::{EndsAt, ends_at};
pub use self::from_fn::{FromFn, from_fn};
pub use self::later_body::{LaterBody, later_body};
pub use self::link_header::LinkHeader;
pub use self::next_url::NextUrl;
pub use self::no_next::NoNext;
pub use self::offset::Offset;
pub use self::page_number::PageNumber;
pub use self::range::Range;
pub use self::source::{Source, body, header, last_item, link_query, source_fn};
pub use self::stac::StacNext;
pub use self::target::{
    BodyTarget, Destination, Header, IntoDestination, Target, json, merge_json, merge_query, query,
};
pub use self::template::REWRITTEN_HEADERS;
pub use self::token::{Token, TokenFrom};
