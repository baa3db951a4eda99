use http::Response;

/// Whether an answer other than a refusal tells that the credential was accepted: a server that
/// failed or was too busy, or a proxy before it, did not look at it.
#[inline]
pub(crate) fn is_judgement<RB>(response: &Response<RB>) -> bool {
    let status = response.status().as_u16();
    status < 500 && !matches!(status, 401 | 407 | 408 | 421 | 425 | 429)
}
