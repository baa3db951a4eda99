//! A signing scheme of one's own: HMAC over head and body, by the public trait [`Authorize`].
//!
//! Each attempt is signed anew, with the time and a nonce of its own, because the signing layer
//! stands inside the retry layer. The server of this program refuses a signature that it has seen
//! before, one that is old, and one that does not fit the body.
//!
//! `cargo run --example sign`

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use outbound::BoxError;
use outbound::auth::{AuthError, AuthLayer, Authorize, Scope, Step};
use outbound::http::NoAuth;
use outbound::retry::{Exponential, Idempotent, RetryLayer};
use sha2::Sha256;
use tower::{ServiceBuilder, ServiceExt, service_fn};

const KEY: &[u8] = b"a key that both sides know";

/// How far the clocks may be apart, and how long a signature is good.
const WINDOW: u64 = 300;

/// Signs what the server reads of a request: method, target, time, nonce and body.
#[derive(Clone)]
struct Signer {
    scope: Scope,
    key: Arc<[u8]>,
    nonces: Arc<AtomicU64>,
}

/// The key is not shown.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// The body is one that can be looked at without reading it, so that it can be signed.
impl Authorize<Bytes> for Signer {
    type Mark = ();
    type Wait = Ready<Result<(Request<Bytes>, ()), AuthError>>;

    fn authorize(&mut self, mut request: Request<Bytes>) -> Step<Bytes, (), Self::Wait> {
        if request.extensions().get::<NoAuth>().is_some() {
            return Step::Skip(request);
        }
        if let Err(error) = self.scope.admit(&request) {
            return Step::Fail(error);
        }
        let stamp = Stamp {
            time: now(),
            nonce: self.nonces.fetch_add(1, Ordering::Relaxed),
        };
        let signature = mac(
            &self.key,
            request.method(),
            request.uri(),
            stamp,
            request.body(),
        );
        let signature = Bytes::copy_from_slice(&signature.finalize().into_bytes());
        let text = format!("Signed t={} n={} s={signature:x}", stamp.time, stamp.nonce);
        match HeaderValue::try_from(text) {
            Ok(mut value) => {
                value.set_sensitive(true);
                request.headers_mut().insert("authorization", value);
                Step::Ready(request, ())
            }
            Err(error) => Step::Fail(AuthError::unavailable(error)),
        }
    }
}

#[derive(Clone, Copy)]
struct Stamp {
    time: u64,
    nonce: u64,
}

fn mac(key: &[u8], method: &Method, uri: &Uri, stamp: Stamp, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    // The lengths keep what is signed from being read in two ways.
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    for part in [method.as_str().as_bytes(), target.as_bytes(), body] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.update(&stamp.time.to_be_bytes());
    mac.update(&stamp.nonce.to_be_bytes());
    mac
}

#[allow(
    clippy::disallowed_methods,
    reason = "a signature tells the time to another machine"
)]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// The server: a status, and what it says of the signature.
#[derive(Debug, Default)]
struct Server {
    seen: Vec<u64>,
    requests: u32,
}

impl Server {
    fn check(&mut self, request: &Request<Bytes>) -> Result<u64, &'static str> {
        let header = request
            .headers()
            .get("authorization")
            .ok_or("no signature")?;
        let text = header.to_str().map_err(|_| "no text")?;
        let field = |name| text.split(' ').find_map(|part| part.strip_prefix(name));
        let number = |name| {
            field(name)
                .and_then(|text| text.parse().ok())
                .ok_or("no stamp")
        };
        let stamp = Stamp {
            time: number("t=")?,
            nonce: number("n=")?,
        };
        let signature = field("s=").and_then(bytes_of).ok_or("no signature")?;
        let mac = mac(KEY, request.method(), request.uri(), stamp, request.body());
        // In constant time.
        mac.verify_slice(&signature)
            .map_err(|_| "a signature of something else")?;
        if stamp.time.abs_diff(now()) > WINDOW {
            return Err("an old signature");
        }
        if self.seen.contains(&stamp.nonce) {
            return Err("a signature that was used before");
        }
        self.seen.push(stamp.nonce);
        Ok(stamp.nonce)
    }

    /// It is busy twice before it answers.
    fn answer(&mut self, request: &Request<Bytes>) -> Response<Full<Bytes>> {
        let (status, told) = match self.check(request) {
            Err(fault) => (401, fault.to_owned()),
            Ok(nonce) => {
                self.requests += 1;
                let status = if self.requests < 3 { 503 } else { 200 };
                (status, format!("a good signature, nonce {nonce}"))
            }
        };
        println!("server: {told}: {status}");
        let mut response = Response::new(Full::default());
        *response.status_mut() = status.try_into().expect("a status");
        response
    }
}

fn bytes_of(hexadecimal: &str) -> Option<Vec<u8>> {
    (0..hexadecimal.len() / 2)
        .map(|at| u8::from_str_radix(hexadecimal.get(2 * at..2 * at + 2)?, 16).ok())
        .collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let server = Arc::new(Mutex::new(Server::default()));
    let kept = Arc::new(Mutex::new(None));
    let (answering, keeping) = (Arc::clone(&server), Arc::clone(&kept));
    let transport = service_fn(move |request: Request<Bytes>| {
        let response = answering.lock().expect("no panic").answer(&request);
        *keeping.lock().expect("no panic") = Some(request);
        ready(Ok::<_, Infallible>(response))
    });

    let signer = Signer {
        scope: Scope::origin("https://api.example.com")?,
        key: KEY.into(),
        nonces: Arc::new(AtomicU64::new(1)),
    };
    let client = ServiceBuilder::new()
        .layer(RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO)))
        .layer(AuthLayer::new(signer))
        .service(transport.clone());

    let order = || Request::post("https://api.example.com/orders?dry=1");
    let request = order()
        .extension(Idempotent(true))
        .body(Bytes::from("two of them"))?;
    let response = client.clone().oneshot(request).await?;
    println!("client: {}", response.status());

    // What somebody on the way could do with the last request.
    let taken = kept
        .lock()
        .expect("no panic")
        .take()
        .ok_or("nothing was sent")?;
    transport.clone().oneshot(taken.clone()).await?;
    let tampered = taken.map(|_| Bytes::from("twenty of them"));
    transport.oneshot(tampered).await?;

    // The key signs for its own origin only.
    let elsewhere = Request::get("https://elsewhere.example/").body(Bytes::new())?;
    if let Err(error) = client.oneshot(elsewhere).await {
        println!("client: {error}");
    }
    Ok(())
}
