//! How a run ended: its name in the summary, and its exit code.

use std::error::Error;
use std::iter::successors;
use std::process::ExitCode;

use http::StatusCode;
use outbound::auth::AuthError;
use outbound::http::BodyTooLarge;
use outbound::paginate::{PageError, PageErrorKind};
use outbound::schema::Violation;

use crate::not_json::NotJson;

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

    /// Whether the same run may come further another time.
    pub(crate) const fn may_pass(self) -> bool {
        matches!(
            self,
            Self::Output | Self::Status | Self::Transport | Self::Credential | Self::Interrupted
        )
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

    /// Of a page or an item that could not be had.
    pub(crate) fn of_page(error: &PageError, credential: bool) -> Self {
        match error.kind() {
            PageErrorKind::Status => {
                let status = error.response().map(|page| page.parts.status);
                if credential && status == Some(StatusCode::UNAUTHORIZED) {
                    Self::Credential
                } else {
                    Self::Status
                }
            }
            PageErrorKind::Malformed | PageErrorKind::CrossOrigin | PageErrorKind::Drifted => {
                Self::Pagination
            }
            PageErrorKind::ForeignCheckpoint => Self::Usage,
            PageErrorKind::Repeated
            | PageErrorKind::Stalled
            | PageErrorKind::TooLarge
            | PageErrorKind::EmptyPages => Self::Guarded,
            PageErrorKind::NotJson => Self::Contract,
            _ => Self::of(error),
        }
    }

    /// Finds out along the chain which layer failed; what none of them claims is the transport's.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        for error in successors(Some(error), |&error| error.source()) {
            if error.is::<AuthError>() {
                return Self::Credential;
            }
            if error.is::<Violation>() || error.is::<NotJson>() {
                return Self::Contract;
            }
            if error.is::<BodyTooLarge>() {
                return Self::Guarded;
            }
        }
        Self::Transport
    }

    pub(crate) fn exit_code(self) -> ExitCode {
        self.code().into()
    }
}
