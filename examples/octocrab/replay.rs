//! How a body of octocrab's is sent again.
//!
//! `OctoBody` is `Clone`, but all clones read from one source: a second send of a clone would be
//! empty. What its `try_clone` makes starts at the beginning.

use http_body::Body;
use octocrab::OctoBody;
use outbound::http::Replay;

/// Repeats a body that is in memory, or empty. A stream is sent once, as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OctoReplay;

impl Replay<OctoBody> for OctoReplay {
    type Body = OctoBody;
    type Saved = OctoBody;

    fn split(&self, body: OctoBody) -> (OctoBody, Option<OctoBody>) {
        let saved = self.duplicate(&body);
        (body, saved)
    }

    fn once(&self, body: OctoBody) -> OctoBody {
        body
    }

    fn again(&self, saved: &OctoBody) -> Option<OctoBody> {
        self.duplicate(saved)
    }

    fn duplicate(&self, body: &OctoBody) -> Option<OctoBody> {
        match body.try_clone() {
            // It does not count an empty body among those that it can clone.
            None if body.is_end_stream() => Some(OctoBody::from(String::new())),
            duplicate => duplicate,
        }
    }
}
