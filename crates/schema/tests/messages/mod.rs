//! Requests, answers, and what came of them.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use outbound_http::BoxError;
use outbound_schema::{Contract, ValidatedBody, Violation};
use test_support::{Body, Step};

pub(crate) fn get(path: &str) -> Request<Empty<Bytes>> {
    Request::get(path).body(Empty::new()).unwrap()
}

pub(crate) fn named(pointer: &str) -> Contract {
    Contract::required([pointer]).unwrap()
}

pub(crate) fn json_of(status: u16, body: &'static str) -> Step {
    let step = Step::status(status).header("content-type", "application/json");
    step.body(body)
}

pub(crate) type Answer = Result<Response<ValidatedBody<Body>>, BoxError>;

/// The rule that is broken, or the body.
pub(crate) async fn outcome(answer: Answer) -> String {
    match answer {
        Ok(response) => {
            let body = response.into_body().collect().await.unwrap().to_bytes();
            String::from_utf8(body.to_vec()).unwrap()
        }
        Err(error) => error
            .downcast_ref::<Violation>()
            .unwrap()
            .schema()
            .to_owned(),
    }
}
