//! What the guide says of traps and of orders that do harm, where its own examples do not show it.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{Request, StatusCode};
use http_body_util::Full;
use outbound::auth::{AuthLayer, Scope, Token, Tokens, from_fn};
use outbound::http::{DeadlineAt, DeadlineLayer};
use outbound::paginate::{LinkHeader, PageErrorKind, PaginateLayer};
use outbound::retry::{Attempts, RetryLayer};
use outbound::schema::{Contract, ValidateLayer};
use outbound::{BoxError, Client, ErrorExt, standard};
use test_support::{Scripted, Step};
use tokio::time::Instant;
use tower::limit::ConcurrencyLimitLayer;
use tower::timeout::TimeoutLayer;
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_http::follow_redirect::FollowRedirectLayer;

const SECOND: Duration = Duration::from_secs(1);

fn get(uri: &str) -> Request<Full<Bytes>> {
    Request::get(uri).body(Full::default()).unwrap()
}

fn each_second() -> RetryLayer<
    outbound::http::CloneBody,
    outbound::retry::Standard,
    impl Fn(u64) -> std::iter::Repeat<Duration> + Clone,
> {
    RetryLayer::new().backoff(|_seed| std::iter::repeat(SECOND))
}

fn slow_at_first() -> Scripted {
    Scripted::new([Step::ok("{}").delay(60 * SECOND), Step::ok("{}")])
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_a_try_is_retried_and_tower_s_timeout_is_not() {
    let api = slow_at_first();
    let stack = standard()
        .per_try(DeadlineLayer::new(SECOND))
        .service(api.clone());
    let response = stack.send(get("https://h/")).await.unwrap();
    assert_eq!(Attempts::of(response.extensions()), 2);

    let api = slow_at_first();
    let stack = standard()
        .per_try(TimeoutLayer::new(SECOND))
        .service(api.clone());
    let error = stack.send(get("https://h/")).await.unwrap_err();
    assert!(error.find::<tower::timeout::error::Elapsed>().is_some());
    assert_eq!(api.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_calls_holds_its_permit_through_the_pauses_and_one_of_tries_does_not() {
    let script = || {
        Scripted::from_fn(|request| match request.uri.path() {
            "/busy" => Step::status(503),
            _ => Step::ok("{}"),
        })
    };
    let retry = each_second().retries(1);

    // The second call waits for the pause of the first one, of a second,
    let per_call = standard()
        .retry(retry.clone())
        .per_call(ConcurrencyLimitLayer::new(1))
        .service(script());
    // and here it does not.
    let per_try = standard()
        .retry(retry)
        .per_try(ConcurrencyLimitLayer::new(1))
        .service(script());

    let start = Instant::now();
    let busy = per_call.send(get("https://h/busy"));
    let quick = async {
        per_call.send(get("https://h/")).await.unwrap();
        start.elapsed()
    };
    assert_eq!(tokio::join!(busy, quick).1, SECOND);

    let start = Instant::now();
    let busy = per_try.send(get("https://h/busy"));
    let quick = async {
        per_try.send(get("https://h/")).await.unwrap();
        start.elapsed()
    };
    assert_eq!(tokio::join!(busy, quick).1, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn no_deadline_counts_the_wait_for_a_limit_and_load_shed_makes_none() {
    let slow = || Scripted::from_fn(|_| Step::ok("{}").delay(60 * SECOND));
    let soon = || {
        let mut request = get("https://h/");
        let at = DeadlineAt(Instant::now() + SECOND);
        request.extensions_mut().insert(at);
        request
    };
    let one = ConcurrencyLimitLayer::new(1);

    let waits = standard().per_call(one.clone()).service(slow());
    let start = Instant::now();
    let first = waits.send(get("https://h/"));
    let second = async {
        let error = waits.send(soon()).await.unwrap_err();
        (error.is_timeout(), start.elapsed())
    };
    let both = tokio::join!(first, second);
    assert_eq!(both.1, (true, 60 * SECOND));

    let sheds = ServiceBuilder::new().load_shed().layer(one);
    let sheds = standard().per_call(sheds.into_inner()).service(slow());
    let start = Instant::now();
    let first = sheds.send(get("https://h/"));
    let second = async {
        let error = sheds.send(soon()).await.unwrap_err();
        let refused = error.find::<tower::load_shed::error::Overloaded>();
        (refused.is_some(), start.elapsed())
    };
    let both = tokio::join!(first, second);
    assert_eq!(both.1, (true, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_fits_into_a_try_behind_a_buffer() {
    let api = Scripted::new([Step::status(503), Step::ok("{}")]);
    let limit = ServiceBuilder::new().buffer(8).rate_limit(1, 10 * SECOND);
    let client: Client = standard()
        .retry(each_second())
        .per_try(limit.into_inner())
        .service(api)
        .boxed();
    let start = Instant::now();
    let response = client.send(get("https://h/")).await.unwrap();
    assert_eq!(Attempts::of(response.extensions()), 2);
    assert_eq!(start.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_breach_costs_no_retry() {
    let api = Scripted::from_fn(|_| Step::ok("[]"));
    let contract = Contract::required(["/id"]).unwrap();
    let stack = standard()
        .contract(ValidateLayer::new(contract))
        .service(api.clone());
    let error = stack.send(get("https://h/")).await.unwrap_err();
    assert!(error.is_contract());
    assert_eq!(api.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_redirects_above_it_a_strict_credential_fails_at_another_origin() {
    let api = Scripted::from_fn(|request| match request.uri.host() {
        Some("h") => Step::status(302).header("location", "https://other/"),
        _ => Step::ok("{}"),
    });
    let scope = Scope::origin("https://h").unwrap();
    let auth = AuthLayer::bearer(scope, "secret").unwrap().strict();

    let above = standard()
        .auth(auth.clone())
        .per_call(FollowRedirectLayer::new())
        .service(api.clone());
    let error = above.send(get("https://h/")).await.unwrap_err();
    assert!(error.is_credential());
    assert_eq!(api.calls(), 1);

    let beneath = standard()
        .auth(auth)
        .per_try(FollowRedirectLayer::new())
        .service(api.clone());
    let response = beneath.send(get("https://h/")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let last = api.requests().pop().unwrap();
    assert!(!last.headers.contains_key("authorization"));
}

#[tokio::test(start_paused = true)]
async fn a_layer_of_one_s_own_over_a_base_url_walks_beneath_it_and_nowhere_else() {
    let api = |link: &str| -> Client {
        let page = Step::ok("[1]").header("link", &format!("<{link}>; rel=next"));
        let client = standard().base_url("https://api.test/v1").unwrap();
        client
            .service(Scripted::new([page, Step::ok("[2]")]))
            .boxed()
    };
    let walk = async |api: Client, first: &str| -> Result<Vec<u32>, BoxError> {
        let layer = PaginateLayer::new(LinkHeader::next());
        let pages = layer.layer(api).oneshot(get(first)).await?;
        Ok(pages.items::<u32>("").try_collect().await?)
    };
    let beneath = "https://api.test/v1/items?page=2";
    let whole = "https://api.test/v1/items";
    for first in [whole, "/items"] {
        assert_eq!(walk(api(beneath), first).await.unwrap(), [1, 2]);
        // Nor does a box that does not know the base make a difference.
        let boxed = Client::new(api(beneath));
        assert_eq!(walk(boxed, first).await.unwrap(), [1, 2]);
    }
    // Beside the base only who named the origin may go.
    let beside = "https://api.test/v2/items?page=2";
    assert_eq!(walk(api(beside), whole).await.unwrap(), [1, 2]);
    let error = walk(api(beside), "/items").await.unwrap_err();
    assert!(error.is_page(PageErrorKind::CrossOrigin));

    for link in [beneath, beside] {
        let pages = api(link).pages(LinkHeader::next(), get("/items")).await;
        let items = pages.unwrap().items::<u32>("").try_collect();
        let items: Vec<u32> = items.await.unwrap();
        assert_eq!(items, [1, 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_in_the_middle_of_a_list_is_renewed_there() {
    let api = Scripted::from_fn(|request| {
        let first = request.uri.query().is_none();
        match (first, request.headers["authorization"].as_bytes()) {
            (true, _) => Step::ok("[1]").header("link", "<?page=2>; rel=next"),
            (false, b"Bearer Missing") => Step::status(401),
            (false, _) => Step::ok("[2]"),
        }
    });
    let tokens = Tokens::new(from_fn(
        |why| async move { Ok(Token::new(format!("{why:?}"))) },
    ));
    let scope = Scope::origin("https://h").unwrap();
    let client = standard()
        .auth(AuthLayer::bearer_from(scope, tokens.clone()).replay())
        .service(api.clone())
        .boxed();
    let pages = client.pages(LinkHeader::next(), get("https://h/items"));
    let items: Vec<u32> = pages
        .await
        .unwrap()
        .items::<u32>("")
        .try_collect()
        .await
        .unwrap();
    assert_eq!(items, [1, 2]);
    assert_eq!((api.calls(), tokens.fetches(), tokens.resends()), (3, 2, 1));
}
