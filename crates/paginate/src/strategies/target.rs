use std::fmt;

use http::{HeaderName, HeaderValue, Request};

use super::destination::{Destination, IntoDestination};
use crate::json::{self, edit};
use crate::malformed::Malformed;
use crate::uri;

/// Where the head of a request takes a value; made by [`query`], [`merge_query`] and
/// [`header`](crate::header).
#[derive(Clone, Debug)]
pub struct Target(To);

#[derive(Clone, Debug)]
enum To {
    Query(Box<str>),
    MergeQuery,
    Header(HeaderName),
}

/// A header, which is both a [`Source`](crate::Source) and a [`Target`]; made by
/// [`header`](crate::header).
#[derive(Clone, Debug)]
pub struct Header(pub(super) HeaderName);

/// The query parameter `name`; the request's other parameters keep order and bytes.
#[must_use]
pub fn query(name: impl Into<Box<str>>) -> Target {
    Target(To::Query(name.into()))
}

/// One query parameter for each member of a token that is an object, as with MediaWiki's
/// `continue`.
#[must_use]
pub const fn merge_query() -> Target {
    Target(To::MergeQuery)
}

#[track_caller]
pub(super) fn header_name<N>(name: N) -> HeaderName
where
    N: TryInto<HeaderName>,
    N::Error: fmt::Display,
{
    match name.try_into() {
        Ok(name) => name,
        Err(error) => panic!("no header name: {error}"),
    }
}

impl From<Header> for Target {
    fn from(Header(name): Header) -> Self {
        Self(To::Header(name))
    }
}

impl IntoDestination for Target {
    type Destination = Self;

    fn into_destination(self) -> Self {
        self
    }
}

impl IntoDestination for Header {
    type Destination = Target;

    fn into_destination(self) -> Target {
        self.into()
    }
}

pub(super) fn not_an_object() -> Malformed {
    Malformed::new("the cursor is to be merged into the request, and is no object")
}

impl<B> Destination<B> for Target {
    fn tag(&self) -> String {
        match &self.0 {
            To::Query(name) => format!("query:{name}"),
            To::MergeQuery => "merge-query".to_owned(),
            To::Header(name) => format!("header:{name}"),
        }
    }

    fn write(&self, value: &str, request: &mut Request<B>) -> Result<(), Malformed> {
        match &self.0 {
            To::Query(name) => {
                let value = json::plain(value);
                *request.uri_mut() = uri::set_query(request.uri(), [(name, &value)])?;
            }
            To::MergeQuery => {
                for (name, value) in edit::members(value).ok_or_else(not_an_object)? {
                    let value = json::plain(value.get());
                    *request.uri_mut() = uri::set_query(request.uri(), [(&name, &value)])?;
                }
            }
            To::Header(name) => {
                let mut value = HeaderValue::from_str(&json::plain(value)).map_err(|_| {
                    Malformed::new(format!("the cursor does not fit the header {name}"))
                })?;
                value.set_sensitive(true);
                request.headers_mut().insert(name, value);
            }
        }
        Ok(())
    }

    fn write_both(
        &self,
        value: &str,
        other: (&Self, &str),
        request: &mut Request<B>,
    ) -> Result<(), Malformed> {
        if let (To::Query(name), To::Query(other_name)) = (&self.0, &other.0.0) {
            let (value, other) = (json::plain(value), json::plain(other.1));
            let pairs = [(&**name, &*value), (other_name, &*other)];
            *request.uri_mut() = uri::set_query(request.uri(), pairs)?;
            return Ok(());
        }
        self.write(value, request)?;
        other.0.write(other.1, request)
    }

    fn read(&self, request: &Request<B>) -> Result<Option<String>, Malformed> {
        Ok(match &self.0 {
            To::Query(name) => uri::query_value(request.uri(), name),
            To::MergeQuery => None,
            To::Header(name) => match request.headers().get(name).map(HeaderValue::to_str) {
                None => None,
                Some(Ok(text)) => Some(text.to_owned()),
                Some(Err(_)) => {
                    return Err(Malformed::new(format!(
                        "the request's header {name} is not text"
                    )));
                }
            },
        })
    }
}
