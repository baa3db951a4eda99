use http_body::Body;

/// Whether no more data can follow, though trailers may.
pub(crate) fn is_at_end(body: &impl Body) -> bool {
    body.is_end_stream() || body.size_hint().exact() == Some(0)
}
