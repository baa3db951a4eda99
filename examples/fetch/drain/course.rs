use std::future::Future;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use outbound::BoxError;
use outbound::paginate::{Checkpoint, End, PageErrorKind, Progress};

use super::source::Source;
use super::stop::Stop;
use crate::checkpoint::Book;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::summary::Counters;

/// From a stream to the output, with what is kept of it on the way.
pub(super) struct Course<'a> {
    pub(super) clock: Clock,
    pub(super) book: Option<Book>,
    /// Whether a final 401 is the credential's fault.
    pub(super) credential: bool,
    pub(super) output: Output,
    pub(super) counters: &'a Counters,
}

impl Course<'_> {
    /// The stream that the first page's answer begins.
    pub(super) async fn first<P>(
        &mut self,
        answer: impl Future<Output = Result<P, BoxError>>,
    ) -> Result<P, Stop> {
        let answer = self.clock.wait(answer).await?;
        answer.map_err(|error| Failure::call(self.clock.page(), &*error).into())
    }

    /// Writes what `line` makes of each part of `stream`; nothing of one that is empty.
    pub(super) async fn drain<S: Source>(
        &mut self,
        mut stream: S,
        line: impl Fn(S::Part) -> Result<Bytes, Failure>,
    ) -> Result<Outcome, Stop> {
        loop {
            let next = self.next(&mut stream).await;
            let progress = stream.progress();
            // What failed may stand in a later page than the last part did.
            self.counters.pages().store(progress.pages, Relaxed);
            self.counters.bytes().store(progress.bytes, Relaxed);
            match next {
                Ok(Some(Ok(part))) => {
                    let line = line(part)?;
                    if !line.is_empty() {
                        self.output.line(&line)?;
                    }
                    self.counters.items().store(progress.items, Relaxed);
                    let due = |book: &Book| book.is_due(progress.pages);
                    if self.book.as_ref().is_some_and(due) {
                        self.save(progress, stream.checkpoint())?;
                    }
                }
                Ok(Some(Err(error))) => {
                    let at = stream.checkpoint();
                    // An item that was refused was not written.
                    let at = match error.kind() {
                        PageErrorKind::Decode => at.before_last_item(),
                        _ => Some(at),
                    };
                    if let Some(at) = at {
                        self.save(progress, at)?;
                    }
                    return Err(Failure::page(&error, self.credential).into());
                }
                Ok(None) => {
                    // Some lists end with an answer that is no page.
                    self.counters.items().store(progress.items, Relaxed);
                    self.save(progress, stream.checkpoint())?;
                    return Ok(outcome(stream.end()));
                }
                Err(Stop::Closed) => return Err(Stop::Closed),
                Err(stop) => {
                    self.save(progress, stream.checkpoint())?;
                    return Err(stop);
                }
            }
        }
    }

    /// The next of `stream`, as far as the clock lets it be waited for; lines that were written
    /// are handed on before.
    async fn next<S: Source>(&mut self, stream: &mut S) -> Result<Option<S::Item>, Stop> {
        if let Some(next) = stream.next().now_or_never() {
            return Ok(next);
        }
        self.output.flush()?;
        Ok(self.clock.wait_for_page(stream.next()).await?)
    }

    /// Writes down where the drain is, after handing on what that covers.
    fn save(&mut self, progress: Progress, at: Checkpoint) -> Result<(), Stop> {
        let Some(book) = &mut self.book else {
            return Ok(());
        };
        self.output.flush()?;
        book.write(progress.pages, at, self.output.mark())
            .map_err(|error| Failure::saving(book.path(), &error).into())
    }
}

const fn outcome(end: Option<End>) -> Outcome {
    match end {
        Some(End::Limited) => Outcome::Limited,
        _ => Outcome::Done,
    }
}
