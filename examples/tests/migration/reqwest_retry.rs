//! reqwest-middleware and reqwest-retry.

use outbound::BoxError;
use reqwest_middleware::ClientBuilder;
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use test_support::{Act, FaultyServer};

use super::User;

async fn user(url: &str, token: &str) -> Result<User, BoxError> {
    // before
    let policy = ExponentialBackoff::builder().build_with_max_retries(3);
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(RetryTransientMiddleware::new_with_policy(policy))
        .build();
    let response = client.get(url).bearer_auth(token).send().await?;
    let user: User = response.error_for_status()?.json().await?;
    // end
    Ok(user)
}

#[tokio::test]
async fn it_works() -> Result<(), BoxError> {
    let server = FaultyServer::start([[Act::ok(r#"{"id":1}"#)]]).await;
    assert_eq!(
        user(&server.url("/users/1"), "token").await?,
        User { id: 1 }
    );
    let sent = server.requests();
    assert_eq!(sent[0].header("authorization"), Some("Bearer token"));
    Ok(())
}

#[tokio::test]
async fn a_post_that_may_have_been_processed_is_sent_again_by_it_and_not_by_outbound()
-> Result<(), BoxError> {
    let server = || FaultyServer::start([[Act::close()], [Act::ok("{}")]]);
    let theirs = server().await;
    let pause = std::time::Duration::ZERO;
    let policy = ExponentialBackoff::builder()
        .retry_bounds(pause, pause)
        .build_with_max_retries(3);
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(RetryTransientMiddleware::new_with_policy(policy))
        .build();
    client.post(theirs.url("/")).body("{}").send().await?;
    assert_eq!(theirs.requests().len(), 2);

    let ours = server().await;
    let transport =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
            .retry_canceled_requests(false)
            .build_http::<http_body_util::Full<bytes::Bytes>>();
    let client = outbound::standard().service(transport).boxed();
    let request = http::Request::post(ours.url("/")).body("{}".into())?;
    assert!(client.send(request).await.is_err());
    assert_eq!(ours.requests().len(), 1);
    Ok(())
}
