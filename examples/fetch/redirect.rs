//! Follows redirects, and takes no secret along to another origin.

use bytes::Bytes;
use http_body_util::Full;
use outbound::BoxError;
use outbound::auth::RemoveSensitive;
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::follow_redirect::policy::{And, CloneBodyFn, PolicyExt, clone_body_fn};

type CloneBody = CloneBodyFn<fn(&Full<Bytes>) -> Option<Full<Bytes>>>;

/// Every redirect of one send is followed, up to the policy's limit; a body goes along.
pub(crate) fn layer() -> FollowRedirectLayer<And<RemoveSensitive, CloneBody>> {
    let clone: fn(&Full<Bytes>) -> Option<Full<Bytes>> = |body| Some(body.clone());
    let policy = RemoveSensitive::new();
    FollowRedirectLayer::with_policy(policy.and::<_, Full<Bytes>, BoxError>(clone_body_fn(clone)))
}
