//! Reads a page up to its next item.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use tower_service::Service;

use crate::arrival::{Arrival, Step};
use crate::decode::Decode;
use crate::error::{PageError, PageErrorKind};
use crate::json;
use crate::parse::{self, scan_error};
use crate::position::Position;
use crate::progress::End;
use crate::scan::ScanError;
use crate::strategy::Strategy;
use crate::walk::{Event, Walk};

/// What comes next in what is read.
pub(super) enum Next {
    /// An item; the arrival has its text. If it was decoded on the way, the decoder has it.
    Item {
        number: u64,
        decoded: bool,
    },
    /// The page is over, of which so many items count as handed out.
    Turn(u64),
    Failed(PageError),
    End,
}

/// Reads up to the next item or the end of the page.
pub(super) fn poll_next<S, P, B, RB, F>(
    mut walk: Pin<&mut Walk<S, P, B, RB>>,
    arrival: &mut Arrival,
    decode: &mut F,
    cx: &mut Context<'_>,
) -> Poll<Next>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    P: Strategy<B>,
    B: Clone,
    RB: Body,
    RB::Error: Into<BoxError>,
    F: Decode,
{
    loop {
        // A limit or an error ends the stream with some of the page still at hand.
        if walk.end().is_some() {
            return Poll::Ready(Next::End);
        }
        let position = walk.position();
        let mut decoded = false;
        let step = arrival.step(&mut |text| {
            let len = decode.front(text);
            decoded = len.is_some();
            len
        });
        let failed = match step {
            Ok(Step::Item(number)) => {
                if walk.as_mut().course_mut().offer() {
                    walk.finish(End::Limited);
                }
                return Poll::Ready(Next::Item { number, decoded });
            }
            Ok(Step::Stalled) => {
                return Poll::Ready(match walk.stalled() {
                    Some(error) => Next::Failed(error),
                    None => Next::End,
                });
            }
            Ok(Step::Drifted) => drifted(position),
            Ok(Step::Arrived(arrived)) => {
                let course = walk.as_mut().course_mut();
                let empty = arrived.rest.trim_ascii().is_empty();
                let read = match arrived.check() {
                    Ok(()) => course.arrived(&arrived),
                    Err(error) => Err(parse::decode(arrived.rest, position, error.into())),
                };
                match read {
                    Err(error) if empty && error.kind() == PageErrorKind::Truncated => {
                        if walk.as_mut().refetch() {
                            arrival.again(arrival.taken());
                            continue;
                        }
                        error
                    }
                    Err(error) if error.refuses() => error,
                    read => {
                        // Its items were handed out, whatever is wrong with what surrounds them.
                        if let Err(error) = read {
                            course.split_failed(error);
                        }
                        let taken = course.taken_of(arrival.taken());
                        arrival.reset(course.stays());
                        return Poll::Ready(Next::Turn(taken));
                    }
                }
            }
            Err(error) => {
                if error == ScanError::Truncated && walk.as_mut().refetch() {
                    arrival.again(arrival.taken());
                    continue;
                }
                let refusal = arrival
                    .without_items(error)
                    .and_then(|page| walk.course.refusal(&page));
                refusal.unwrap_or_else(|| scan_error(error, position))
            }
            Ok(Step::More) => match ready!(walk.as_mut().poll_event(cx)) {
                // A refusal is the end where a page would begin: this one had items.
                None if walk.as_mut().course_mut().reopens(arrival.taken()) => drifted(position),
                None => return Poll::Ready(Next::End),
                Some(Err(error)) => error,
                Some(Ok(event)) => {
                    match event {
                        Event::Head(parts, _) => arrival.head(parts, position.page),
                        Event::Data(data) => arrival.data(data),
                        Event::Trailers(_) => {}
                        Event::End => arrival.body_ended(),
                        Event::Again => arrival.again(arrival.taken()),
                    }
                    continue;
                }
            },
        };
        let failed = arrival.explain(failed);
        walk.finish(End::Failed);
        return Poll::Ready(Next::Failed(failed));
    }
}

fn drifted(position: Position) -> PageError {
    PageError::new(
        PageErrorKind::Drifted,
        position,
        "the page was asked for again and does not begin with the items that were \
         taken from it before, so that items would be lost or come twice; begin anew",
        None,
    )
}

/// Whether an error is the stream's last.
fn ends(error: &PageError) -> bool {
    error.kind() != PageErrorKind::Decode
}

pub(super) fn decode<F: Decode>(
    decode: &mut F,
    text: &[u8],
    decoded: bool,
    position: Position,
) -> Result<F::Item, PageError> {
    if decoded {
        if let Some(item) = decode.take() {
            return Ok(item);
        }
    }
    let checked = match F::CHECK && !decoded {
        true => json::check(text),
        false => Ok(()),
    };
    match checked {
        Ok(()) => decode.decode(text),
        Err(error) => Err(error.into()),
    }
    .map_err(|error| parse::decode(text, position, error))
}

/// Decodes an item that is put by and was not decoded on the way, for it came in pieces or is not
/// as it was expected: whether it is decoded now.
///
/// One that is no JSON is the end, and no other error is: nothing may be read behind it.
pub(super) fn put_by<F: Decode>(
    decode: &mut F,
    text: &[u8],
    position: Position,
) -> Result<bool, PageError> {
    if decode.front(text) == Some(text.len()) {
        return Ok(true);
    }
    match json::check(text) {
        Ok(()) => Ok(false),
        Err(error) => Err(parse::decode(text, position, error.into())),
    }
}

/// Counts an item that is about to be handed out.
pub(super) fn hand_out<S, P, B, RB, T>(
    walk: Pin<&mut Walk<S, P, B, RB>>,
    taken: &mut u64,
    number: u64,
    item: Result<T, PageError>,
) -> Result<T, PageError>
where
    S: Service<Request<B>>,
{
    if item.as_ref().is_err_and(ends) {
        walk.finish(End::Failed);
    } else {
        walk.course_mut().handed_out(1);
        *taken = number + 1;
    }
    item
}
