//! What people see on stderr: progress, and the account of the embedded drain.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;
use tokio::time::interval;

use crate::args::OutputArgs;
use crate::shown::Shown;
use crate::summary::Counters;

/// How often a bar is drawn, and how often a line is printed where a bar cannot be.
const REDRAW: Duration = Duration::from_millis(100);
const REPRINT: Duration = Duration::from_secs(1);

/// Clones share one place on the screen.
#[derive(Clone)]
pub(crate) struct Console {
    bar: Option<ProgressBar>,
    /// Whether somebody wants to read what went wrong and how it was handled.
    account: bool,
}

/// Draws until it is dropped.
pub(crate) struct Drawing(Option<JoinHandle<()>>, Option<ProgressBar>);

/// Prints a line to stderr. Where nobody reads there any more, nothing is left to be told.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

impl Console {
    /// With `account`, notes are printed as they come.
    pub(crate) fn new(account: bool) -> Self {
        Self { bar: None, account }
    }

    /// Shows how `counters` rise, as `output` asks for.
    pub(crate) fn draw(&mut self, output: &OutputArgs, counters: &Counters) -> Drawing {
        let items = output.output.is_none() && stdout().is_terminal();
        let counters = counters.clone();
        match Shown::of(output.progress, stderr().is_terminal(), items) {
            Shown::Nothing => Drawing(None, None),
            Shown::Lines => Drawing(
                Some(tokio::spawn(async move {
                    let mut ticks = interval(REPRINT);
                    loop {
                        ticks.tick().await;
                        tell(&told(&counters));
                    }
                })),
                None,
            ),
            Shown::Bar => {
                let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
                if let Ok(style) =
                    ProgressStyle::with_template("{spinner} {elapsed_precise} {wide_msg}")
                {
                    bar.set_style(style);
                }
                self.bar = Some(bar.clone());
                let drawn = bar.clone();
                let task = tokio::spawn(async move {
                    let mut ticks = interval(REDRAW);
                    loop {
                        ticks.tick().await;
                        drawn.set_message(told(&counters));
                        drawn.tick();
                    }
                });
                Drawing(Some(task), Some(bar))
            }
        }
    }

    /// Adds a line to the account, if there is one.
    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        if self.account {
            self.line(&format!("  {}", line()));
        }
    }

    /// Prints a line whether or not there is an account, of which it is then a part.
    pub(crate) fn remark(&self, line: &str) {
        let indent = if self.account { "  " } else { "" };
        self.line(&format!("{indent}{line}"));
    }

    /// Prints a line above the bar.
    pub(crate) fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| tell(line)),
            None => tell(line),
        }
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
        }
        if let Some(bar) = self.1.take() {
            bar.finish_and_clear();
        }
    }
}

fn told(counters: &Counters) -> String {
    format!(
        "pages {}  items {}  requests {}  retries {}",
        counters.pages().load(Relaxed),
        counters.items().load(Relaxed),
        counters.requests().load(Relaxed),
        counters.retries().load(Relaxed),
    )
}
