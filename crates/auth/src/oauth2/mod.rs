//! Tokens from an OAuth 2.0 authorization server (RFC 6749), asked over any tower service.
//!
//! [`ClientCredentials`] and [`RefreshToken`] are [`TokenSource`](crate::TokenSource)s. Both ask a
//! [`TokenEndpoint`] over a client that you give them: a clone of the one that the tokens are for
//! will do, whatever its layers. Their requests carry [`NoAuth`](outbound_http::NoAuth), so that
//! an [`Auth`](crate::Auth) layer on the way passes them on instead of waiting for itself.
//!
//! # Example
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use outbound_auth::{AuthLayer, Scope, Tokens, oauth2};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), outbound_auth::BoxError> {
//! // Both the authorization server and the API.
//! let client = service_fn(|request: Request<Full<Bytes>>| async move {
//!     let answer = match request.uri().path() {
//!         "/token" => r#"{"access_token": "abc", "token_type": "Bearer", "expires_in": 3600}"#,
//!         _ if request.headers()["authorization"] == "Bearer abc" => "[]",
//!         _ => "refused",
//!     };
//!     Ok::<_, std::io::Error>(Response::new(Full::new(Bytes::from(answer))))
//! });
//! let endpoint = oauth2::TokenEndpoint::new(client.clone(), "https://idp.example.com/token")?;
//! let source = oauth2::ClientCredentials::new(endpoint, "me", "secret")?.scope("read");
//! let tokens = Tokens::new(source);
//!
//! let scope = Scope::origin("https://api.example.com")?;
//! let service = AuthLayer::bearer_from(scope, tokens).replay().layer(client);
//! let request = Request::get("https://api.example.com/v1").body(Full::default())?;
//! let response = service.oneshot(request).await?;
//! # use http_body_util::BodyExt;
//! assert_eq!(response.into_body().collect().await?.to_bytes(), "[]");
//! # Ok(())
//! # }
//! ```
//!
//! # What is refused
//!
//! A token endpoint of plain http off this machine, before anything is sent. Redirects, which are
//! an error: a secret is not sent to where somebody else points. (Give a client that follows none:
//! one that has followed has already sent it.) Answers over
//! [`MAX_ANSWER`](TokenEndpoint::MAX_ANSWER) bytes, answers with an `error` whatever their status,
//! tokens of another type than `Bearer`. The [`OAuthError`] that tells of it holds no secret, even
//! if the server repeats one.

pub(crate) mod answer;
mod client;
mod client_credentials;
mod endpoint;
pub(crate) mod error;
mod form;
mod grant;
mod refresh_token;

pub use self::client::ClientAuthentication;
pub use self::client_credentials::ClientCredentials;
pub use self::endpoint::TokenEndpoint;
pub use self::error::OAuthError;
pub use self::refresh_token::RefreshToken;
pub use crate::sources::exchange::TokenClient;
