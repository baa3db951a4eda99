//! What people see on stderr: progress, and the account of the embedded drain.

use std::io::{self, IsTerminal, stdout};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;
use tokio::time::interval;

use crate::args::OutputArgs;
use crate::pauses::Pauses;
use crate::shown::Shown;
use crate::stderr::{self, tell};
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
    pauses: Pauses,
}

/// Draws until it is dropped.
pub(crate) struct Drawing(Option<JoinHandle<()>>, Option<ProgressBar>);

impl Console {
    /// With `account`, notes are printed as they come.
    pub(crate) fn new(account: bool) -> Self {
        Self {
            bar: None,
            account,
            pauses: Pauses::default(),
        }
    }

    /// What is waited for, which is shown beside the counters.
    pub(crate) const fn pauses(&self) -> &Pauses {
        &self.pauses
    }

    /// Shows how `counters` rise, as `output` asks for.
    pub(crate) fn draw(&mut self, output: &OutputArgs, counters: &Counters) -> Drawing {
        let items = output.output.is_none() && stdout().is_terminal();
        let (counters, pauses) = (counters.clone(), self.pauses.clone());
        match Shown::of(output.progress, io::stderr().is_terminal(), items) {
            Shown::Nothing => Drawing(None, None),
            Shown::Lines => Drawing(
                Some(tokio::spawn(async move {
                    let mut ticks = interval(REPRINT);
                    loop {
                        ticks.tick().await;
                        tell(&told(&counters, &pauses, false));
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
                    let (mut ticks, mut shown) = (interval(REDRAW), String::new());
                    loop {
                        ticks.tick().await;
                        let line = told(&counters, &pauses, true);
                        // Either draws.
                        if line == shown {
                            drawn.tick();
                        } else {
                            drawn.set_message(line.clone());
                            shown = line;
                        }
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
            // Before the bar is there again.
            Some(bar) => bar.suspend(|| stderr::tell_now(line)),
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

/// On a line that has to be `short`, a pause takes the place of what does not change meanwhile.
fn told(counters: &Counters, pauses: &Pauses, short: bool) -> String {
    let pages = counters.pages().load(Relaxed);
    let pause = pauses.told();
    if let Some(pause) = pause.as_ref().filter(|_| short) {
        return format!("pages {pages}  {pause}");
    }
    let counted = format!(
        "pages {pages}  items {}  requests {}  retries {}  {}",
        counters.items().load(Relaxed),
        counters.requests().load(Relaxed),
        counters.retries().load(Relaxed) + counters.refetches().load(Relaxed),
        HumanBytes(counters.bytes().load(Relaxed)),
    );
    match pause {
        Some(pause) => format!("{counted}  {pause}"),
        None => counted,
    }
}
