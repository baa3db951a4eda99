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
        let saved = body.try_clone();
        (body, saved)
    }

    fn once(&self, body: Body) -> Body {
        body
    }

    fn again(&self, saved: &Body) -> Option<Body> {
        saved.try_clone()
    }
}
