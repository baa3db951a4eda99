use std::fmt;

use bytes::Bytes;
use http::Request;
use http_body::Body;

use super::destination::{Destination, IntoDestination};
use super::target::{Header, Target, not_an_object};
use super::template;
use crate::json::{self, edit};
use crate::malformed::Malformed;
use crate::pointer::Pointer;

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

impl IntoDestination for BodyTarget {
    type Destination = Self;

    fn into_destination(self) -> Self {
        self
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
