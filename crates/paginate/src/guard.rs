//! What keeps a stream at home: the origin guard.

use http::{Request, Uri};
use outbound_http::{Origin, leave_origin};

use crate::config::OriginPolicy;
use crate::malformed::Malformed;
use crate::uri;

/// Where the first request goes. Whatever pages and redirects say later, this is what
/// "the same origin" means for the whole stream.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    uri: Uri,
    /// `None` for a request without an origin, as with a base-URL layer beneath.
    origin: Option<Origin>,
}

/// A request that would leave its origin, or cannot be kept there.
pub(crate) enum Strayed {
    Elsewhere(String),
    Unusable(Malformed),
}

impl Home {
    pub(crate) fn of(uri: &Uri) -> Self {
        Self {
            uri: uri.clone(),
            origin: Origin::of(uri),
        }
    }

    fn contains(&self, uri: &Uri) -> bool {
        match &self.origin {
            Some(origin) => origin.contains(uri),
            None => self.uri.scheme() == uri.scheme() && self.uri.authority() == uri.authority(),
        }
    }

    /// The same path and query at the first origin, where `uri` is elsewhere.
    pub(crate) fn rebase(&self, uri: &Uri) -> Result<Option<Uri>, Malformed> {
        if self.contains(uri) {
            return Ok(None);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        uri::with_path_and_query(&self.uri, path).map(Some)
    }

    /// Sees to it that `request` stays where `policy` wants it.
    pub(crate) fn confine<B>(
        &self,
        request: &mut Request<B>,
        policy: &OriginPolicy,
    ) -> Result<(), Strayed> {
        if self.contains(request.uri()) {
            return Ok(());
        }
        match policy {
            OriginPolicy::Rebase => {
                if let Some(uri) = self.rebase(request.uri()).map_err(Strayed::Unusable)? {
                    *request.uri_mut() = uri;
                }
                Ok(())
            }
            OriginPolicy::Allow(allowed)
                if allowed.iter().any(|origin| origin.contains(request.uri())) =>
            {
                leave_origin(request);
                Ok(())
            }
            _ => Err(Strayed::Elsewhere(format!(
                "the next page is at {}, and the first request went to {}; \
                 allow it with OriginPolicy if it is meant",
                name(request.uri()),
                name(&self.uri),
            ))),
        }
    }
}

/// The origin alone: path and query may hold a secret, and so may user information.
fn name(uri: &Uri) -> String {
    match (uri.scheme_str(), uri.host()) {
        (Some(scheme), Some(host)) => match uri.port_u16() {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        },
        _ => "an URL without an origin".to_owned(),
    }
}
