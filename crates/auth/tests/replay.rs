//! What is sent again after a 401, and what is not.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full, StreamBody};
use outbound_auth::{
    AuthError, AuthLayer, Authorize, ReplayError, Step, Token, Tokens, Verdict, from_fn,
};
use outbound_http::{BoxError, BufferBody, EffectiveUri, NoReplay, Replay, ResendCount, Rewind};
use tower::{Layer, ServiceExt, service_fn};

use self::support::{HOME, Log, api, credential, get, home, send};

#[derive(Clone, Debug, PartialEq)]
struct Tenant(&'static str);

#[tokio::test]
async fn the_same_request_is_sent_again_with_one_new_credential() {
    let (inner, sent) = api(refuse_first);
    let service = AuthLayer::bearer_from(home(), tokens())
        .replay()
        .layer(inner);
    let request = Request::post("https://api.example.com/v1?q")
        .version(Version::HTTP_10)
        .header("idempotency-key", "k")
        .header("content-length", "4")
        .extension(Tenant("t"))
        .body(String::from("body"))
        .unwrap();
    let response = send(&service, request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(ResendCount::of(response.extensions()), ResendCount(1));

    let [first, second] = sent.all().try_into().unwrap();
    assert_eq!(credential(&first), Some("Bearer first".into()));
    assert_eq!(credential(&second), Some("Bearer second".into()));
    assert_eq!(ResendCount::of(first.extensions()), ResendCount(0));
    assert_eq!(ResendCount::of(second.extensions()), ResendCount(1));
    for request in [first, second] {
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "https://api.example.com/v1?q");
        assert_eq!(request.version(), Version::HTTP_10);
        assert_eq!(request.headers().len(), 3);
        assert_eq!(request.headers()["idempotency-key"], "k");
        assert_eq!(request.headers()["content-length"], "4");
        assert_eq!(request.extensions().get(), Some(&Tenant("t")));
        assert_eq!(request.body(), "body");
    }
}

#[tokio::test]
async fn a_response_that_cost_no_resend_has_no_count() {
    let (inner, sent) = api(|_| 200);
    let service = AuthLayer::bearer_from(home(), tokens())
        .replay()
        .layer(inner);
    let response = send(&service, get(HOME)).await.unwrap();
    assert!(response.extensions().is_empty());
    assert!(sent.all()[0].extensions().is_empty());
}

#[tokio::test]
async fn the_count_goes_on_from_that_of_an_outer_layer() {
    let (inner, sent) = api(refuse_first);
    let service = AuthLayer::bearer_from(home(), tokens())
        .replay()
        .layer(inner);
    let mut request = get(HOME);
    request.extensions_mut().insert(ResendCount(2));
    let response = send(&service, request).await.unwrap();
    assert_eq!(ResendCount::of(response.extensions()), ResendCount(3));
    assert_eq!(ResendCount::of(sent.all()[1].extensions()), ResendCount(3));
}

#[tokio::test]
async fn a_streaming_body_is_sent_again_from_its_beginning() {
    let bodies = Log::new();
    let service = AuthLayer::bearer_from(home(), tokens())
        .replay_with(BufferBody::default())
        .layer(reader(bodies.clone()));
    let response = send(&service, streaming()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(bodies.all(), ["onetwo", "onetwo"]);
}

#[tokio::test]
async fn a_body_that_an_outer_layer_records_is_not_recorded_twice() {
    let bodies = Log::new();
    let service = AuthLayer::bearer_from(home(), tokens())
        .replay_with(Rewind)
        .layer(reader(bodies.clone()));
    let request = streaming().map(|body| BufferBody::default().split(body).0);
    assert_eq!(send(&service, request).await.unwrap().status(), 200);
    assert_eq!(bodies.all(), ["onetwo", "onetwo"]);
}

#[tokio::test]
async fn a_body_that_cannot_be_sent_again_leaves_the_refusal_intact_and_condemns_the_token() {
    let bodies = Log::new();
    let tokens = tokens();
    let service = AuthLayer::bearer_from(home(), tokens.clone())
        .replay_with(BufferBody::new(4))
        .layer(reader(bodies.clone()));
    let response = send(&service, streaming()).await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert_eq!(*response.body(), "refused");
    assert!(response.extensions().is_empty());
    assert_eq!(bodies.all(), ["onetwo"]);
    assert_eq!((tokens.fetches(), tokens.resends()), (1, 0));

    assert_eq!(send(&service, streaming()).await.unwrap().status(), 200);
    assert_eq!(tokens.fetches(), 2);
}

#[tokio::test]
async fn a_refusal_by_an_origin_out_of_scope_condemns_nothing() {
    for (answered_by, sends) in [("https://evil.example/", 1), (HOME, 2)] {
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let inner = service_fn(move |_: Request<support::Body>| {
            count.fetch_add(1, Ordering::Relaxed);
            let mut response = Response::new(String::new());
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            let uri = EffectiveUri(answered_by.parse().unwrap());
            response.extensions_mut().insert(uri);
            ready(Ok::<_, Infallible>(response))
        });
        let tokens = tokens();
        let service = AuthLayer::bearer_from(home(), tokens.clone())
            .replay()
            .layer(inner);
        assert_eq!(service.oneshot(get(HOME)).await.unwrap().status(), 401);
        assert_eq!(sent.load(Ordering::Relaxed), sends, "{answered_by}");
        assert_eq!(tokens.fetches(), sends as u64);
    }
}

#[tokio::test]
async fn an_error_of_the_inner_service_is_handed_out_as_it_is() {
    let service = AuthLayer::bearer_from(home(), tokens())
        .replay()
        .layer(service_fn(|_: Request<support::Body>| {
            ready(Err::<Response<String>, _>(std::io::Error::other(
                "the line is cut",
            )))
        }));
    let error = service.oneshot(get(HOME)).await.unwrap_err();
    assert_eq!(
        error.downcast_ref::<std::io::Error>().unwrap().to_string(),
        "the line is cut"
    );
}

/// A scheme that would go on for ever.
#[derive(Clone)]
struct Insatiable {
    seen: Log<(&'static str, u16)>,
    second: fn(Request<support::Body>, Mark) -> Step<support::Body, Mark, Never>,
}

type Mark = (Log<(&'static str, u16)>, &'static str);
type Never = std::future::Ready<Result<(Request<support::Body>, Mark), AuthError>>;

impl Authorize<support::Body> for Insatiable {
    type Mark = Mark;
    type Wait = Never;

    fn authorize(&mut self, request: Request<support::Body>) -> Step<support::Body, Mark, Never> {
        Step::Ready(request, (self.seen.clone(), "first"))
    }

    fn authorize_again(
        &mut self,
        request: Request<support::Body>,
        _: Mark,
    ) -> Step<support::Body, Mark, Never> {
        (self.second)(request, (self.seen.clone(), "second"))
    }

    fn observe<RB>((seen, mark): Mark, response: &Response<RB>) -> Verdict<Mark> {
        seen.push((mark, response.status().as_u16()));
        Verdict::Replay((seen, mark))
    }
}

#[tokio::test]
async fn a_scheme_gets_one_further_attempt_and_sees_the_answer_to_both() {
    let seen = Log::new();
    let (inner, sent) = api(|_| 200);
    let second = Step::Ready;
    let scheme = Insatiable {
        seen: seen.clone(),
        second,
    };
    let service = AuthLayer::new(scheme).replay().layer(inner);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    assert_eq!(seen.all(), [("first", 200), ("second", 200)]);
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn a_scheme_may_wait_before_its_further_attempt() {
    let seen = Log::new();
    let (inner, sent) = api(|_| 200);
    let second = |request, mark| Step::Wait(ready(Ok((request, mark))));
    let scheme = Insatiable {
        seen: seen.clone(),
        second,
    };
    let service = AuthLayer::new(scheme).replay().layer(inner);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    assert_eq!(seen.all(), [("first", 200), ("second", 200)]);
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn a_scheme_may_send_its_further_attempt_without_a_credential() {
    let seen = Log::new();
    let (inner, sent) = api(|_| 200);
    let scheme = Insatiable {
        seen: seen.clone(),
        second: |request, _| Step::Skip(request),
    };
    let service = AuthLayer::new(scheme).replay().layer(inner);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    assert_eq!(seen.all(), [("first", 200)]);
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn a_scheme_that_refuses_its_further_attempt_leaves_the_first_answer_and_its_reason() {
    let refusals: [fn(Request<support::Body>, Mark) -> Step<support::Body, Mark, Never>; 2] = [
        |_, _| Step::Fail(AuthError::unavailable("no more")),
        |_, _| Step::Wait(ready(Err(AuthError::unavailable("no more")))),
    ];
    for second in refusals {
        let (inner, sent) = api(|_| 401);
        let seen = Log::new();
        let scheme = Insatiable {
            seen: seen.clone(),
            second,
        };
        let service = AuthLayer::new(scheme).replay().layer(inner);
        let response = send(&service, get(HOME)).await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(response.body(), "refused");
        let reason: &ReplayError = response.extensions().get().unwrap();
        assert!(reason.get_ref().is_unavailable());
        assert_eq!(ResendCount::of(response.extensions()), ResendCount(0));
        assert_eq!((sent.len(), seen.len()), (1, 1));
    }
}

#[tokio::test]
async fn a_scheme_gets_no_further_attempt_without_a_replay_strategy() {
    let seen = Log::new();
    let (inner, sent) = api(|_| 200);
    let second = Step::Ready;
    let scheme = Insatiable {
        seen: seen.clone(),
        second,
    };
    let service = AuthLayer::new(scheme).replay_with(NoReplay).layer(inner);
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(seen.all(), [("first", 200)]);
    assert_eq!(sent.len(), 1);
}

fn tokens() -> Tokens {
    let fetches = AtomicUsize::new(0);
    Tokens::new(from_fn(move |_| {
        let first = fetches.fetch_add(1, Ordering::Relaxed) == 0;
        async move { Ok(Token::new(if first { "first" } else { "second" })) }
    }))
}

fn refuse_first<B>(request: &Request<B>) -> u16 {
    match credential(request).as_deref() {
        Some("Bearer first") => 401,
        _ => 200,
    }
}

type Stream = StreamBody<stream::Iter<std::array::IntoIter<Frame, 2>>>;
type Frame = Result<http_body::Frame<Bytes>, Infallible>;

/// A body of unknown length that is not `Clone` in any useful sense.
fn streaming() -> Request<http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>> {
    let frames = ["one", "two"].map(|chunk| Ok(http_body::Frame::data(Bytes::from(chunk))));
    let body: Stream = StreamBody::new(stream::iter(frames));
    Request::post(HOME).body(body.boxed_unsync()).unwrap()
}

/// Reads each body to its end, and refuses the first token.
fn reader<B>(
    bodies: Log<String>,
) -> impl tower::Service<Request<B>, Response = Response<String>, Error = BoxError, Future: Send> + Clone
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    service_fn(move |request: Request<B>| {
        let bodies = bodies.clone();
        async move {
            let status = refuse_first(&request);
            let body = request.into_body().collect().await.map_err(Into::into)?;
            bodies.push(String::from_utf8(body.to_bytes().to_vec())?);
            let body = if status < 400 { "fine" } else { "refused" };
            let response = Response::builder()
                .status(status)
                .header("www-authenticate", "Bearer");
            Ok(response.body(body.to_owned())?)
        }
    })
}

#[allow(dead_code, reason = "compiles, or it does not")]
fn futures_are_send(full: Request<Full<Bytes>>) {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let (inner, _) = api(|_| 200);
    let fetched = AuthLayer::bearer_from(home(), tokens()).replay();
    drop(assert_send(
        assert_send(fetched.layer(inner.clone())).oneshot(full.clone()),
    ));
    let fixed = AuthLayer::bearer(home(), "token").unwrap().strict();
    drop(assert_send(assert_send(fixed.layer(inner)).oneshot(full)));
}
