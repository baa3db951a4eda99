use std::convert::Infallible;
use std::error::Error;
use std::io::{self, ErrorKind};

use outbound_http::{
    BodyTooLarge, BoxError, BrokenBody, DeadlineExceeded, IdleTimeoutExceeded, Superseded,
};

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
    classify(error, false)
}

/// `is_late`: whether what wraps the error says that there was a connection already, so that the
/// request may have been written to it.
fn classify(error: &(dyn Error + 'static), mut is_late: bool) -> Verdict {
    let (mut next, mut above) = (Some(error), None);
    while let Some(error) = next {
        if let Some(verdict) = judge(error, above, is_late) {
            return verdict;
        }
        is_late |= wraps_late_errors(error);
        above = next;
        next = error.source();
    }
    Verdict::Done
}

fn judge(
    error: &(dyn Error + 'static),
    above: Option<&(dyn Error + 'static)>,
    is_late: bool,
) -> Option<Verdict> {
    if error.is::<Superseded>() || error.is::<BodyTooLarge>() {
        return Some(Verdict::Done);
    }
    if error.is::<IdleTimeoutExceeded>() || error.is::<DeadlineExceeded>() {
        return Some(Verdict::Transient);
    }
    // The server answered, so it has processed the request, whatever broke afterwards.
    if let Some(broken) = error.downcast_ref::<BrokenBody>() {
        return Some(match classify(broken.get_ref(), true) {
            Verdict::Done => Verdict::Done,
            _ => Verdict::Transient,
        });
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
        return judge_h2(error, above);
    }
    let _ = above;
    let error = error.downcast_ref::<io::Error>()?;
    judge_io(error, is_late)
}

/// Whether what this error wraps happened on a connection that stood. Where hyper's errors cannot
/// be told from others, any may be one of them.
fn wraps_late_errors(error: &(dyn Error + 'static)) -> bool {
    #[cfg(feature = "hyper-util")]
    if error.is::<hyper_util::client::legacy::Error>() {
        return true; // One of connecting was judged.
    }
    #[cfg(feature = "hyper")]
    let is_hyper = error.is::<hyper::Error>();
    #[cfg(not(feature = "hyper"))]
    let is_hyper = !error.is::<io::Error>();
    is_hyper
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
fn judge_h2(error: &h2::Error, above: Option<&(dyn Error + 'static)>) -> Option<Verdict> {
    if error.is_reset() {
        return Some(match error.reason() {
            _ if !error.is_remote() => Verdict::Done,
            Some(h2::Reason::REFUSED_STREAM) if above.is_some_and(is_of_sending) => {
                Verdict::Unprocessed
            }
            Some(
                h2::Reason::REFUSED_STREAM
                | h2::Reason::INTERNAL_ERROR
                | h2::Reason::CANCEL
                | h2::Reason::NO_ERROR,
            ) => Verdict::Transient,
            _ => Verdict::Done,
        });
    }
    if error.is_go_away() && error.is_remote() {
        return Some(Verdict::Transient);
    }
    error.get_io().and_then(|error| judge_io(error, true))
}

/// Whether the stream was reset before its response. A body that is read by hand breaks with the
/// same error, and hyper tells the two apart by nothing but this text.
#[cfg(feature = "h2")]
fn is_of_sending(above: &(dyn Error + 'static)) -> bool {
    above.to_string() == "http2 error"
}

fn judge_io(error: &io::Error, is_late: bool) -> Option<Verdict> {
    match error.kind() {
        // Of a connection that stood they are the last word of the network about packets that were
        // sent: the request too.
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown => Some(match is_late {
            true => Verdict::Transient,
            false => Verdict::Unprocessed,
        }),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::NotConnected
        | ErrorKind::BrokenPipe
        | ErrorKind::TimedOut
        | ErrorKind::UnexpectedEof => Some(Verdict::Transient),
        // What it wraps may say more; `source` skips the wrapped error itself.
        _ => error.get_ref().map(|inner| {
            let inner: &(dyn Error + 'static) = inner;
            classify(inner, is_late)
        }),
    }
}
