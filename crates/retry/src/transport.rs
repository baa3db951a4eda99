use std::convert::Infallible;
use std::error::Error;
use std::io::{self, ErrorKind};

use outbound_http::{BodyTooLarge, BoxError, DeadlineExceeded, IdleTimeout, Superseded};

use crate::verdict::Verdict;

/// An error that can be looked into.
///
/// [`BoxError`] and the errors of the common transports are; implement it for your own, if its
/// service stands directly beneath. (A blanket implementation for all errors would leave out
/// `BoxError`, which is none itself.)
pub trait TransportError {
    /// The error, so that its [`source`](Error::source)s can be followed.
    fn as_error(&self) -> &(dyn Error + 'static);
}

impl TransportError for BoxError {
    fn as_error(&self) -> &(dyn Error + 'static) {
        &**self
    }
}

impl TransportError for Infallible {
    fn as_error(&self) -> &(dyn Error + 'static) {
        match *self {}
    }
}

macro_rules! transport_error {
    ($($(#[$attribute:meta])* $error:ty;)*) => {$(
        $(#[$attribute])*
        impl TransportError for $error {
            fn as_error(&self) -> &(dyn Error + 'static) {
                self
            }
        }
    )*};
}

transport_error! {
    io::Error;
    #[cfg(feature = "hyper")] hyper::Error;
    #[cfg(feature = "hyper-util")] hyper_util::client::legacy::Error;
}

/// Judges an error by the first along its chain that says something.
///
/// The order matters: hyper marks the caller's own mistakes (`is_user`) around errors that look
/// like a transport's.
pub(crate) fn classify_error(error: &(dyn Error + 'static)) -> Verdict {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(judge)
        .unwrap_or(Verdict::Done)
}

fn judge(error: &(dyn Error + 'static)) -> Option<Verdict> {
    if error.is::<Superseded>() || error.is::<BodyTooLarge>() {
        return Some(Verdict::Done);
    }
    if error.is::<IdleTimeout>() || error.is::<DeadlineExceeded>() {
        return Some(Verdict::Transient);
    }
    #[cfg(feature = "hyper-util")]
    if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
        return error.is_connect().then(|| judge_connect(error));
    }
    #[cfg(feature = "hyper")]
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return judge_hyper(error);
    }
    #[cfg(feature = "h2")]
    if let Some(error) = error.downcast_ref::<h2::Error>() {
        return judge_h2(error);
    }
    error.downcast_ref::<io::Error>().and_then(judge_io)
}

/// Nothing was sent; but a certificate or a URI that is wrong stays wrong.
#[cfg(feature = "hyper-util")]
fn judge_connect(error: &(dyn Error + 'static)) -> Verdict {
    std::iter::successors(error.source(), |&error| error.source())
        .find_map(|error| error.downcast_ref::<io::Error>())
        .map_or(Verdict::Done, |error| match is_wrong(error) {
            true => Verdict::Done,
            false => Verdict::Unprocessed,
        })
}

/// Whether it says so itself, or what it wraps does, as in hyper-rustls; `source` skips the wrapped
/// error itself.
#[cfg(feature = "hyper-util")]
fn is_wrong(error: &io::Error) -> bool {
    let wrapped = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(
        error.kind(),
        ErrorKind::InvalidData | ErrorKind::InvalidInput
    ) || wrapped.is_some_and(is_wrong)
}

#[cfg(feature = "hyper")]
fn judge_hyper(error: &hyper::Error) -> Option<Verdict> {
    if error.is_user() || error.is_parse() || error.is_body_write_aborted() {
        Some(Verdict::Done)
    } else if error.is_canceled() {
        // The connection was gone before the request was written to it.
        Some(Verdict::Unprocessed)
    } else if error.is_incomplete_message() || error.is_timeout() || error.is_closed() {
        Some(Verdict::Transient)
    } else {
        None
    }
}

#[cfg(feature = "h2")]
fn judge_h2(error: &h2::Error) -> Option<Verdict> {
    if error.is_reset() {
        return Some(match error.reason() {
            _ if !error.is_remote() => Verdict::Done,
            Some(h2::Reason::REFUSED_STREAM) => Verdict::Unprocessed,
            Some(h2::Reason::INTERNAL_ERROR | h2::Reason::CANCEL | h2::Reason::NO_ERROR) => {
                Verdict::Transient
            }
            _ => Verdict::Done,
        });
    }
    if error.is_go_away() && error.is_remote() {
        return Some(Verdict::Transient);
    }
    error.get_io().and_then(judge_io)
}

fn judge_io(error: &io::Error) -> Option<Verdict> {
    match error.kind() {
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown => Some(Verdict::Unprocessed),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::NotConnected
        | ErrorKind::BrokenPipe
        | ErrorKind::TimedOut
        | ErrorKind::UnexpectedEof => Some(Verdict::Transient),
        // What it wraps may say more; `source` skips the wrapped error itself.
        _ => error.get_ref().map(|inner| {
            let inner: &(dyn Error + 'static) = inner;
            classify_error(inner)
        }),
    }
}
