use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use outbound_http::Origin;

use super::invalid::InvalidBaseUrl;

/// What comes before a request's path.
#[derive(Debug)]
pub(super) struct Base {
    scheme: Scheme,
    authority: Authority,
    /// Without a slash at its end.
    path: String,
}

impl Base {
    pub(super) fn parse(base: &str) -> Result<Self, InvalidBaseUrl> {
        let uri: Uri = base.parse().map_err(|_| InvalidBaseUrl("is no URL"))?;
        let is_origin = Origin::of(&uri).is_some();
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(InvalidBaseUrl("has no scheme or no host"));
        };
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(InvalidBaseUrl("is neither http nor https"));
        }
        if authority.as_str().contains('@') {
            return Err(InvalidBaseUrl(
                "holds a credential, which belongs into an AuthLayer",
            ));
        }
        // `http` lets any text pass for a port, and takes the scheme's own then: another server.
        if !is_origin {
            return Err(InvalidBaseUrl("has a port that is none"));
        }
        let path = parts
            .path_and_query
            .unwrap_or(PathAndQuery::from_static("/"));
        if path.query().is_some() {
            return Err(InvalidBaseUrl("has a query"));
        }
        Ok(Self {
            scheme,
            authority,
            path: path.path().trim_end_matches('/').to_owned(),
        })
    }

    /// `None` for a URI that needs no base, and for one that is no path (`*` of OPTIONS).
    pub(super) fn complete(&self, uri: &Uri) -> Option<Uri> {
        let relative = uri.path_and_query().filter(|_| uri.scheme().is_none())?;
        let text = relative.as_str();
        if uri.authority().is_some() || text == "*" {
            return None;
        }
        let path = if self.path.is_empty() {
            relative.clone()
        } else {
            let slash = if text.starts_with('/') { "" } else { "/" };
            PathAndQuery::try_from([&self.path, slash, text].concat()).ok()?
        };
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(base: &str, uri: &str) -> Option<String> {
        let base = Base::parse(base).unwrap();
        base.complete(&uri.parse().unwrap())
            .map(|uri| uri.to_string())
    }

    #[test]
    fn the_base_s_path_comes_before_the_request_s() {
        for (base, uri, whole) in [
            ("https://h", "/users?x=1", "https://h/users?x=1"),
            ("https://h/", "/", "https://h/"),
            ("https://h/v1", "/users", "https://h/v1/users"),
            ("https://h/v1/", "/users", "https://h/v1/users"),
            ("http://h:8080/a/b", "/?q", "http://h:8080/a/b/?q"),
            (
                "https://h/v1",
                "/a//b/../c%2Fd",
                "https://h/v1/a//b/../c%2Fd",
            ),
        ] {
            assert_eq!(complete(base, uri).as_deref(), Some(whole));
        }
    }

    #[test]
    fn a_query_alone_asks_for_the_base_itself() {
        // It has to be built: no text is parsed to it.
        let query = Uri::builder().path_and_query("?q=1").build().unwrap();
        for (base, whole) in [
            ("https://h", "https://h/?q=1"),
            ("https://h/v1", "https://h/v1/?q=1"),
        ] {
            let base = Base::parse(base).unwrap();
            assert_eq!(base.complete(&query).unwrap().to_string(), whole);
        }
    }

    #[test]
    fn what_is_absolute_or_no_path_stays_as_it_is() {
        for uri in ["https://other/x", "http://h/x", "h:443", "users", "*"] {
            assert_eq!(complete("https://h/v1", uri), None, "{uri}");
        }
    }

    #[test]
    fn what_cannot_be_a_base_is_refused_and_not_repeated() {
        for base in [
            "",
            "/v1",
            "h:443",
            "ftp://h/",
            "https://h/?key=secret",
            "https://user:secret@h/",
            "https://h/ secret",
            "https://h:secret/",
            "https://h:99999/",
        ] {
            let error = Base::parse(base).unwrap_err().to_string();
            assert!(error.contains("https://api.example.com/v1"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
