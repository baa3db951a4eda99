//! Ready-made strategies, one per file.

mod from_fn;
mod link_header;
mod next_url;
mod no_next;
mod offset;
mod page_number;
mod source;
mod stop;
mod token;

pub use self::from_fn::{FromFn, from_fn};
pub use self::link_header::LinkHeader;
pub use self::next_url::NextUrl;
pub use self::no_next::NoNext;
pub use self::offset::Offset;
pub use self::page_number::PageNumber;
pub use self::source::{Header, Source, Target, body, header, last_item, query};
pub use self::token::{Token, TokenFrom};
