//! Ctrl-C, and what a system sends that asks a program to end.

use std::future::pending;
use std::io;
use std::process;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::outcome::Outcome;

/// What comes this soon after the first is the same: `timeout` sends its signal to the program, and
/// once more to all that the program belongs to.
const SAME: Duration = Duration::from_millis(500);

/// Whether Ctrl-C was pressed; whoever asks later hears of it too.
#[derive(Clone)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// The first Ctrl-C or SIGTERM from here on is left to whoever waits for it, so that nothing is
    /// lost; the second ends the program where it is, in case the first cannot.
    pub(crate) fn listen() -> Self {
        let (sender, receiver) = watch::channel(false);
        // Heard from here on, and not from when the task begins.
        if let Ok(mut signals) = Signals::listen() {
            tokio::spawn(async move {
                signals.next().await;
                sender.send_replace(true);
                sleep(SAME).await;
                while signals.next().now_or_never().is_some() {}
                signals.next().await;
                process::exit(Outcome::Interrupted.code().into());
            });
        }
        Self(receiver)
    }

    /// Comes once it was pressed.
    pub(crate) async fn heard(&mut self) {
        if self.0.wait_for(|pressed| *pressed).await.is_err() {
            // It cannot be heard on this system.
            pending().await
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
