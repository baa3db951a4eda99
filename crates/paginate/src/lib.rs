//! Pages.
#![forbid(unsafe_code)]

mod config;
mod course;
mod cursor;
mod error;
mod future;
mod guard;
mod json;
mod layer;
pub mod link;
mod page;
mod pages;
mod pointer;
mod progress;
mod scan;
mod service;
mod strategies;
mod strategy;
mod uri;
mod view;
mod walk;

pub use self::config::{
    DEFAULT_MAX_EMPTY_PAGES, DEFAULT_MAX_ITEM_BYTES, DEFAULT_MAX_PAGE_BYTES, OnRepeat, OriginPolicy,
};
pub use self::cursor::Cursor;
pub use self::error::{PageError, PageErrorKind, Position};
pub use self::future::ResponseFuture;
pub use self::guard::MAX_REMEMBERED_CURSORS;
pub use self::layer::PaginateLayer;
pub use self::page::Page;
pub use self::pages::{BoxStream, Pages};
pub use self::pointer::{InvalidPointer, Pointer};
pub use self::progress::{End, Progress};
pub use self::service::Paginate;
pub use self::strategies::{
    FromFn, Header, LinkHeader, NextUrl, NoNext, Offset, PageNumber, Source, Target, Token,
    TokenFrom, body, from_fn, header, last_item, query,
};
pub use self::strategy::{Malformed, Needs, Strategy, Total};
pub use self::view::PageView;
