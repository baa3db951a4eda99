use http::{Extensions, Uri};
use outbound_http::EffectiveUri;

/// Who answered, where that is known: the layer beneath may have followed redirects.
pub(crate) fn answered_by(extensions: &Extensions) -> Option<&Uri> {
    let effective = extensions.get().map(|EffectiveUri(uri)| uri);
    #[cfg(feature = "follow-redirect")]
    let effective = effective.or_else(|| {
        use tower_http::follow_redirect::RequestUri;
        extensions.get().map(|RequestUri(uri)| uri)
    });
    effective
}
