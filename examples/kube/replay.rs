//! How a body of kube's is sent again: it is not `Clone`, and knows whether it can be repeated.

use kube::client::Body;
use outbound::http::Replay;

/// Repeats a body that is in memory. A stream is sent once, as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KubeBody;

impl Replay<Body> for KubeBody {
    type Body = Body;
    type Saved = Body;

    fn split(&self, body: Body) -> (Body, Option<Body>) {
        let saved = self.duplicate(&body);
        (body, saved)
    }

    fn once(&self, body: Body) -> Body {
        body
    }

    fn again(&self, saved: &Body) -> Option<Body> {
        self.duplicate(saved)
    }

    fn duplicate(&self, body: &Body) -> Option<Body> {
        body.try_clone()
    }
}
