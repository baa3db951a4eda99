use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use outbound::BoxError;
use outbound::paginate::{Checkpoint, Decode, End, Items, Page, PageError, Pages, Progress};
use tower::Service;

use crate::strategy::AnyStrategy;

/// What pages are asked of.
pub(super) trait Asked<RB>:
    Service<Request<Full<Bytes>>, Response = Response<RB>, Error = BoxError> + Clone
{
}

impl<S, RB> Asked<RB> for S where
    S: Service<Request<Full<Bytes>>, Response = Response<RB>, Error = BoxError> + Clone
{
}

/// What is drained: the stream of pages, or that of items.
pub(super) trait Source: Stream<Item = Result<Self::Part, PageError>> + Unpin {
    type Part;

    fn progress(&self) -> Progress;
    fn checkpoint(&self) -> Checkpoint;
    fn end(&self) -> Option<End>;

    /// Whether the last part was one of a page that has not arrived as a whole.
    fn is_within_page(&self) -> bool;
}

impl<S, RB> Source for Pin<&mut Pages<S, AnyStrategy, Full<Bytes>, RB>>
where
    S: Asked<RB>,
    RB: Body<Error: Into<BoxError>>,
{
    type Part = Page;

    fn progress(&self) -> Progress {
        (**self).progress()
    }

    fn checkpoint(&self) -> Checkpoint {
        (**self).checkpoint()
    }

    fn end(&self) -> Option<End> {
        (**self).end()
    }

    fn is_within_page(&self) -> bool {
        false
    }
}

impl<S, RB, F> Source for Pin<&mut Items<S, AnyStrategy, Full<Bytes>, RB, F>>
where
    S: Asked<RB>,
    RB: Body<Error: Into<BoxError>>,
    F: Decode,
{
    type Part = F::Item;

    fn progress(&self) -> Progress {
        (**self).progress()
    }

    fn checkpoint(&self) -> Checkpoint {
        (**self).checkpoint()
    }

    fn end(&self) -> Option<End> {
        (**self).end()
    }

    fn is_within_page(&self) -> bool {
        self.position().item.is_some_and(|next| next > 0)
    }
}
