//! Where values are found in a page, and put in a request.

/// Where a value is found in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Body(String),
    Header(String),
    LastItem(String),
}

/// Where a token is put in the next request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Query(String),
    Header(String),
    Body(String),
    MergeQuery,
}

impl Source {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("body", rest)) => Ok(Self::Body(pointer(rest)?)),
            Some(("header", rest)) => Ok(Self::Header(named(rest, "header:NAME")?)),
            Some(("last", rest)) => Ok(Self::LastItem(pointer(rest)?)),
            _ => Err(format!(
                "{text}: not a source; write body:/PTR, header:NAME or last:/PTR"
            )),
        }
    }
}

impl Target {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "merge-query" => Ok(Self::MergeQuery),
            Some(("query", rest)) => Ok(Self::Query(named(rest, "query:NAME")?)),
            Some(("header", rest)) => Ok(Self::Header(named(rest, "header:NAME")?)),
            Some(("body", rest)) => Ok(Self::Body(pointer(rest)?)),
            _ => Err(format!(
                "{text}: not a target; write query:NAME, header:NAME, body:/PTR or merge-query"
            )),
        }
    }
}

/// Checks a JSON Pointer (RFC 6901): empty, or starting with a slash.
pub(crate) fn pointer(text: &str) -> Result<String, String> {
    let escapes = text.match_indices('~');
    let escaped = escapes
        .into_iter()
        .all(|(at, _)| matches!(text.as_bytes().get(at + 1), Some(b'0' | b'1')));
    if (text.is_empty() || text.starts_with('/')) && escaped {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{text}: not a JSON Pointer; it starts with / and writes ~ as ~0 and / as ~1"
        ))
    }
}

/// `name`, if there is one.
pub(super) fn named(name: &str, form: &str) -> Result<String, String> {
    if name.is_empty() {
        return Err(format!("a name is missing; write {form}"));
    }
    Ok(name.to_owned())
}
