//! What the unreliable API of `fetch` promises: each fault once, on its page, and all items.

#[path = "../fetch/unreliable/mod.rs"]
mod unreliable;

use std::collections::BTreeSet;
use std::error::Error;
use std::io::ErrorKind;
use std::mem;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, LINK, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use unreliable::UnreliableApi;

const PAGES: u32 = 12;

#[tokio::test]
async fn each_fault_is_met_once_and_a_second_request_gets_the_page() {
    let mut visitor = Visitor::start().await;
    assert_eq!(visitor.renew().await, 3600);
    assert_eq!(visitor.page(1).await.status(), StatusCode::OK);

    let limited = visitor.page(2).await;
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.headers()[RETRY_AFTER], "0");

    for page in [2, 3] {
        assert_eq!(visitor.page(page).await.status(), StatusCode::OK);
    }

    let reset = visitor.ask(4).await.unwrap_err();
    assert_eq!(io_error(&reset), Some(ErrorKind::ConnectionReset));
    assert_eq!(visitor.page(4).await.status(), StatusCode::OK);

    let revoked = visitor.page(5).await;
    assert_eq!(revoked.status(), StatusCode::UNAUTHORIZED);
    let challenge =
        "Bearer realm=\"weather\", error=\"invalid_token\", error_description=\"revoked\"";
    assert_eq!(revoked.headers()[WWW_AUTHENTICATE], challenge);
    assert_eq!(visitor.page(5).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(visitor.renew().await, 1);
    // Aside until it has expired, so that a slow machine cannot let it expire too soon.
    let short_lived = visitor.authorization.clone();
    assert_eq!(visitor.renew().await, 3600);
    for page in [5, 6] {
        assert_eq!(visitor.page(page).await.status(), StatusCode::OK);
    }

    let truncated = visitor.page(7).await;
    assert_eq!(truncated.status(), StatusCode::OK);
    let promised: usize = truncated.headers()[CONTENT_LENGTH]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let mut body = truncated.into_body();
    let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(part.starts_with(b"[{") && part.len() < promised);
    let cut = body.frame().await.unwrap().unwrap_err();
    assert_eq!(io_error(&cut), Some(ErrorKind::UnexpectedEof));
    for page in [7, 8] {
        assert_eq!(visitor.page(page).await.status(), StatusCode::OK);
    }

    let unavailable = visitor.page(9).await;
    assert_eq!(unavailable.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(unavailable.headers()[RETRY_AFTER], "1");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let lasting = mem::replace(&mut visitor.authorization, short_lived);
    let expired = visitor.page(9).await;
    assert_eq!(expired.status(), StatusCode::UNAUTHORIZED);
    assert!(challenges(&expired).contains("error_description=\"expired\""));

    visitor.authorization = lasting;
    for page in (9..=PAGES).chain(1..=PAGES) {
        assert_eq!(visitor.page(page).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn links_lead_to_every_item_once_and_one_item_breaks_the_contract() {
    let mut visitor = Visitor::start().await;
    visitor.wear_out().await;

    let mut next = Some(visitor.api.items_url());
    let (mut pages, mut ids, mut broken) = (0, BTreeSet::new(), Vec::new());
    while let Some(url) = next.take() {
        let response = visitor.get(&url).await.unwrap();
        next = rel_next(&response).map(|page| visitor.url(&page));
        pages += 1;
        for item in json(response).await.as_array().unwrap() {
            let id = item["id"].as_str().unwrap().to_owned();
            let contract = UnreliableApi::ITEM_CONTRACT;
            let missing = contract
                .iter()
                .filter(|pointer| item.pointer(pointer).is_none());
            broken.extend(missing.map(|pointer| format!("{id}{pointer}")));
            assert!(ids.insert(id));
        }
    }
    assert_eq!((pages, ids.len()), (PAGES, 60));
    assert_eq!(broken, ["obs-039/wind_m_s"]);
}

#[tokio::test]
async fn a_page_asked_for_again_is_the_same_to_the_byte() {
    let mut visitor = Visitor::start().await;
    visitor.wear_out().await;
    for page in 1..=PAGES {
        let mut bodies = Vec::new();
        for _ in 0..2 {
            let body = visitor
                .page(page)
                .await
                .into_body()
                .collect()
                .await
                .unwrap();
            bodies.push(body.to_bytes());
        }
        assert_eq!(bodies[0], bodies[1]);
    }
}

#[tokio::test]
async fn who_has_no_good_token_is_refused_and_meets_no_fault() {
    let mut visitor = Visitor::start().await;
    for (token, challenge) in [
        (None, "Bearer realm=\"weather\""),
        (Some("Basic b2JzZXJ2ZXItMQ=="), "Bearer realm=\"weather\""),
        (
            Some("Bearer guess"),
            "Bearer realm=\"weather\", error=\"invalid_token\", error_description=\"never issued\"",
        ),
    ] {
        visitor.authorization = token.map(str::to_owned);
        let refused = visitor.page(2).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(challenges(&refused), challenge);
    }
    visitor.renew().await;
    assert_eq!(
        visitor.page(2).await.status(),
        StatusCode::TOO_MANY_REQUESTS
    );
}

#[tokio::test]
async fn tokens_are_issued_to_the_client_and_for_its_grant_only() {
    let visitor = Visitor::start().await;
    let (id, secret) = (UnreliableApi::CLIENT_ID, UnreliableApi::CLIENT_SECRET);
    let grant = "grant_type=client_credentials";

    let stranger = visitor.token(id, "guess", grant).await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        stranger.headers()[WWW_AUTHENTICATE],
        "Basic realm=\"tokens\""
    );
    assert_eq!(json(stranger).await["error"], "invalid_client");

    let other = visitor.token(id, secret, "grant_type=password").await;
    assert_eq!(other.status(), StatusCode::BAD_REQUEST);
    assert_eq!(json(other).await["error"], "unsupported_grant_type");

    let issued = visitor.token(id, secret, grant).await;
    assert_eq!(issued.status(), StatusCode::OK);
    let issued = json(issued).await;
    assert_eq!(
        (&issued["token_type"], &issued["expires_in"]),
        (&"Bearer".into(), &3600.into())
    );
}

#[tokio::test]
async fn a_page_that_is_not_there_is_not_found() {
    let mut visitor = Visitor::start().await;
    visitor.renew().await;
    for page in ["0", "13", "two", "-1", ""] {
        let response = visitor.get(&visitor.url(page)).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn it_ends_when_it_is_dropped() {
    let visitor = Visitor::start().await;
    let url = visitor.api.items_url();
    let Visitor { api, client, .. } = visitor;
    drop(api);
    // The task ends when the runtime comes to it.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let request = Request::get(url).body(Full::default()).unwrap();
    let error = client.request(request).await.unwrap_err();
    assert_eq!(io_error(&error), Some(ErrorKind::ConnectionRefused));
}

/// A client that does nothing of its own accord.
struct Visitor {
    api: UnreliableApi,
    client: Client<HttpConnector, Full<Bytes>>,
    authorization: Option<String>,
}

impl Visitor {
    async fn start() -> Self {
        Self {
            api: UnreliableApi::start().await.expect("a free port"),
            client: Client::builder(TokioExecutor::new())
                .retry_canceled_requests(false)
                .build_http(),
            authorization: None,
        }
    }

    /// Takes a new token, and answers how many seconds it lives.
    async fn renew(&mut self) -> u64 {
        let (id, secret) = (UnreliableApi::CLIENT_ID, UnreliableApi::CLIENT_SECRET);
        let grant = "scope=read&grant_type=client_credentials";
        let answer = json(self.token(id, secret, grant).await).await;
        self.authorization = Some(format!(
            "Bearer {}",
            answer["access_token"].as_str().expect("a token")
        ));
        answer["expires_in"].as_u64().expect("seconds")
    }

    async fn token(&self, id: &str, secret: &str, form: &str) -> Response<Incoming> {
        let credential = base64(format!("{id}:{secret}").as_bytes());
        let request = Request::post(self.api.token_url())
            .header(AUTHORIZATION, format!("Basic {credential}"))
            .body(Full::from(form.to_owned()))
            .expect("a request");
        self.client.request(request).await.expect("an answer")
    }

    /// Asks for a page, with a token.
    async fn page(&self, page: u32) -> Response<Incoming> {
        self.ask(page).await.expect("an answer")
    }

    async fn ask(&self, page: u32) -> Result<Response<Incoming>, ClientError> {
        self.get(&self.url(&page.to_string())).await
    }

    /// The URL of a page, by its number in text.
    fn url(&self, page: &str) -> String {
        let first = self.api.items_url();
        let list = first.strip_suffix('1').expect("the first page");
        format!("{list}{page}")
    }

    async fn get(&self, url: &str) -> Result<Response<Incoming>, ClientError> {
        let mut request = Request::get(url);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        self.client
            .request(request.body(Full::default()).expect("a request"))
            .await
    }

    /// Meets all the faults, so that none is left.
    async fn wear_out(&mut self) {
        self.renew().await;
        for page in 1..=PAGES {
            let met = self.ask(page).await;
            if met.is_ok_and(|response| response.status() == StatusCode::UNAUTHORIZED) {
                // The next token is short-lived, the one after it is not.
                self.renew().await;
                self.renew().await;
            }
        }
    }
}

fn challenges(response: &Response<Incoming>) -> &str {
    response.headers()[WWW_AUTHENTICATE].to_str().expect("text")
}

async fn json(response: Response<Incoming>) -> Value {
    let body = response
        .into_body()
        .collect()
        .await
        .expect("a whole body")
        .to_bytes();
    serde_json::from_slice(&body).expect("JSON")
}

/// The relative reference of the link to the next page.
fn rel_next(response: &Response<Incoming>) -> Option<String> {
    let links = response.headers()[LINK].to_str().expect("text");
    let (before, _) = links.split_once(">; rel=\"next\"")?;
    before.rsplit_once('<').map(|(_, page)| page.to_owned())
}

/// The kind of the operating system's error at the bottom of `error`.
fn io_error(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    let io_errors = chain.filter_map(|error| error.downcast_ref::<std::io::Error>());
    io_errors.last().map(std::io::Error::kind)
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = bytes.chunks(3).flat_map(|chunk| {
        let word = (0..3).fold(0, |word, at| {
            word << 8 | usize::from(*chunk.get(at).unwrap_or(&0))
        });
        (0..4).map(move |at| match at <= chunk.len() {
            true => char::from(ALPHABET[word >> (18 - 6 * at) & 63]),
            false => '=',
        })
    });
    digits.collect()
}
