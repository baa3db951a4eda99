use std::fmt;

use http::Uri;

use crate::pointer::escape;

/// The URI of a request, of which only scheme, host, port and path are ever shown: users and
/// queries carry secrets. A path may hold what would break a log line, which is escaped.
#[derive(Clone)]
pub(crate) struct Target(Uri);

impl Target {
    pub(crate) fn of(uri: &Uri) -> Self {
        Self(uri.clone())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(uri) = self;
        if let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) {
            write!(f, "{scheme}://{}", escape(host))?;
            if let Some(port) = uri.port() {
                write!(f, ":{port}")?;
            }
        }
        f.write_str(&escape(uri.path()))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
