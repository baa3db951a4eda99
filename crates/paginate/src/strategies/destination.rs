use http::Request;

use crate::malformed::Malformed;

/// A place in a request that a strategy can put a value in.
///
/// Implemented by [`Target`](crate::Target) and [`BodyTarget`](crate::BodyTarget). Implement it,
/// and [`IntoDestination`], for a place of your own:
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
