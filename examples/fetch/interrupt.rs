//! Ctrl-C.

use std::future::pending;
use std::process;

use tokio::signal::ctrl_c;
use tokio::sync::watch;

use crate::outcome::Outcome;

/// Whether Ctrl-C was pressed; whoever asks later hears of it too.
#[derive(Clone)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// The first Ctrl-C from here on is left to whoever waits for it, so that nothing is lost;
    /// the second ends the program, in case nobody does.
    pub(crate) fn listen() -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            if ctrl_c().await.is_ok() {
                sender.send_replace(true);
                if ctrl_c().await.is_ok() {
                    process::exit(Outcome::Interrupted.code().into());
                }
            }
        });
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
