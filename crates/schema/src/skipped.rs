use std::fmt;

/// Why a message was not held to a contract.
///
/// It passed as it was, which is no breach; counting these tells how much a contract covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skipped {
    /// It has no body of its own: HEAD, CONNECT, 1xx, 204, 205, 304, or a request without one.
    NoBody,
    /// It is a part of a body: 206, without a [contract of its own](crate::Contracts::status).
    Partial,
    /// There is no contract for the request's route.
    NoRoute,
    /// There is none for the request, or for the response's status.
    NoContract,
    /// It is not in the sample.
    NotSampled,
    /// It is empty, which was allowed.
    Empty,
    /// It is not JSON, which was allowed.
    OtherMedia,
    /// It has a content encoding, which was allowed.
    Encoded,
    /// It is larger than the limit, in a [report](crate::Mode::Report).
    TooLarge,
    /// It failed, or was not read to its end, in a [report](crate::Mode::Report).
    Unfinished,
}

impl Skipped {
    /// A short name, as a label of a metric.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoBody => "no_body",
            Self::Partial => "partial",
            Self::NoRoute => "no_route",
            Self::NoContract => "no_contract",
            Self::NotSampled => "not_sampled",
            Self::Empty => "empty",
            Self::OtherMedia => "other_media",
            Self::Encoded => "encoded",
            Self::TooLarge => "too_large",
            Self::Unfinished => "unfinished",
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
