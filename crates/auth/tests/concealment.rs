//! Whatever a secret is and wherever a server repeats it: nothing that can be shown shows it, raw,
//! in base64 or percent-encoded. `Debug`, errors with all that they come from, and every event.
#![cfg(all(feature = "digest", feature = "oauth2", feature = "tracing"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::error::Error;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Response};
use http_body_util::Full;
use outbound_auth::oauth2::{ClientCredentials, RefreshToken, TokenEndpoint};
use outbound_auth::{
    AuthLayer, Challenge, FileSource, For, Keyed, Reason, Registry, ReplayError, Token,
    TokenSource, Tokens, from_fn,
};
use outbound_http::BoxError;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use support::{Body, HOME, get, home, send};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, service_fn};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// All that was shown.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<String>>);

impl Shown {
    fn debug(&self, value: &(impl Debug + ?Sized)) {
        let mut shown = self.0.lock().unwrap();
        writeln!(shown, "{value:?} {value:#?}").unwrap();
    }

    fn error(&self, error: &(dyn Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.debug(error);
            writeln!(self.0.lock().unwrap(), "{error} {error:#}").unwrap();
            next = error.source();
        }
    }

    /// Fails if the secret is among it, in one of its forms.
    fn conceals(&self, secret: &str) {
        let shown = self.0.lock().unwrap();
        assert!(shown.len() > 1000, "little was shown: {shown}");
        for form in forms(secret) {
            assert!(
                !shown.contains(&form),
                "{form} of {secret} is shown: {shown}"
            );
        }
    }
}

fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
    ];
    // Base64 depends on what stands before it; its first and last letters on its neighbours.
    for before in ["", "x", "xx"] {
        let encoded = STANDARD.encode(format!("{before}{secret}"));
        let inner = encoded.trim_end_matches('=');
        forms.push(inner[4..inner.len() - 3].to_owned());
    }
    forms
}

/// Hears every event of every crate.
struct Events(Shown);

