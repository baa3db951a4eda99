//! Where a walk is between its service and the body at hand.

use std::pin::Pin;

use bytes::BytesMut;
use http::Response;
use http::response::Parts;
use pin_project_lite::pin_project;

pin_project! {
    #[project = StateProj]
    pub(super) enum State<F, RB> {
        Asking,
        Calling {
            #[pin]
            response: F,
        },
        // As `Calling`, for a page that was asked for ahead of time.
        Coming {
            response: Pin<Box<F>>,
        },
        Reading {
            head: Option<Parts>,
            #[pin]
            body: RB,
        },
        Refusing {
            parts: Option<Parts>,
            #[pin]
            body: RB,
            read: BytesMut,
        },
        Done,
    }
}

impl<F, RB> State<F, RB> {
    pub(super) fn reading(response: Response<RB>) -> Self {
        let (parts, body) = response.into_parts();
        if parts.status.is_success() {
            Self::Reading {
                head: Some(parts),
                body,
            }
        } else {
            Self::Refusing {
                parts: Some(parts),
                body,
                read: BytesMut::new(),
            }
        }
    }
}
