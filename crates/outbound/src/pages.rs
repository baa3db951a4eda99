use std::fmt;

use http::Request;
use outbound_http::BoxError;
use outbound_paginate::{Items, Pages, Pointer};
use outbound_schema::Contract;
use serde::de::DeserializeOwned;
use tower_service::Service;

/// Items that are held against a contract before they are decoded.
pub trait PagesExt<S, P, B, RB>
where
    S: Service<Request<B>>,
{
    /// Streams the items of the array at `pointer`, each checked by `contract`, then decoded.
    ///
    /// An item that breaks its contract is an error in its place, with the
    /// [`Violation`](outbound_schema::Violation) as its source, and the stream goes on after it. The
    /// pages themselves are held against what [`Standard::contract`](crate::Standard::contract) was
    /// given.
    ///
    /// # Panics
    ///
    /// `pointer` is a text that is no JSON Pointer.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use futures_util::TryStreamExt;
    /// use http::{Request, Response};
    /// use http_body_util::Full;
    /// use outbound::paginate::NoNext;
    /// use outbound::schema::Contract;
    /// use outbound::{BoxError, Client, ErrorExt, PagesExt, standard};
    /// use tower::service_fn;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), BoxError> {
    /// let transport = service_fn(async |_: Request<Full<Bytes>>| {
    ///     Ok::<_, BoxError>(Response::new(Full::new(Bytes::from(r#"[{"id":1},{"id":"2"}]"#))))
    /// });
    /// let api: Client = standard().service(transport).boxed();
    /// #[derive(Debug, serde::Deserialize)]
    /// struct User { id: serde_json::Value }
    ///
    /// let request = Request::get("https://api.example.com/users").body(Full::default())?;
    /// let pages = api.pages(NoNext, request).await?;
    /// let users = pages.items_checked::<User>("", &Contract::required(["/id: integer"])?);
    /// let error = std::pin::pin!(users).try_for_each(|_| async { Ok(()) }).await.unwrap_err();
    /// assert_eq!(error.violation().unwrap().instance(), "/id");
    /// # Ok(())
    /// # }
    /// ```
    fn items_checked<T: DeserializeOwned + 'static>(
        self,
        pointer: impl TryInto<Pointer, Error: fmt::Display>,
        contract: &Contract,
    ) -> Items<S, P, B, RB, Checked<T>>;
}

/// Checks an item, then decodes it.
pub type Checked<T> = Box<dyn FnMut(&[u8]) -> Result<T, BoxError> + Send>;

impl<S, P, B, RB> PagesExt<S, P, B, RB> for Pages<S, P, B, RB>
where
    S: Service<Request<B>>,
{
    fn items_checked<T: DeserializeOwned + 'static>(
        self,
        pointer: impl TryInto<Pointer, Error: fmt::Display>,
        contract: &Contract,
    ) -> Items<S, P, B, RB, Checked<T>> {
        let contract = contract.clone();
        let checked: Checked<T> = Box::new(move |item| {
            contract.check(item)?;
            Ok(serde_json::from_slice(item)?)
        });
        self.items_with(pointer, checked)
    }
}
