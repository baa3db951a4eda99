use std::fmt::Debug;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::runtime::{Builder, Runtime};
use tower::Service;

use crate::Template;

/// Runs calls to their end.
#[derive(Debug)]
pub struct Driver {
    runtime: Runtime,
    template: Template,
}

impl Driver {
    /// Of calls whose requests have three headers, and this many more.
    ///
    /// # Panics
    ///
    /// If the operating system refuses a runtime.
    #[must_use]
    pub fn new(more_headers: usize) -> Self {
        Self {
            runtime: Builder::new_current_thread()
                .enable_time()
                .build()
                .expect("a runtime"),
            template: Template::new(more_headers),
        }
    }

    /// Makes `calls` calls, one after the other.
    ///
    /// # Panics
    ///
    /// If one fails.
    pub fn run<S>(&self, service: &mut S, calls: u64)
    where
        S: Service<Request<Full<Bytes>>, Error: Debug>,
    {
        self.finish(async {
            for _ in 0..calls {
                let request = self.template.request();
                poll_fn(|cx| service.poll_ready(cx)).await.expect("ready");
                let response = service.call(request).await.expect("a response");
                drop(std::hint::black_box(response));
            }
        });
    }

    /// A future that never waits is polled by hand, so that the executor's own cost stays out.
    fn finish(&self, calls: impl Future<Output = ()>) {
        let mut calls = pin!(calls);
        {
            let _context = self.runtime.enter();
            let mut cx = Context::from_waker(Waker::noop());
            if calls.as_mut().poll(&mut cx) == Poll::Ready(()) {
                return;
            }
        }
        self.runtime.block_on(calls);
    }
}
