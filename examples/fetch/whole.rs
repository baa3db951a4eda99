//! Whether a page that was collected is one JSON text.

use std::future::{Ready, ready};
use std::io;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use http::Response;
use http::header::CONTENT_ENCODING;
use outbound::BoxError;
use outbound::http::CollectedBody;
use serde_json::value::RawValue;
use tower::util::AndThenLayer;

use crate::not_json::NotJson;
use crate::summary::Counters;

type Answer = Result<Response<CollectedBody>, BoxError>;

/// Within the attempt, around what collects bodies: a text that ends early is as broken as a body
/// that does, and is retried alike, whether HTTP tells that it broke off or does not.
pub(crate) fn layer(
    counters: &Counters,
) -> AndThenLayer<impl FnOnce(Response<CollectedBody>) -> Ready<Answer> + Clone + use<>> {
    let counters = counters.clone();
    AndThenLayer::new(move |response| ready(judge(response, &counters)))
}

fn judge(response: Response<CollectedBody>, counters: &Counters) -> Answer {
    let body = response.body().bytes();
    if !response.status().is_success() || body.is_empty() {
        return Ok(response);
    }
    if body.trim_ascii().is_empty() {
        return Ok(response.map(|_| Bytes::new().into()));
    }
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(_) => Ok(response),
        Err(error) if ends_early(body, &error) => {
            let what = "the page ended in the middle of its JSON";
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, what).into())
        }
        Err(error) => {
            counters.violations().fetch_add(1, Relaxed);
            let is_encoded = response.headers().contains_key(CONTENT_ENCODING);
            Err(NotJson::new(error, is_encoded).into())
        }
    }
}

/// Whether `text`, which is no JSON text, is the beginning of one.
fn ends_early(text: &[u8], error: &serde_json::Error) -> bool {
    // A number that lacks its next digit is an invalid one to serde_json.
    let lacks_digit = matches!(text.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E'));
    let is_text = |text: &[u8]| {
        let checked = serde_json::from_slice::<&RawValue>(text);
        checked.map_or_else(|error| error.is_eof(), |_| true)
    };
    error.is_eof() || lacks_digit && is_text(&[text, b"0"].concat())
}
