//! The items one by one, and what is read ahead of them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use http::{Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use tower_service::Service;

use super::Items;
use super::queue::Entry;
use super::read::{Next, decode, hand_out, poll_next, put_by};
use crate::decode::Decode;
use crate::error::PageError;
use crate::place::Spot;
use crate::position::Position;
use crate::progress::End;
use crate::strategy::Strategy;

impl<S, P, B, RB, F> Stream for Items<S, P, B, RB, F>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    P: Strategy<B>,
    B: Clone,
    RB: Body,
    RB::Error: Into<BoxError>,
    F: Decode,
{
    type Item = Result<F::Item, PageError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let Some(spot) = this.spot else {
            loop {
                let position = this.walk.position();
                let next = poll_next(this.walk.as_mut(), this.arrival, this.decode, cx);
                match ready!(next) {
                    Next::Item { number, decoded } => {
                        let text = this.arrival.item();
                        let position = Position::item(position.page, number);
                        let item = decode(this.decode, text, decoded, position);
                        return Poll::Ready(Some(hand_out(this.walk, this.taken, number, item)));
                    }
                    Next::Turn(taken) => *this.taken = taken,
                    Next::Failed(error) => return Poll::Ready(Some(Err(error))),
                    Next::End => return Poll::Ready(None),
                }
            }
        };

        // What has arrived is read before the consumer comes to it, so that the next page
        // is asked for as soon as this one tells where it is.
        let limit = this.walk.course.config.read_ahead;
        loop {
            let mut waits = false;
            while (this.queue.is_empty() || this.queue.weight() < limit)
                && this.walk.end().is_none()
            {
                let next = poll_next(this.walk.as_mut(), this.arrival, this.decode, cx);
                let Poll::Ready(next) = next else {
                    waits = true;
                    break;
                };
                this.queue.push(match next {
                    Next::Item { number, decoded } => {
                        let text = this.arrival.item_bytes();
                        let position = Position::item(this.walk.position().page, number);
                        let decoded = match decoded {
                            true => Ok(true),
                            false => put_by(this.decode, &text, position),
                        };
                        match decoded {
                            Ok(decoded) => {
                                if decoded {
                                    this.decode.put_by();
                                }
                                Entry::Item {
                                    number,
                                    text,
                                    decoded,
                                }
                            }
                            // The walk stands where the consumer will, and can go on there.
                            Err(error) => {
                                this.walk.as_mut().finish(End::Failed);
                                Entry::Failed(error)
                            }
                        }
                    }
                    Next::Turn(taken) => Entry::Turn(Spot {
                        taken,
                        ..this.walk.course.spot.clone()
                    }),
                    Next::Failed(error) => Entry::Failed(error),
                    // A refusal, or the page before again: the list has ended, and no page says so.
                    Next::End if this.walk.course.spot.done => {
                        Entry::Turn(this.walk.course.spot.clone())
                    }
                    Next::End => break,
                });
            }
            if this.walk.as_mut().lets_begin(cx) {
                return Poll::Pending;
            }
            match this.queue.pop() {
                Some(Entry::Item {
                    number,
                    text,
                    decoded,
                }) => {
                    if decoded {
                        this.decode.bring_back();
                    }
                    let position = Position::item(spot.place.page, number);
                    let item = decode(this.decode, &text, decoded, position);
                    return Poll::Ready(Some(hand_out(this.walk, this.taken, number, item)));
                }
                Some(Entry::Turn(next)) => {
                    *this.taken = next.taken;
                    *spot = next;
                }
                Some(Entry::Failed(error)) => return Poll::Ready(Some(Err(error))),
                None if this.walk.end().is_some() => return Poll::Ready(None),
                None if waits => return Poll::Pending,
                None => {}
            }
        }
    }

    /// Never more than a limit on items leaves; what a server says of its total is no
    /// promise.
    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.end().is_some() {
            return (0, Some(0));
        }
        let left = self.walk.course.items_left();
        (0, left.and_then(|left| usize::try_from(left).ok()))
    }
}

impl<S, P, B, RB, F> FusedStream for Items<S, P, B, RB, F>
where
    Self: Stream,
    S: Service<Request<B>>,
    F: Decode,
{
    fn is_terminated(&self) -> bool {
        self.end().is_some()
    }
}
