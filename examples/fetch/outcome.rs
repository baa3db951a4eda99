//! How a run ended: its name in the summary, its exit code, and the line that says why.

use std::error::Error;
use std::process::ExitCode;

use http::StatusCode;
use outbound::auth::{AuthError, ReplayError};
use outbound::http::BodyTooLarge;
use outbound::paginate::{PageError, PageErrorKind};
use outbound::schema::Violation;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// A limit of pages or items ended it.
    Limited,
    Output,
    Usage,
    Status,
    Contract,
    Transport,
    Pagination,
    /// A guard refused to go on: a limit on bytes, a repetition, empty pages.
    Guarded,
    Credential,
    Interrupted,
}

/// A run that did not reach its end.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) outcome: Outcome,
    /// One line: what failed, where, and what to do.
    pub(crate) line: String,
}

impl Outcome {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Limited => "limited",
            Self::Output => "output",
            Self::Usage => "usage",
            Self::Status => "status",
            Self::Contract => "contract",
            Self::Transport => "transport",
            Self::Pagination | Self::Guarded => "pagination",
            Self::Credential => "credential",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether a guard or a limit ended the drain before the API did.
    pub(crate) const fn truncated(self) -> bool {
        matches!(self, Self::Limited | Self::Guarded)
    }

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done | Self::Limited => 0,
            Self::Output => 1,
            Self::Usage => 2,
            Self::Status => 3,
            Self::Contract => 4,
            Self::Transport => 5,
            Self::Pagination | Self::Guarded => 6,
            Self::Credential => 7,
            Self::Interrupted => 130,
        }
    }

    pub(crate) fn exit_code(self) -> ExitCode {
        self.code().into()
    }
}

impl Failure {
    pub(crate) fn new(outcome: Outcome, line: impl Into<String>) -> Self {
        Self {
            outcome,
            line: line.into(),
        }
    }

    /// A page or an item that could not be had.
    pub(crate) fn page(error: &PageError, credential: bool) -> Self {
        let outcome = match error.kind() {
            PageErrorKind::Status => {
                let status = error.response().map(|page| page.parts.status);
                if credential && status == Some(StatusCode::UNAUTHORIZED) {
                    Outcome::Credential
                } else {
                    Outcome::Status
                }
            }
            PageErrorKind::Malformed | PageErrorKind::CrossOrigin | PageErrorKind::Drifted => {
                Outcome::Pagination
            }
            PageErrorKind::ForeignCheckpoint => Outcome::Usage,
            PageErrorKind::Repeated
            | PageErrorKind::Stalled
            | PageErrorKind::TooLarge
            | PageErrorKind::EmptyPages => Outcome::Guarded,
            PageErrorKind::NotJson => Outcome::Contract,
            _ => cause(error),
        };
        // Why a refused request was not sent again with another credential.
        let replay = error
            .response()
            .and_then(|page| page.parts.extensions.get::<ReplayError>());
        let line = match replay {
            Some(replay) => format!("{}: {}", chain(error), chain(replay)),
            None => chain(error),
        };
        Self::new(outcome, line)
    }

    /// A first page that could not be had.
    pub(crate) fn call(error: &(dyn Error + 'static)) -> Self {
        Self::new(cause(error), format!("page 1: {}", chain(error)))
    }
}

/// Finds out along the chain which layer failed; what none of them claims is the transport's.
fn cause(error: &(dyn Error + 'static)) -> Outcome {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<AuthError>() {
            return Outcome::Credential;
        }
        if error.is::<Violation>() {
            return Outcome::Contract;
        }
        if error.is::<BodyTooLarge>() {
            return Outcome::Guarded;
        }
        next = error.source();
    }
    Outcome::Transport
}

/// An error and what it came from, on one line, without saying anything twice.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut is_breach = error.is::<Violation>();
    let mut next = error.source();
    while let Some(error) = next {
        is_breach |= error.is::<Violation>();
        let text = error.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        next = error.source();
    }
    if is_breach {
        line.push_str("; fix what is wrong, or go on and count with --contract report");
    }
    line.replace(['\r', '\n'], " ")
}
