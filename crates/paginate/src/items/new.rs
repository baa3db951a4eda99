//! The ways in which a stream of pages becomes one of items.

use std::fmt;

use bytes::Bytes;
use http::Request;
use outbound_http::BoxError;
use serde::de::DeserializeOwned;
use tower_service::Service;

use super::Items;
use crate::decode::Typed;
use crate::pages::Pages;
use crate::pointer::Pointer;

/// The function that [`Pages::raw_items`] decodes with.
pub type Raw = fn(&[u8]) -> Result<Bytes, BoxError>;

impl<S, P, B, RB> Pages<S, P, B, RB>
where
    S: Service<Request<B>>,
{
    /// Streams the items of the array at `pointer`, each decoded by itself; `""` is the
    /// page itself.
    ///
    /// `null` in the place of the array, and a page without a body, have no items. If the
    /// array is absent the stream fails.
    ///
    /// # Panics
    ///
    /// `pointer` is a text that is no JSON Pointer.
    pub fn items<T>(
        self,
        pointer: impl TryInto<Pointer, Error: fmt::Display>,
    ) -> Items<S, P, B, RB, Typed<T>>
    where
        T: DeserializeOwned,
    {
        Items::new(self, Pointer::expect(pointer), Typed::new())
    }

    /// Streams the items of the array at `pointer` through `decode`, which is given the
    /// text of each: one valid JSON value, perhaps with white space in it.
    ///
    /// The text is borrowed from what has arrived, so that `decode` can look at an item
    /// without a copy of any of it:
    ///
    /// ```
    /// # use std::borrow::Cow;
    /// # use bytes::Bytes;
    /// # use futures_util::StreamExt;
    /// # use http::{Request, Response};
    /// # use http_body_util::Full;
    /// # use outbound_paginate::{NoNext, PaginateLayer};
    /// # use tower::{Layer, ServiceExt};
    /// #[derive(serde::Deserialize)]
    /// struct Issue<'a> {
    ///     #[serde(borrow)]
    ///     title: Cow<'a, str>,
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let client = tower::service_fn(|_: Request<Full<Bytes>>| async {
    /// #     let page = r#"[{"title":"one"},{"title":"three"}]"#;
    /// #     Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::from(page)))
    /// # });
    /// # let pages = PaginateLayer::new(NoNext).layer(client).oneshot(Request::default()).await?;
    ///
    /// let mut letters = 0;
    /// let mut issues = std::pin::pin!(pages.items_with("", |item: &[u8]| {
    ///     let issue: Issue<'_> = serde_json::from_slice(item)?;
    ///     letters += issue.title.len();
    ///     Ok(())
    /// }));
    /// while let Some(issue) = issues.next().await {
    ///     issue?;
    /// }
    /// # drop(issues);
    /// assert_eq!(letters, 8);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// `pointer` is a text that is no JSON Pointer.
    pub fn items_with<T, F>(
        self,
        pointer: impl TryInto<Pointer, Error: fmt::Display>,
        decode: F,
    ) -> Items<S, P, B, RB, F>
    where
        F: FnMut(&[u8]) -> Result<T, BoxError>,
    {
        Items::new(self, Pointer::expect(pointer), decode)
    }

    /// Streams the items of the array at `pointer` as they were written: one valid JSON
    /// value each, perhaps with white space in it.
    ///
    /// # Panics
    ///
    /// `pointer` is a text that is no JSON Pointer.
    pub fn raw_items(
        self,
        pointer: impl TryInto<Pointer, Error: fmt::Display>,
    ) -> Items<S, P, B, RB, Raw> {
        let raw: Raw = |item| Ok(Bytes::copy_from_slice(item));
        Items::new(self, Pointer::expect(pointer), raw)
    }
}
