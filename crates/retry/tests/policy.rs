//! The policy for tower's own retry service, and how the two differ on the same script.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, Uri};
use http_body_util::Full;
use outbound_http::{BoxError, BufferBody, Replay, ResendCount, Rewind};
use outbound_retry::{
    Attempts, Budget, Exponential, Idempotent, Override, Policy, Report, RetryLayer,
};
use test_support::{Body, Scripted, Step, Strict, send};
use tokio::time::Instant;
use tower::{Layer, Service};

const SECOND: Duration = Duration::from_secs(1);

fn request(method: Method) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::from("body"));
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from_static("https://api.test/items");
    request
}

fn layer() -> RetryLayer<outbound_http::CloneBody, outbound_retry::Standard, Pauses> {
    RetryLayer::new().backoff(pauses as Pauses)
}

type Pauses = fn(u64) -> std::iter::RepeatN<Duration>;

fn pauses(_seed: u64) -> std::iter::RepeatN<Duration> {
    std::iter::repeat_n(SECOND, 9)
}

/// What there is to see of a call.
#[derive(Debug, PartialEq)]
struct Course {
    outcome: Result<u16, io::ErrorKind>,
    sent: Vec<(Duration, Bytes, ResendCount)>,
    report: u32,
}

async fn course<S>(mut client: S, api: &Scripted, mut request: Request<Full<Bytes>>) -> Course
where
    S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error = BoxError>,
{
    let (start, report) = (Instant::now(), Report::new());
    request.extensions_mut().insert(report.clone());
    let outcome = send(&mut client, request).await;
    let requests = api.requests();
    let sent = requests.iter().map(|sent| {
        let resends = ResendCount::of(&sent.extensions);
        (sent.at - start, sent.body.clone(), resends)
    });
    Course {
        outcome: outcome
            .map(|response| response.status().as_u16())
            .map_err(|error| error.downcast::<io::Error>().expect("an I/O error").kind()),
        sent: sent.collect(),
        report: report.attempts(),
    }
}

/// Runs a script through this crate's service and through tower's with the policy.
async fn both(script: fn() -> Vec<Step>, request: Request<Full<Bytes>>) -> (Course, Course) {
    let api = Scripted::new(script());
    let ours = course(
        layer().layer(Strict::with(api.clone())),
        &api,
        request.clone(),
    )
    .await;
    let api = Scripted::new(script());
    let policy = tower::retry::RetryLayer::new(layer().into_policy());
    let theirs = course(policy.layer(Strict::with(api.clone())), &api, request).await;
    (ours, theirs)
}

fn lost() -> Step {
    Step::error(io::Error::from(io::ErrorKind::ConnectionReset))
}

