use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

pin_project! {
    /// The soft timeout of an attempt.
    #[project = TimerProj]
    pub(crate) enum Timer {
        // Made once the attempt really waits.
        Unset,
        Set {
            #[pin]
            sleep: Sleep,
        },
        // It has no effect: none is configured, or no other attempt may follow.
        Off,
    }
}

impl Timer {
    /// Ready once, after the timeout that is given at first.
    pub(crate) fn poll_elapsed(
        mut self: Pin<&mut Self>,
        timeout: impl Fn() -> Option<Duration>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            match self.as_mut().project() {
                TimerProj::Unset => self.set(timeout().map_or(Self::Off, |timeout| Self::Set {
                    sleep: sleep(timeout),
                })),
                TimerProj::Set { sleep } => {
                    ready!(sleep.poll(cx));
                    self.set(Self::Off);
                    return Poll::Ready(());
                }
                TimerProj::Off => return Poll::Pending,
            }
        }
    }
}
