use std::future::Future;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use outbound::BoxError;
use outbound::paginate::{Checkpoint, End, PageErrorKind, Progress};
use tokio::time::{Instant, sleep};

use super::place::Place;
use super::source::Source;
use super::stop::Stop;
use crate::checkpoint::Book;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::{Output, Refused};
use crate::summary::Counters;

/// How long after whoever reads the lines has gone Ctrl-C may be heard, which ends both.
const TOGETHER: Duration = Duration::from_millis(200);

/// From a stream to the output, with what is kept of it on the way.
pub(super) struct Course<'a> {
    pub(super) clock: Clock,
    pub(super) book: Option<Book>,
    /// Whether a final 401 is the credential's fault.
    pub(super) credential: bool,
    pub(super) output: Output,
    pub(super) counters: &'a Counters,
    /// What of the stream is written, for certain and as far as is known.
    pub(super) written: Place,
    /// The places between the pieces of what was added and is not known to be written yet.
    pub(super) cuts: Vec<Place>,
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
    ///
    /// However it ends, what is written is counted and in the checkpoint, and nothing else is.
    pub(super) async fn drain<S: Source>(
        &mut self,
        stream: S,
        line: impl Fn(S::Part) -> Bytes,
    ) -> Result<Outcome, Stop> {
        self.written = self.place(stream.progress(), || Some(stream.checkpoint()));
        let ended = self.parts(stream, line).await;
        if ended.is_err() {
            self.counters.items().store(self.written.items, Relaxed);
        }
        if let Err(Stop::Failed(failure)) = &ended {
            match self.write_down() {
                // What cannot be written at all is told of once.
                Err(unsaved) if failure.outcome != Outcome::Output => return Err(unsaved.into()),
                _ => {}
            }
        }
        ended
    }

    async fn parts<S: Source>(
        &mut self,
        mut stream: S,
        line: impl Fn(S::Part) -> Bytes,
    ) -> Result<Outcome, Stop> {
        let mut before = stream.progress();
        loop {
            let next = self.next(&mut stream).await;
            let progress = stream.progress();
            // What failed may stand in a later page than the last part did.
            self.counters.pages().store(progress.pages, Relaxed);
            self.counters.bytes().store(progress.bytes, Relaxed);
            let part = match next? {
                Some(Ok(part)) => part,
                Some(Err(error)) => {
                    let at = stream.checkpoint();
                    // An item that was refused was not written, though it was handed out.
                    let at = match error.kind() {
                        PageErrorKind::Decode => at.before_last_item(),
                        _ => Some(at),
                    };
                    let mut place = self.place(progress, || at);
                    place.items = before.items;
                    self.hand_on(place).await?;
                    if error.kind() == PageErrorKind::NotJson {
                        self.counters.violations().fetch_add(1, Relaxed);
                    }
                    return Err(Failure::page(&error, self.credential).into());
                }
                None => {
                    // Some lists end with an answer that is no page.
                    self.counters.items().store(progress.items, Relaxed);
                    // A page that a limit ended in was had as far as it was wanted.
                    let begun = u64::from(stream.is_within_page());
                    self.counters.pages().store(progress.pages + begun, Relaxed);
                    self.hand_on(self.place(progress, || Some(stream.checkpoint())))
                        .await?;
                    self.write_down()?;
                    return Ok(outcome(stream.end()));
                }
            };
            // Where it is written page by page, nothing of before is left to be handed on.
            let behind = || stream.checkpoint().before_last_item();
            let line = line(part);
            if !line.is_empty() {
                if !self.output.read(&line) {
                    let place = self.place(before, behind);
                    if self.output.has_room() {
                        self.output.cut();
                        self.cuts.push(place);
                    } else {
                        self.hand_on(place).await?;
                    }
                }
                self.output.add();
            }
            self.counters.items().store(progress.items, Relaxed);
            if self.is_due(progress) {
                self.hand_on(self.place(progress, || Some(stream.checkpoint())))
                    .await?;
                self.write_down()?;
            }
            before = progress;
        }
    }

    /// The next of `stream`, as far as the clock lets it be waited for; lines that were added
    /// are handed on before, and a page that is over is written down.
    async fn next<S: Source>(&mut self, stream: &mut S) -> Result<Option<S::Item>, Stop> {
        if let Some(next) = stream.next().now_or_never() {
            return Ok(next);
        }
        let progress = stream.progress();
        let due = self.is_due(progress);
        if due || !self.output.is_written() {
            let here = self.place(progress, || Some(stream.checkpoint()));
            self.hand_on(here).await?;
        }
        if due {
            // The page that is waited for may never come.
            self.write_down()?;
        }
        let next = self.clock.wait_for_page(stream.next()).await;
        if next.is_err() {
            // Pages without items may have come meanwhile.
            self.written = self.place(stream.progress(), || Some(stream.checkpoint()));
        }
        Ok(next?)
    }

    /// Hands on what was added, which is what stands before `place`.
    async fn hand_on(&mut self, place: Place) -> Result<(), Stop> {
        if self.output.is_written() {
            self.written = place;
            return Ok(());
        }
        self.cuts.push(place);
        let since = Instant::now();
        let flushed = self.clock.wait(self.output.flush()).await;
        // Whoever reads the lines may take their time, which is not the page's.
        self.clock.excuse(since.elapsed());
        let settled = match &flushed {
            Ok(flushed) => flushed.is_ok(),
            Err(_) => self.output.settles().await,
        };
        let pieces = match settled {
            true => self.cuts.len(),
            false => self.output.pieces_written(),
        };
        if let Some(place) = self.cuts.drain(..).take(pieces).next_back() {
            self.written = place;
        }
        match flushed? {
            Err(Refused::Closed) => {
                // Ctrl-C ends the reader too, who may be faster.
                self.clock.wait(sleep(TOGETHER)).await?;
                Err(Stop::Closed)
            }
            flushed => Ok(flushed?),
        }
    }

    /// Whether what was added has to be handed on and written down.
    fn is_due(&self, progress: Progress) -> bool {
        let book = self.book.as_ref();
        book.is_some_and(|book| book.is_due(progress.pages))
    }

    /// A place behind what was added.
    fn place(&self, progress: Progress, at: impl FnOnce() -> Option<Checkpoint>) -> Place {
        let at = self.book.as_ref().and_then(|_| at());
        Place {
            pages: progress.pages,
            items: progress.items,
            at: at.map(|at| (at, self.output.mark())),
        }
    }

    /// Writes down what is written.
    fn write_down(&mut self) -> Result<(), Failure> {
        let (Some(book), Some((at, mark))) = (&mut self.book, self.written.at.take()) else {
            return Ok(());
        };
        book.write(self.written.pages, at, mark)
            .map_err(|error| Failure::saving(book.path(), &error))
    }
}

const fn outcome(end: Option<End>) -> Outcome {
    match end {
        Some(End::Limited) => Outcome::Limited,
        _ => Outcome::Done,
    }
}
