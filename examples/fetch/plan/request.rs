//! What is asked for.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use outbound::http::Origin;

use crate::args::Args;
use crate::credential::CredentialPlan;

#[derive(Clone, Debug)]
pub(crate) struct RequestPlan {
    pub(crate) uri: Uri,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl RequestPlan {
    /// Whether the command line says that it may be sent again.
    pub(crate) fn says_repeatable(&self, idempotent: bool) -> bool {
        idempotent || self.headers.contains_key("idempotency-key")
    }

    /// Whether it may be sent again although it may have been processed.
    pub(crate) fn is_repeatable(&self, idempotent: bool) -> bool {
        self.method.is_idempotent()
            || self.method.as_str() == "QUERY"
            || self.says_repeatable(idempotent)
    }
}

pub(super) fn request(args: &Args, credential: &CredentialPlan) -> Result<RequestPlan, String> {
    let text = args.url.as_deref().unwrap_or_default();
    if text.is_empty() {
        return Err("the URL is empty".to_owned());
    }
    let uri: Uri = text
        .parse()
        .map_err(|_| "the URL cannot be read; percent-encode what is unusual in it".to_owned())?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let authority = uri.authority().filter(|_| web);
    let Some(authority) = authority else {
        return Err("the URL must be absolute: it begins with https:// or http://".to_owned());
    };
    if authority.as_str().contains('@') {
        return Err(
            "the URL holds user information; give it with --basic-env, so that it stays out of logs"
                .to_owned(),
        );
    }
    // `http` lets any text pass for a port, and takes the scheme's own then: another server.
    if Origin::of(&uri).is_none() {
        return Err("the URL's port is no number from 0 to 65535".to_owned());
    }
    let method = match &args.method {
        Some(method) => Method::from_bytes(method.as_bytes())
            .map_err(|_| format!("-X {method}: not a method"))?,
        None if args.data.is_some() => Method::POST,
        None => Method::GET,
    };
    let body = match args.data.as_deref() {
        None => Bytes::new(),
        Some(data) => match data.strip_prefix('@') {
            Some(path) => std::fs::read(path)
                .map_err(|error| format!("-d {data}: {error}"))?
                .into(),
            None => data.to_owned().into(),
        },
    };
    let mut headers = headers(&args.header, credential)?;
    if args.data.is_some() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if !headers.contains_key(ACCEPT) {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    }
    Ok(RequestPlan {
        uri,
        method,
        headers,
        body,
    })
}

fn headers(options: &[String], credential: &CredentialPlan) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for option in options {
        // The value is never repeated: it may be a credential.
        let (name, value) = option.split_once(':').ok_or("-H: write 'Name: value'")?;
        let parsed = HeaderName::try_from(name.trim()).ok();
        let mut value = HeaderValue::from_str(value.trim())
            .map_err(|_| format!("-H {name}: the value holds what no header may"))?;
        let name = parsed.ok_or_else(|| format!("-H '{name}: …': not a header name"))?;
        value.set_sensitive(
            [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(&name)
                || credential.header_keys.iter().any(|(key, _)| *key == name),
        );
        headers.append(name, value);
    }
    Ok(headers)
}
