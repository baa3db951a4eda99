//! A refusal that comes while the request's body is still being sent.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt;
use outbound_auth::{AuthLayer, ReplayError, Token, Tokens};
use outbound_http::{BoxError, BufferBody, ResendCount, Superseded};
use test_support::Body;
use tokio::time::{Duration, sleep};
use tower::{Layer, service_fn};

use self::support::{Fault, HOME, Log, SECOND, credential, down, home, script, send};

const LIMIT: usize = 8;

/// What became of each upload.
type Uploads = Log<Result<String, &'static str>>;

/// Refuses the first token as soon as it has the head, and reads each body to its end.
fn hasty<B>(
    uploads: Uploads,
) -> impl tower::Service<Request<B>, Response = Response<String>, Error = BoxError, Future: Send> + Clone
where
    B: http_body::Body<Data = Bytes, Error = BoxError> + Send + 'static,
{
    service_fn(move |request: Request<B>| {
        let uploads = uploads.clone();
        async move {
            let refused = credential(&request).as_deref() == Some("Bearer first");
            let upload = tokio::spawn(async move {
                let mut text = String::new();
                let mut body = Box::pin(request.into_body());
                while let Some(frame) = body.frame().await {
                    match frame {
                        Ok(frame) => {
                            let data = frame.into_data().unwrap();
                            text.push_str(std::str::from_utf8(&data).unwrap());
                        }
                        Err(error) => {
                            assert!(error.downcast_ref::<Superseded>().is_some(), "{error}");
                            return uploads.push(Err("superseded"));
                        }
                    }
                }
                uploads.push(Ok(text));
            });
            let (status, body) = if refused {
                sleep(SECOND).await;
                (401, "refused")
            } else {
                upload.await?;
                (200, "fine")
            };
            Ok(Response::builder().status(status).body(body.to_owned())?)
        }
    })
}

/// What a body of these frames, one each second and a half, leads to.
async fn outcome(
    frames: &[&'static str],
    second: Result<Token, Fault>,
) -> (Response<String>, Tokens, Uploads) {
    let uploads = Log::new();
    let (source, _) = script(4 * SECOND, [Ok(Token::new("first")), second]);
    let tokens = Tokens::new(source);
    let service = AuthLayer::bearer_from(home(), tokens.clone())
        .replay_with(BufferBody::new(LIMIT))
        .layer(hasty(uploads.clone()));
    let body = Body::drip(frames.to_vec(), SECOND + SECOND / 2);
    assert!(body.size_hint().exact().is_none());
    let request = Request::post(HOME).body(body).unwrap();
    let response = send(&service, request).await.unwrap();
    (response, tokens, uploads)
}

#[tokio::test(start_paused = true)]
async fn it_is_handed_out_and_the_upload_goes_on_if_there_is_no_other_token() {
    for second in [Ok(Token::new("first")), down()] {
        let (response, tokens, uploads) = outcome(&["one", "two"], second).await;
        assert_eq!(response.status(), 401);
        assert_eq!(response.body(), "refused");
        assert!(response.extensions().get::<ReplayError>().is_some());
        sleep(10 * SECOND).await;
        assert_eq!(uploads.all(), [Ok("onetwo".to_owned())]);
        assert_eq!(tokens.resends(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_attempt_takes_the_body_over_once_it_has_its_token() {
    let frames = ["one", "two", "3", "4"];
    let (response, tokens, uploads) = outcome(&frames, Ok(Token::new("second"))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(ResendCount::of(response.extensions()), ResendCount(1));
    assert_eq!(
        uploads.all(),
        [Err("superseded"), Ok("onetwo34".to_owned())]
    );
    assert_eq!(tokens.resends(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_handed_out_if_the_upload_outgrows_its_recording_while_the_token_is_fetched() {
    let frames = ["one", "two", "three", "four"];
    let (response, _, uploads) = outcome(&frames, Ok(Token::new("second"))).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.body(), "refused");
    assert!(
        response.extensions().is_empty(),
        "its body cannot be sent again"
    );
    sleep(Duration::from_secs(10)).await;
    assert_eq!(uploads.all(), [Ok("onetwothreefour".to_owned())]);
}
