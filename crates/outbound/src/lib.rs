//! Calls JSON HTTP APIs that must be called reliably: a stack of [tower] middleware.
//!
//! Four concerns, each a layer of its own that fits around any
//! `tower::Service<http::Request<B>>`: credentials ([`auth`]), retries ([`retry`]), pages
//! ([`paginate`]) and contracts ([`schema`]). This crate re-exports them and stacks them in the
//! right order: [`standard`].
//!
//! [tower]: https://docs.rs/tower
#![doc = include_str!("docs/root.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "axum")]
pub mod axum;
mod base_url;
mod client;
mod error;
pub mod guide;
mod pages;
mod send;
mod span;
mod stack;
mod standard;
mod status;

pub use outbound_auth as auth;
pub use outbound_http as http;
pub use outbound_http::BoxError;
pub use outbound_paginate as paginate;
pub use outbound_retry as retry;
pub use outbound_schema as schema;

pub use self::base_url::{BaseUrl, BaseUrlFuture, BaseUrlLayer, InvalidBaseUrl};
pub use self::client::Client;
pub use self::error::ErrorExt;
pub use self::pages::{Checked, PagesExt};
pub use self::span::{AttemptSpan, AttemptSpanFuture, AttemptSpanLayer};
pub use self::stack::Stack;
pub use self::standard::{Standard, slot, standard};
pub use self::status::{StatusError, success};
