//! Contracts for requests and responses, around the standard stack.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound::auth::{AuthLayer, Scope};
use outbound::schema::{Contract, Contracts, Side, StatusClass, ValidateLayer, Violation};
use outbound::standard;
use test_support::{Scripted, Step, send};
use tower::ServiceBuilder;

fn post(body: &'static str) -> Request<Full<Bytes>> {
    Request::post("https://h/items")
        .header("content-type", "application/json")
        .header("idempotency-key", "7")
        .body(Full::new(Bytes::from(body)))
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_request_is_held_to_its_contract_once_and_may_still_be_sent_again() {
    let contracts = Contracts::new()
        .request(Contract::required(["/in: integer"]).unwrap())
        .class(StatusClass::Success, Contract::required(["/out"]).unwrap());
    let api = Scripted::new([Step::status(503), Step::ok(r#"{"out":1}"#), Step::ok("{}")]);
    let both = ServiceBuilder::new()
        .layer(ValidateLayer::new(contracts.clone()))
        .layer(ValidateLayer::requests(contracts));
    let mut client = standard()
        .auth(
            AuthLayer::bearer(Scope::origin("https://h").unwrap(), "token")
                .unwrap()
                .strict(),
        )
        .contract(both)
        .service(api.clone())
        .boxed();

    // Sent twice, the same both times.
    let response = send(&mut client, post(r#"{"in":1}"#)).await.unwrap();
    assert_eq!(response.into_body().into_bytes(), r#"{"out":1}"#);
    let bodies: Vec<_> = api.requests().into_iter().map(|sent| sent.body).collect();
    assert_eq!(bodies, [r#"{"in":1}"#, r#"{"in":1}"#]);

    for (body, side, sends) in [("{}", Side::Request, 2), (r#"{"in":2}"#, Side::Response, 3)] {
        let error = send(&mut client, post(body)).await.map(|_| ()).unwrap_err();
        let violation = error.downcast_ref::<Violation>().unwrap();
        assert_eq!((violation.side(), api.calls()), (Some(side), sends));
    }
}
