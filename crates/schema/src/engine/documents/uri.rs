//! URIs of schemas.

pub(super) fn without_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(base, _)| base)
}

/// RFC 3986, section 5.2; where there is no hierarchy the reference stands by itself.
pub(super) fn resolve(base: &str, reference: &str) -> String {
    outbound_http::resolve(base, reference).unwrap_or_else(|_| reference.to_owned())
}
