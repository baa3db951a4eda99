//! Requests that are sent before the consumer comes for their page.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use tower_service::Service;

use super::Walk;
use super::state::State;
use super::step::service_failed;
use crate::course::After;
use crate::overlap::Incoming;
use crate::strategy::Strategy;

impl<S, P, B, RB> Walk<S, P, B, RB>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    P: Strategy<B>,
    B: Clone,
    RB: Body,
    RB::Error: Into<BoxError>,
{
    /// Sends the next request now if pages are asked for ahead of the consumer.
    pub(crate) fn hurry(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let mut this = self.project();
        let asks = matches!(this.course.after, After::Ask) && this.request.is_none();
        if !this.course.config.overlaps() || !asks || !matches!(*this.state, State::Asking) {
            return;
        }
        // What goes wrong here is found again, and said, when the consumer comes.
        let Some((asked, incoming)) = this.ahead.take(this.course.spot.place.cursor.as_ref())
        else {
            let Ok(request) = this.course.request() else {
                return;
            };
            if let Poll::Ready(Ok(())) = this.service.poll_ready(cx) {
                let response = this.service.call(request);
                *this.hurried = true;
                this.course.after = After::Unknown;
                this.state.set(State::Calling { response });
                this.ahead.launch(this.service, this.course, cx);
            } else {
                *this.request = Some(request);
            }
            return;
        };
        this.course.came_to(asked);
        this.course.after = After::Unknown;
        this.ahead.launch(this.service, this.course, cx);
        match incoming {
            Incoming::Asked(response) => this.state.set(State::Coming { response }),
            Incoming::Here(Ok((parts, body))) => {
                this.state
                    .set(State::reading(Response::from_parts(parts, body)));
            }
            Incoming::Here(Err(error)) => {
                this.course.after = After::Fail(service_failed(this.course.position(), error));
            }
        }
    }
}
