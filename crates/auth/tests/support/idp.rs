//! An authorization server that a test answers for.

#![allow(dead_code, reason = "each test binary uses its part")]

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use outbound_auth::oauth2::TokenEndpoint;
use outbound_http::BoxError;
use tower::service_fn;
use tower::util::BoxCloneSyncService;

use crate::support::{Body, Log};

pub(crate) const TOKEN_URL: &str = "https://idp.example.com/token?tenant=1";

pub(crate) type Client = BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>;

/// A service that answers with what `answer` says.
pub(crate) fn server<F>(answer: F) -> (Client, Log<(http::request::Parts, String)>)
where
    F: Fn(usize, &Request<Body>) -> Response<String> + Clone + Send + Sync + 'static,
{
    let log = Log::new();
    let asked = log.clone();
    let service = service_fn(move |request: Request<Body>| {
        let answer = answer(asked.len() + 1, &request);
        let asked = asked.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            asked.push((head, String::from_utf8(body.to_vec()).unwrap()));
            tokio::task::yield_now().await;
            Ok::<_, BoxError>(answer.map(Full::from))
        }
    });
    (BoxCloneSyncService::new(service), log)
}

pub(crate) fn json(status: u16, body: &str) -> Response<String> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.to_owned())
        .unwrap()
}

pub(crate) fn token(number: usize) -> Response<String> {
    let body = format!(r#"{{"access_token":"t{number}","token_type":"Bearer","expires_in":3600}}"#);
    json(200, &body)
}

pub(crate) fn endpoint(client: &Client) -> TokenEndpoint {
    TokenEndpoint::new(client.clone(), TOKEN_URL).unwrap()
}
