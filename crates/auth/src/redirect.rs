use http::{Request, Uri};
use outbound_http::{Origin, ResendCount, leave_origin};
use tower_http::follow_redirect::policy::{Action, Attempt, Policy};

/// Policy for tower-http's `FollowRedirect` that lets no credential leave the origin it was sent
/// to.
///
/// Once a redirect leads to another origin (scheme, host or port), this request and all that
/// follow it, back to the first origin too, lose what [`leave_origin`] takes: every header that is
/// marked [sensitive](http::HeaderValue::is_sensitive), as all are that this crate adds,
/// `Authorization`, `Cookie` and `Proxy-Authorization` in any case, and nearly all extensions. They
/// are marked [`CrossOrigin`](outbound_http::CrossOrigin), so that a layer beneath adds no
/// credential that is not meant for just that origin. A key in the query is part of the location,
/// and thereby the server's own affair. A body goes along with a 307 or 308 if the policy clones
/// it: do not send a client's secret in a form over a client that follows redirects.
///
/// At most [`limit`](Self::limit) redirects are followed. Each counts as a resend: the requests that
/// follow tell it by their [`ResendCount`]; the response does not.
///
/// ```
/// use outbound_auth::RemoveSensitive;
/// use tower_http::follow_redirect::FollowRedirectLayer;
///
/// let layer = FollowRedirectLayer::with_policy(RemoveSensitive::new());
/// # let _ = layer;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RemoveSensitive {
    left: usize,
    strayed: bool,
    /// Whether a redirect led to what is sent next.
    redirected: bool,
}

impl RemoveSensitive {
    /// How many redirects are followed, by default: 10.
    pub const DEFAULT_LIMIT: usize = 10;

    /// Follows [`DEFAULT_LIMIT`](Self::DEFAULT_LIMIT) redirects.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            left: Self::DEFAULT_LIMIT,
            strayed: false,
            redirected: false,
        }
    }

    /// How many redirects are followed; the response to the last one is handed out. By default
    /// [`DEFAULT_LIMIT`](Self::DEFAULT_LIMIT).
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.left = limit;
        self
    }
}

impl Default for RemoveSensitive {
    fn default() -> Self {
        Self::new()
    }
}

impl<B, E> Policy<B, E> for RemoveSensitive {
    fn redirect(&mut self, attempt: &Attempt<'_>) -> Result<Action, E> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(Action::Stop);
        };
        self.left = left;
        self.redirected = true;
        self.strayed |= !is_same_origin(attempt.previous(), attempt.location());
        Ok(Action::Follow)
    }

    fn on_request(&mut self, request: &mut Request<B>) {
        let resends = ResendCount::of(request.extensions());
        if self.strayed {
            leave_origin(request);
        }
        if self.redirected {
            resends.next().mark(request.extensions_mut());
        }
    }
}

/// Of a URI without an origin nothing is known: it is another one.
fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    Origin::of(one).is_some_and(|origin| origin.contains(other))
}
