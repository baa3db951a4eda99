use std::fmt;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use http_body::Body;

use super::template;
use crate::json::{self, edit};
use crate::malformed::Malformed;
use crate::pointer::Pointer;
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

/// Where a request takes a value, its JSON body included; made by [`json`] and
/// [`merge_json`], and of every [`Target`].
///
/// A strategy with such a target works for requests whose body can be made of [`Bytes`]
/// and read at once: [`Full`](https://docs.rs/http-body-util/latest/http_body_util/struct.Full.html)
/// and its like. Where a body is rewritten, its other bytes stay as they are, and the
/// headers that spoke of the old one go: see [`REWRITTEN_HEADERS`](crate::REWRITTEN_HEADERS).
#[derive(Clone, Debug)]
pub struct BodyTarget(Within);

#[derive(Clone, Debug)]
enum Within {
    Head(Target),
    Json(Pointer),
    MergeJson(Pointer),
}

/// A header, which is both a [`Source`](crate::Source) and a [`Target`]; made by
/// [`header`](crate::header).
#[derive(Clone, Debug)]
pub struct Header(pub(super) HeaderName);

/// A place in a request that a strategy can put a value in.
///
/// Implemented by [`Target`] and [`BodyTarget`]. Implement it, and [`IntoDestination`], for
/// a place of your own:
///
/// ```
/// use http::Request;
/// use outbound_paginate::{Destination, IntoDestination, Malformed, Token, body};
///
/// /// The last segment of the path.
/// #[derive(Clone)]
/// struct Segment;
///
/// impl<B> Destination<B> for Segment {
///     fn write(&self, value: &str, request: &mut Request<B>) -> Result<(), Malformed> {
///         let path = request.uri().path();
///         let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
///         let uri = format!("{parent}/{}", value.trim_matches('"')).parse();
///         *request.uri_mut() = uri.map_err(|_| Malformed::new("a token that fits no path"))?;
///         Ok(())
///     }
///
///     fn read(&self, _: &Request<B>) -> Result<Option<String>, Malformed> {
///         Ok(None)
///     }
/// }
///
/// impl IntoDestination for Segment {
///     type Destination = Self;
///
///     fn into_destination(self) -> Self {
///         self
///     }
/// }
///
/// let strategy = Token::from(body("/next")).to(Segment);
/// # fn is_strategy(_: impl outbound_paginate::Strategy<String>) {}
/// # is_strategy(strategy);
/// ```
pub trait Destination<B> {
    /// Puts `value`, a JSON text, into `request`.
    ///
    /// # Errors
    ///
    /// It does not fit there.
    fn write(&self, value: &str, request: &mut Request<B>) -> Result<(), Malformed>;

    /// [Writes](Self::write) `value`, and `other.1` to `other.0`: where both go into the query its
    /// URL is made once.
    #[doc(hidden)]
    fn write_both(
        &self,
        value: &str,
        other: (&Self, &str),
        request: &mut Request<B>,
    ) -> Result<(), Malformed>
    where
        Self: Sized,
    {
        self.write(value, request)?;
        other.0.write(other.1, request)
    }

    /// The value that `request` has there: the text of a string without its quotes, any
    /// other value as JSON.
    ///
    /// # Errors
    ///
    /// What is there cannot be read.
    fn read(&self, request: &Request<B>) -> Result<Option<String>, Malformed>;

    /// The place by its name, for [`Strategy::tag`](crate::Strategy::tag): `query:cursor`. By
    /// default none.
    fn tag(&self) -> String {
        String::new()
    }
}

/// What can be given for a [`Destination`].
pub trait IntoDestination {
    /// The destination.
    type Destination;

    /// Makes it.
    fn into_destination(self) -> Self::Destination;
}

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

/// The value at `pointer` in the request's JSON body.
///
/// Objects on the way are made where they are missing or null; a request without a body
/// gets one.
///
/// # Panics
///
/// `pointer` is a text that is no JSON Pointer.
#[must_use]
pub fn json<T>(pointer: T) -> BodyTarget
where
    T: TryInto<Pointer>,
    T::Error: fmt::Display,
{
    BodyTarget(Within::Json(Pointer::expect(pointer)))
}

/// The members of the object at `pointer` in the request's JSON body, one for each
/// member of a token that is an object; `""` is the body itself.
///
/// # Panics
///
/// `pointer` is a text that is no JSON Pointer.
#[must_use]
pub fn merge_json<T>(pointer: T) -> BodyTarget
where
    T: TryInto<Pointer>,
    T::Error: fmt::Display,
{
    BodyTarget(Within::MergeJson(Pointer::expect(pointer)))
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

impl From<Header> for BodyTarget {
    fn from(header: Header) -> Self {
        Target::from(header).into()
    }
}

impl From<Target> for BodyTarget {
    fn from(target: Target) -> Self {
        Self(Within::Head(target))
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

impl IntoDestination for BodyTarget {
    type Destination = Self;

    fn into_destination(self) -> Self {
        self
    }
}

fn not_an_object() -> Malformed {
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

impl<B> Destination<B> for BodyTarget
where
    B: Body + Clone + From<Bytes>,
{
    fn tag(&self) -> String {
        match &self.0 {
            Within::Head(target) => Destination::<B>::tag(target),
            Within::Json(pointer) => format!("json:{pointer}"),
            Within::MergeJson(pointer) => format!("merge-json:{pointer}"),
        }
    }

    fn write(&self, value: &str, request: &mut Request<B>) -> Result<(), Malformed> {
        match &self.0 {
            Within::Head(target) => target.write(value, request),
            Within::Json(pointer) => template::rewrite(request, pointer, |body| {
                edit::set(body, pointer.tokens(), value)
            }),
            Within::MergeJson(pointer) => {
                edit::members(value).ok_or_else(not_an_object)?;
                template::rewrite(request, pointer, |body| {
                    edit::merge(body, pointer.tokens(), value)
                })
            }
        }
    }

    fn write_both(
        &self,
        value: &str,
        other: (&Self, &str),
        request: &mut Request<B>,
    ) -> Result<(), Malformed> {
        if let (Within::Head(target), Within::Head(other_target)) = (&self.0, &other.0.0) {
            return target.write_both(value, (other_target, other.1), request);
        }
        self.write(value, request)?;
        other.0.write(other.1, request)
    }

    fn read(&self, request: &Request<B>) -> Result<Option<String>, Malformed> {
        match &self.0 {
            Within::Head(target) => target.read(request),
            Within::Json(pointer) => {
                let body = template::read(request.body().clone())?;
                if body.trim_ascii().is_empty() {
                    return Ok(None);
                }
                let found = json::find(&body, pointer).map_err(|_| template::not_json())?;
                Ok(found
                    .filter(|value| value.get() != "null")
                    .map(|value| json::plain(value.get()).into_owned()))
            }
            Within::MergeJson(_) => Ok(None),
        }
    }
}
