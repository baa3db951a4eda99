//! Follows redirects, and takes no secret along to another origin.

use http::{Request, Uri};
use tower_http::follow_redirect::policy::{Action, Attempt, Policy};

/// How many redirects of one send are followed.
const LIMIT: u8 = 10;

/// Strips every sensitive header once a redirect has left the first origin, and for good: a
/// way back to it does not bring them back.
#[derive(Clone, Debug)]
pub(crate) struct KeepSecrets {
    left: u8,
    strayed: bool,
}

impl KeepSecrets {
    pub(crate) const fn new() -> Self {
        Self {
            left: LIMIT,
            strayed: false,
        }
    }
}

impl<B: Clone, E> Policy<B, E> for KeepSecrets {
    fn redirect(&mut self, attempt: &Attempt<'_>) -> Result<Action, E> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(Action::Stop);
        };
        self.left = left;
        self.strayed |= !same_origin(attempt.previous(), attempt.location());
        Ok(Action::Follow)
    }

    fn on_request(&mut self, request: &mut Request<B>) {
        if !self.strayed {
            return;
        }
        let secret: Vec<_> = request
            .headers()
            .iter()
            .filter(|(_, value)| value.is_sensitive())
            .map(|(name, _)| name.clone())
            .collect();
        for name in secret {
            request.headers_mut().remove(name);
        }
    }

    fn clone_body(&self, body: &B) -> Option<B> {
        Some(body.clone())
    }
}

fn same_origin(one: &Uri, other: &Uri) -> bool {
    outbound::http::Origin::of(one).is_some_and(|origin| origin.contains(other))
}