impl Visit for Events {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0.0.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Events {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Self(self.0.clone()));
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Self(self.0.clone()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

type Client = BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>;

/// Repeats the secret in every place that it has.
fn hostile(secret: &str, status: u16, body: String) -> Client {
    let digest = format!(r#"Digest realm="{secret}", nonce="{secret}", opaque="{secret}""#);
    let realm = utf8_percent_encode(secret, NON_ALPHANUMERIC);
    let bearer =
        format!(r#"Bearer realm="https://{realm}@elsewhere.example/{realm}",scope="{secret}""#);
    let location = format!("https://elsewhere.example/{realm}");
    BoxCloneSyncService::new(service_fn(move |_: Request<Body>| {
        let response = Response::builder()
            .status(status)
            .header("www-authenticate", &digest)
            .header("www-authenticate", &bearer)
            .header("location", &location)
            .body(Full::from(body.clone()))
            .unwrap();
        async { Ok(response) }
    }))
}

async fn fails(shown: &Shown, source: impl TokenSource + Debug) {
    shown.debug(&source);
    let tokens = Tokens::builder(source).build();
    shown.debug(&tokens);
    let layer = AuthLayer::bearer_from(home(), tokens).replay();
    shown.debug(&layer);
    let (inner, _) = support::api::<Body, _>(|_| 401);
    asks(shown, &layer.layer(inner)).await;
}

/// Sends a request, and shows how that went.
async fn asks<S, RB>(shown: &Shown, service: &S)
where
    S: Service<Request<Body>, Response = Response<RB>, Error = BoxError> + Clone + Debug,
{
    shown.debug(service);
    match send(service, get(HOME)).await {
        Err(error) => shown.error(&*error),
        Ok(response) => {
            if let Some(error) = response.extensions().get::<ReplayError>() {
                shown.error(error);
            }
        }
    }
}

async fn everything(shown: &Shown, secret: &str) {
    let json = serde_json::to_string(secret).unwrap();
    for (status, body) in [
        (
            400,
            format!(r#"{{"error":{json},"error_description":{json},"error_uri":{json}}}"#),
        ),
        (
            401,
            format!(r#"{{"error":"invalid_client","error_description":{json}}}"#),
        ),
        (200, format!(r#"{{"error":{json}}}"#)),
        (200, format!("{{{json}")),
        (200, format!(r#"{{"access_token":"{secret}"#)),
        (
            200,
            format!(r#"{{"token_type":{json},"access_token":{json}}}"#),
        ),
        // Tokens that no header can carry, and one that has expired.
        (
            200,
            format!(r#"{{"access_token":"a\r\n{0}"}}"#, "secretsecret"),
        ),
        (
            200,
            format!(r#"{{"access_token":{json},"expires_in":0,"refresh_token":{json}}}"#),
        ),
        (307, secret.to_owned()),
        (429, secret.to_owned()),
    ] {
        let client = hostile(secret, status, body);
        let endpoint = || TokenEndpoint::new(client.clone(), "https://idp.example.com/t").unwrap();
        let grant = ClientCredentials::new(endpoint(), "id", secret).unwrap();
        fails(shown, grant.scope("s").parameter("assertion", secret)).await;
        // A secret that is in one place only.
        let grant = ClientCredentials::new(endpoint(), "id", "another").unwrap();
        fails(shown, grant.parameter("assertion", secret)).await;
        let refresh = RefreshToken::new(endpoint(), "id", secret).unwrap();
        fails(shown, refresh.client_secret("another").unwrap()).await;
        let refresh = RefreshToken::new(endpoint(), "id", "another").unwrap();
        fails(shown, refresh.client_secret(secret).unwrap()).await;
        let refresh = RefreshToken::new(endpoint(), "id", secret).unwrap();
        fails(shown, refresh.client_secret(secret).unwrap()).await;
        let registry = Registry::new(home(), client.clone())
            .credentials("u", secret)
            .unwrap();
        let layer = AuthLayer::new(registry).replay();
        asks(shown, &layer.layer(client.clone())).await;
        let layer = AuthLayer::digest(home(), "u", secret).unwrap();
        asks(shown, &layer.layer(client)).await;
    }

    let broken = format!("{secret}\n");
    let url = format!(
        "https://{}@h/",
        utf8_percent_encode(secret, NON_ALPHANUMERIC)
    );
    let client = hostile(secret, 200, String::new());
    let endpoint = TokenEndpoint::new(client.clone(), "https://idp.example.com/t").unwrap();
    for refused in [
        ClientCredentials::new(endpoint.clone(), "id", &*broken).err(),
        ClientCredentials::new(endpoint.clone(), &*broken, "s").err(),
        RefreshToken::new(endpoint, "id", &*broken).err(),
        TokenEndpoint::new(client.clone(), &url).err(),
        AuthLayer::digest(home(), "u", &broken).err(),
        AuthLayer::digest(home(), format!("a:{secret}"), "p").err(),
        Registry::new(home(), client)
            .credentials("u", &broken)
            .err(),
    ] {
        shown.error(&refused.expect("it is refused"));
    }
    for challenge in Challenge::parse(format!(r#"Digest nonce="{secret}", Negotiate c2VjcmV0"#)) {
        shown.debug(&challenge);
    }
    shown.debug(&Token::new(secret).rotated(secret));
    constants(shown, secret).await;
    files(shown, secret).await;
}

async fn constants(shown: &Shown, secret: &str) {
    let broken = format!("{secret}\n");
    for made in [
        AuthLayer::bearer(home(), secret),
        AuthLayer::basic(home(), "u", secret),
        AuthLayer::header(home(), "x-key", secret),
        AuthLayer::query(home(), "key", secret),
        AuthLayer::bearer(home(), &broken),
        AuthLayer::basic(home(), "u", &broken),
        AuthLayer::header(home(), "x-key", &broken),
    ] {
        match made {
            Ok(layer) => {
                shown.debug(&layer);
                let client = hostile(secret, 401, secret.to_owned());
                shown.debug(&layer.layer(client.clone()));
                asks(shown, &layer.clone().strict().layer(client.clone())).await;
                let elsewhere = get("https://elsewhere.example/");
                let refused = send(&layer.strict().layer(client), elsewhere).await;
                shown.error(&*refused.unwrap_err());
            }
            Err(refused) => shown.error(&refused),
        }
    }
    let fetched = secret.to_owned();
    let keyed = Keyed::new(home(), move |_: &u8| {
        let fetched = fetched.clone();
        Tokens::new(from_fn(move |_| {
            let token = Token::new(fetched.clone());
            async move { Ok(token) }
        }))
    });
    let layer = AuthLayer::new(keyed).replay();
    let service = layer.layer(hostile(secret, 401, secret.to_owned()));
    asks(shown, &service).await;
    let mut request = get(HOME);
    request.extensions_mut().insert(For(1_u8));
    shown.debug(&send(&service, request).await.unwrap().status());
    shown.debug(&service);
}

async fn files(shown: &Shown, secret: &str) {
    let name = format!("outbound-canary-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let source = FileSource::new(&path);
    for text in [
        secret.as_bytes(),
        b"\n",
        &[secret.as_bytes(), b"\xff"].concat(),
    ] {
        std::fs::write(&path, text).unwrap();
        // The last good one is kept, with an event; unless it was refused.
        for why in [Reason::Stale, Reason::Rejected] {
            match source.fetch(why).await {
                Ok(token) => shown.debug(&token),
                Err(error) => shown.debug(&error),
            }
        }
    }
    shown.debug(&source);
    fails(shown, source).await;
    std::fs::remove_file(&path).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_secret_is_shown_whatever_it_is(
        // What looks like an error code, and what does not.
        secret in prop_oneof!["[a-z0-9_]{12,24}", "[!#-9;-\\[\\]-~]{12,24}"],
    ) {
        let shown = Shown::default();
        let events = tracing::subscriber::set_default(Events(shown.clone()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(everything(&shown, &secret));
        drop(events);
        for told in ["could not be fetched", "the last token is used on"] {
            assert!(shown.0.lock().unwrap().contains(told), "no event told: {told}");
        }
        shown.conceals(&secret);
    }
}

#[test]
fn every_form_of_a_secret_is_recognised_and_events_are_heard() {
    let secret = "c4n%ry/s3cret!";
    for shown in [
        secret.to_owned(),
        "c4n%25ry%2Fs3cret%21".to_owned(),
        STANDARD.encode(format!("user:{secret}")),
        STANDARD.encode(format!("u:{secret}")),
        STANDARD.encode(format!("us:{secret}")),
    ] {
        assert!(
            forms(secret).iter().any(|form| shown.contains(form)),
            "{shown}"
        );
    }
    let shown = Shown::default();
    let events = tracing::subscriber::set_default(Events(shown.clone()));
    tracing::warn!(error = secret, "heard");
    drop(events);
    assert!(shown.0.lock().unwrap().contains(secret));
}