/// A script that is made of the seed: the service and tower's send for as long as it lasts.
fn any(seed: u64) -> Vec<Step> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut step = || match random.u8(0..12) {
        0 | 1 => Step::ok("[1]"),
        2 | 3 => Step::status(503),
        4 => Step::status(429).header("retry-after", "0"),
        5 => Step::status(500).header("retry-after", "61"),
        6 => Step::status(404),
        7 => lost(),
        8 => Step::error(io::Error::from(io::ErrorKind::ConnectionRefused)),
        9 => Step::error(io::Error::from(io::ErrorKind::InvalidData)),
        10 => Step::status(502).delay(SECOND / 3),
        _ => Step::status(503).header("x-should-retry", "false"),
    };
    (0..4).map(|_| step()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_policy_decides_as_the_service_does_on_any_script() {
    for seed in 0..500 {
        for method in [Method::GET, Method::POST] {
            let api = Scripted::new(any(seed));
            let service = layer().layer(Strict::with(api.clone()));
            let ours = course(service, &api, request(method.clone())).await;
            let api = Scripted::new(any(seed));
            let policy = tower::retry::RetryLayer::new(layer().into_policy());
            let theirs = course(
                policy.layer(Strict::with(api.clone())),
                &api,
                request(method.clone()),
            );
            assert_eq!(ours, theirs.await, "{method}, seed {seed}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_policy_decides_as_the_service_does() {
    let marked = |mark| {
        let mut request = request(Method::PUT);
        request.extensions_mut().insert(mark);
        request
    };
    let scripts: [fn() -> Vec<Step>; 9] = [
        || vec![Step::ok("")],
        || vec![Step::status(503), Step::ok("")],
        || vec![Step::status(429), lost(), Step::status(404)],
        || (0..4).map(|_| Step::status(500)).collect(),
        || (0..4).map(|_| lost()).collect(),
        || vec![Step::status(503).header("x-should-retry", "false")],
        || vec![Step::status(503).header("retry-after", "61")],
        || vec![Step::status(501)],
        || {
            vec![
                Step::status(408),
                Step::error(io::Error::from(io::ErrorKind::InvalidData)),
            ]
        },
    ];
    for script in scripts {
        let (ours, theirs) = both(script, request(Method::GET)).await;
        assert_eq!(ours, theirs);
    }
    let unlucky = || vec![Step::status(429), Step::status(503)];
    let (ours, theirs) = both(unlucky, request(Method::POST)).await;
    assert_eq!(ours, theirs);
    assert_eq!(ours.sent.len(), 2);
    let (ours, theirs) = both(unlucky, marked(Idempotent(false))).await;
    assert_eq!(ours, theirs);
    assert_eq!(ours.sent.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn overrides_reach_the_policy() {
    for (settings, sends) in [(Override::off(), 1), (Override::new().retries(1), 2)] {
        let script = || vec![Step::status(503), Step::status(503)];
        let mut get = request(Method::GET);
        get.extensions_mut().insert(settings);
        let (ours, theirs) = both(script, get).await;
        assert_eq!(ours, theirs);
        assert_eq!(ours.sent.len(), sends);
    }
}

#[tokio::test(start_paused = true)]
async fn the_policy_numbers_its_retries_in_the_same_header() {
    let name = http::HeaderName::from_static("x-retry");
    let policy = layer().attempt_header(name.clone()).into_policy();
    let api = Scripted::new([Step::status(503), Step::status(503), Step::ok("")]);
    let mut client = tower::retry::RetryLayer::new(policy).layer(api.clone());
    send(&mut client, request(Method::GET)).await.unwrap();
    let numbers = api.requests().into_iter().map(|sent| {
        let number = sent.headers.get(&name)?;
        Some(number.to_str().unwrap().to_owned())
    });
    let numbers: Vec<_> = numbers.collect();
    assert_eq!(numbers, [None, Some("1".into()), Some("2".into())]);
}

#[tokio::test]
async fn the_policy_keeps_to_the_budget() {
    let at_once = Exponential::new(Duration::ZERO, Duration::ZERO);
    let policy = RetryLayer::new()
        .backoff(at_once)
        .budget(Budget::new(100, 10))
        .into_policy();
    let api = Scripted::from_fn(|_| Step::status(503));
    let mut client = tower::retry::RetryLayer::new(policy).layer(api.clone());
    for _ in 0..1000 {
        let _ = send(&mut client, request(Method::GET)).await;
    }
    assert_eq!(api.calls(), 1109);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_in_its_pause_costs_nothing() {
    let (budget, uri) = (Budget::new(0, 1), request(Method::GET).uri().clone());
    let policy = layer().budget(budget.clone()).into_policy();
    let api = Scripted::from_fn(|_| Step::status(503));
    let mut client = tower::retry::RetryLayer::new(policy).layer(api.clone());
    let call = send(&mut client, request(Method::GET));
    assert!(tokio::time::timeout(SECOND / 2, call).await.is_err());
    assert_eq!((api.calls(), budget.balance(&uri)), (1, 1000));
    // One that is sent again does.
    send(&mut client, request(Method::GET)).await.unwrap();
    assert_eq!((api.calls(), budget.balance(&uri)), (3, 0));
}

/// As kube's body: not `Clone`, and knows by itself whether it can be sent again.
#[derive(Debug)]
struct Foreign(Full<Bytes>, bool);

impl http_body::Body for Foreign {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }
}

struct ForeignBody;

impl Replay<Foreign> for ForeignBody {
    type Body = Foreign;
    type Saved = Foreign;

    fn split(&self, body: Foreign) -> (Foreign, Option<Foreign>) {
        let saved = self.duplicate(&body);
        (body, saved)
    }

    fn once(&self, body: Foreign) -> Foreign {
        body
    }

    fn again(&self, saved: &Foreign) -> Option<Foreign> {
        self.duplicate(saved)
    }

    fn duplicate(&self, body: &Foreign) -> Option<Foreign> {
        body.1.then(|| Foreign(body.0.clone(), true))
    }
}

/// The bodies that arrive where a server is unavailable twice.
async fn sent<B, R>(policy: Policy<R>, body: B) -> Vec<Bytes>
where
    R: Replay<B, Body = B>,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let api = Scripted::new([Step::status(503), Step::status(503), Step::ok("")]);
    let client = tower::retry::RetryLayer::new(policy).layer(api.clone());
    let request = Request::put("https://api.test/")
        .body(body)
        .expect("a request");
    let outcome = tower::ServiceExt::oneshot(client, request).await;
    assert!(outcome.is_ok());
    api.requests().into_iter().map(|sent| sent.body).collect()
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_clone_is_duplicated_as_the_layer_s_strategy_does() {
    let policy = || RetryLayer::new().replay(ForeignBody).into_policy();
    assert_eq!(
        sent(policy(), Foreign("body".into(), true)).await,
        ["body"; 3]
    );
    assert_eq!(
        sent(policy(), Foreign("body".into(), false)).await,
        ["body"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_recording_is_sent_once_through_the_policy_and_not_broken() {
    // tower asks for what it sends next before it sends: one would take the other's source.
    let policy = RetryLayer::new().replay(Rewind).into_policy();
    let body = BufferBody::new(64).split(Body::chunks(["ab", "cd"])).0;
    assert_eq!(sent(policy, body).await, ["abcd"]);
}

#[tokio::test]
async fn a_response_that_an_inner_layer_gave_up_is_left_as_it_is() {
    let at_once = RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO));
    let api = Scripted::from_fn(|_| Step::status(503));
    let policy = at_once.clone().into_policy();
    let mut client = tower::retry::RetryLayer::new(policy).layer(at_once.layer(api.clone()));
    let response = send(&mut client, request(Method::GET)).await.unwrap();
    assert_eq!(api.calls(), 4);
    assert_eq!(Attempts::of(response.extensions()), 4);
}

#[tokio::test(start_paused = true)]
async fn requests_through_one_policy_do_not_pause_in_step() {
    let schedule = Exponential::new(1000 * SECOND, 1000 * SECOND);
    let policy = RetryLayer::new()
        .backoff(schedule)
        .budget(None)
        .into_policy();
    let api = Scripted::from_fn(|_| Step::status(503));
    let mut client = tower::retry::RetryLayer::new(policy).layer(api.clone());
    let mut pauses = Vec::new();
    for first in [0, 4, 8] {
        let _ = send(&mut client, request(Method::GET)).await;
        let at: Vec<_> = api.requests()[first..].iter().map(|sent| sent.at).collect();
        pauses.extend(at.windows(2).map(|pair| pair[1] - pair[0]));
    }
    pauses.sort();
    pauses.dedup();
    assert_eq!(pauses.len(), 9);
}
