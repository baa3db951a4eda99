//! Tokens that are fetched over the standard stack itself.
#![cfg(feature = "full")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use outbound::auth::oauth2::{ClientCredentials, TokenEndpoint};
use outbound::auth::{AuthLayer, Scope, Tokens};
use outbound::{BoxError, Client, standard};
use tower::{ServiceExt, service_fn};

#[tokio::test(start_paused = true)]
async fn a_client_fetches_its_token_over_a_client_of_its_kind() {
    let sent: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&sent);
    let transport = service_fn(move |request: Request<Full<Bytes>>| {
        let path = request.uri().path().to_owned();
        let body = match &*path {
            "/token" => r#"{"access_token":"t","token_type":"bearer"}"#,
            _ if request.headers()["authorization"] == "Bearer t" => "[1]",
            _ => "refused",
        };
        log.lock().unwrap().push(path);
        async move { Ok::<_, BoxError>(Response::new(Full::new(Bytes::from(body)))) }
    });
    let idp: Client = standard().service(transport.clone()).boxed();
    let endpoint = TokenEndpoint::new(idp, "https://idp.example.com/token").unwrap();
    let tokens = Tokens::new(ClientCredentials::new(endpoint, "me", "secret").unwrap());
    let scope = Scope::origin("https://api.example.com").unwrap();
    let api: Client = standard()
        .auth(AuthLayer::bearer_from(scope, tokens).replay())
        .service(transport)
        .boxed();
    for _ in 0..2 {
        let request = Request::get("https://api.example.com/items");
        let request = request.body(Full::default()).unwrap();
        let response = api.clone().oneshot(request).await.unwrap();
        assert_eq!(response.into_body().into_bytes(), "[1]");
    }
    assert_eq!(*sent.lock().unwrap(), ["/token", "/items", "/items"]);
}
