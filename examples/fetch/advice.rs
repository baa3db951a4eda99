//! What to do about a failure: one hint, where one helps.

use std::error::Error;
use std::iter::successors;

use http::StatusCode;
use outbound::http::DeadlineExceeded;
use outbound::paginate::{PageError, PageErrorKind};

use crate::not_json::NotJson;
use crate::outcome::Outcome;

/// About a page or an item that could not be had.
pub(crate) fn page(error: &PageError, outcome: Outcome, credential: bool) -> Option<&'static str> {
    match error.kind() {
        PageErrorKind::Status => {
            let status = error.response().map(|page| page.parts.status);
            status.and_then(|status| answer(status, credential))
        }
        PageErrorKind::NotJson => Some(not_json(error)),
        PageErrorKind::Malformed => Some("check --next, --items and their like against the page"),
        PageErrorKind::CrossOrigin => {
            Some("permit its origin with --allow-origin, or stay with --origin rebase")
        }
        PageErrorKind::Repeated | PageErrorKind::Stalled => {
            Some("check --next, or take it for the end with --on-repeat end")
        }
        PageErrorKind::EmptyPages => Some("check --next and --items"),
        PageErrorKind::TooLarge => Some("allow more with --max-body"),
        _ => cause(error, outcome),
    }
}

fn answer(status: StatusCode, credential: bool) -> Option<&'static str> {
    match status.as_u16() {
        401 | 403 if credential => Some("check the credential and what it may do"),
        401 | 403 => Some("give a credential, such as --bearer-env"),
        300..=399 | 404 | 410 => Some("check the URL"),
        408 | 421 | 425 | 429 | 500 | 502..=504 => Some("try later, or with more --retries"),
        400..=499 | 501 | 505 => Some("check the request (-X, -H, -d)"),
        500..=599 => Some("try later, or ask those who run the API"),
        _ => None,
    }
}

/// About an error that one of the layers claims, or none.
pub(crate) fn cause(error: &(dyn Error + 'static), outcome: Outcome) -> Option<&'static str> {
    let mut causes = successors(Some(error), |&error| error.source());
    match outcome {
        Outcome::Contract if causes.any(|error| error.is::<NotJson>()) => Some(not_json(error)),
        Outcome::Contract => Some("fix what is wrong, or go on and count with --contract report"),
        Outcome::Guarded => Some("allow more with --max-body"),
        Outcome::Transport => Some(transport(error)),
        // A credential's errors say it themselves.
        _ => None,
    }
}

fn not_json(error: &(dyn Error + 'static)) -> &'static str {
    let mut causes = successors(Some(error), |&error| error.source());
    match causes.any(|error| error.to_string().contains("content-encoding")) {
        true => "ask for it plain with -H 'Accept-Encoding: identity'",
        false => "check the URL, and the Accept header (-H)",
    }
}

fn transport(error: &(dyn Error + 'static)) -> &'static str {
    for error in successors(Some(error), |&error| error.source()) {
        if error.is::<DeadlineExceeded>() {
            return "allow more with --page-deadline";
        }
        // These are not tried again: they will be the same.
        if error.downcast_ref().is_some_and(hyper::Error::is_parse) {
            return "check the URL: what answers there is no HTTP/1 server";
        }
        if error.to_string().starts_with("invalid peer certificate") {
            return "check the URL, or have its certificate trusted by this system";
        }
    }
    "check that the server can be reached, or try with more --retries"
}
