//! Failures are told apart.

use http::{Method, StatusCode};
use outbound::auth::{AuthLayer, FetchError, Scope, Tokens, from_fn};
use outbound::schema::{Contract, ValidateLayer};
use outbound::{BoxError, ErrorExt, standard, success};
use test_support::{Scripted, Step};

use crate::{SECOND, request};

#[tokio::test(start_paused = true)]
async fn a_token_that_does_not_come_is_a_timeout_and_the_credential_s() {
    let failure = async |tokens: Tokens| {
        let scope = Scope::origin("https://h").unwrap();
        let stack = standard()
            .auth(AuthLayer::bearer_from(scope, tokens))
            .service(Scripted::new([]));
        let response = stack.send(request(Method::GET, "https://h/")).await;
        response.map(|_| ()).unwrap_err()
    };
    let slow = failure(Tokens::new(from_fn(|_| std::future::pending()))).await;
    assert!(slow.is_timeout() && slow.is_credential() && !slow.is_transport());
    let refused = async |_| Err(FetchError::new("no"));
    let refused = failure(Tokens::new(from_fn(refused))).await;
    assert!(!refused.is_timeout() && refused.is_credential());
}

#[tokio::test(start_paused = true)]
async fn each_failure_is_told_apart() {
    async fn failure(step: Step) -> BoxError {
        let scope = Scope::origin("https://h").unwrap();
        let stack = standard()
            .without_retry()
            .deadline(9 * SECOND)
            .auth(AuthLayer::bearer(scope, "token").unwrap().strict())
            .contract(ValidateLayer::new(Contract::required(["/id"]).unwrap()))
            .service(Scripted::new([step]));
        let response = stack.send(request(Method::GET, "https://h/")).await;
        response
            .and_then(|response| Ok(success(response)?))
            .map(|_| ())
            .unwrap_err()
    }
    let io = |kind| Step::error(std::io::Error::from(kind));
    let reset = failure(io(std::io::ErrorKind::ConnectionReset)).await;
    let slow = failure(Step::ok("{}").delay(10 * SECOND)).await;
    let timed_out = failure(io(std::io::ErrorKind::TimedOut)).await;
    let broken = failure(Step::ok("{}")).await;
    let missing = failure(Step::status(404)).await;
    let told = |error: &BoxError| {
        (
            error.is_transport(),
            error.is_timeout(),
            error.is_contract(),
            error.is_credential(),
            error.status().map(|status| status.as_u16()),
        )
    };
    assert_eq!(told(&reset), (true, false, false, false, None));
    assert_eq!(told(&slow), (false, true, false, false, None));
    assert_eq!(told(&timed_out), (true, true, false, false, None));
    assert_eq!(told(&broken), (false, false, true, false, None));
    assert_eq!(told(&missing), (false, false, false, false, Some(404)));
    assert_eq!(broken.violation().unwrap().status(), Some(StatusCode::OK));
    // However an I/O error wraps it.
    let wrapped: BoxError = std::io::Error::other(slow).into();
    assert!(wrapped.is_timeout());
    let elapsed = tokio::time::timeout(SECOND, std::future::pending::<()>()).await;
    let elapsed: BoxError = elapsed.unwrap_err().into();
    assert_eq!(told(&elapsed), (false, true, false, false, None));
    let handshake: BoxError = std::io::Error::other(timed_out).into();
    assert!(handshake.is_timeout());
}
