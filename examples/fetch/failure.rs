//! A run that did not reach its end, and the line that says why.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::iter::successors;
use std::path::Path;

use outbound::auth::ReplayError;
use outbound::paginate::PageError;

use crate::advice;
use crate::outcome::Outcome;
use crate::trail::Trail;
use crate::words;

/// A run that did not reach its end.
///
/// Displayed as one line: what failed, where, and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) outcome: Outcome,
    what: String,
    /// The page that it is about, counted from 0.
    page: Option<u64>,
    /// Where that page was asked for, without secrets.
    url: Option<String>,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(outcome: Outcome, what: impl Into<String>) -> Self {
        Self {
            outcome,
            what: words::of_the_program(what.into()),
            page: None,
            url: None,
            hint: None,
        }
    }

    /// A page or an item that could not be had.
    pub(crate) fn page(error: &PageError, credential: bool) -> Self {
        let outcome = Outcome::of_page(error, credential);
        let mut what = chain(error);
        // Why a refused request was not sent again with another credential.
        let replay = error
            .response()
            .and_then(|page| page.parts.extensions.get::<ReplayError>());
        if let Some(replay) = replay {
            what = format!("{what}: {}", chain(replay));
        }
        Self {
            page: Some(error.position().page),
            hint: advice::page(error, outcome, credential).map(str::to_owned),
            ..Self::new(outcome, what)
        }
    }

    /// A first page that could not be had.
    pub(crate) fn call(page: u64, error: &(dyn Error + 'static)) -> Self {
        let outcome = Outcome::of(error);
        Self {
            hint: advice::cause(error, outcome).map(str::to_owned),
            ..Self::new(outcome, chain(error)).on(page)
        }
    }

    /// Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self::new(Outcome::Interrupted, "interrupted")
    }

    /// An output that cannot be opened.
    pub(crate) fn opening(path: Option<&Path>, error: &io::Error) -> Self {
        let what = match path {
            Some(path) => format!("-o {}: {error}", path.display()),
            None => format!("stdout: {error}"),
        };
        let failure = Self::new(Outcome::Output, what);
        match error.kind() {
            // It says what to do itself.
            ErrorKind::Other => failure,
            _ => failure.hint("name a file that can be written"),
        }
    }

    /// An output that cannot be written any further.
    pub(crate) fn writing(error: &io::Error) -> Self {
        let what = format!("the output cannot be written: {error}");
        Self::new(Outcome::Output, what)
            .hint("see that there is room, or name another file with -o")
    }

    /// A checkpoint that cannot be written.
    pub(crate) fn saving(path: &Path, error: &io::Error) -> Self {
        let what = format!(
            "--checkpoint {}: it cannot be written: {error}",
            path.display()
        );
        Self::new(Outcome::Output, what).hint("name a file in a folder that can be written")
    }

    /// The same, about this page.
    pub(crate) fn on(self, page: u64) -> Self {
        let what = format!("page {}: {}", page.saturating_add(1), self.what);
        Self {
            what,
            page: Some(page),
            ..self
        }
    }

    /// The same, with what to do.
    pub(crate) fn hint(self, hint: &str) -> Self {
        Self {
            hint: Some(hint.to_owned()),
            ..self
        }
    }

    /// The same, with where the page was asked for.
    pub(crate) fn located(self, trail: &Trail) -> Self {
        let url = self.page.and_then(|page| trail.of(page));
        Self { url, ..self }
    }

    /// The same, with how to go on from `checkpoint`.
    pub(crate) fn resumable(self, checkpoint: Option<&Path>) -> Self {
        let Some(path) = checkpoint.filter(|_| self.outcome.may_pass()) else {
            return self;
        };
        let again = format!("run again to go on from the checkpoint {}", path.display());
        let hint = Some(match self.hint {
            Some(hint) => format!("{hint}; {again}"),
            None => again,
        });
        Self { hint, ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(url) = &self.url {
            write!(f, " ({url})")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

/// An error and what it came from, on one line, without saying anything twice.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = String::new();
    for error in successors(Some(error), |&error| error.source()) {
        let text = error.to_string();
        if !line.contains(&text) {
            let separator = if line.is_empty() { "" } else { ": " };
            line.push_str(separator);
            line.push_str(&text);
        }
    }
    line.replace(['\r', '\n'], " ")
}
