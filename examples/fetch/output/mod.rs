//! Where the lines go.

mod mark;
mod pieces;
mod sink;
mod slow;

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

pub(crate) use self::mark::Mark;
use self::mark::{TAIL, Written};
use self::pieces::Pieces;
use self::sink::{LARGE, Sink};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::minify::minify;

/// How long pieces that are on their way may still be, once the drain has to stop; and the last of them,
/// once they have to.
const GRACE: Duration = Duration::from_millis(250);
const LAST_GRACE: Duration = Duration::from_millis(50);

/// Writes one JSON text a line.
///
/// Lines are handed on in pieces, and never a part of one: a piece that is not written is one of which
/// no line counts. One that is on its way when the drain gives up may still arrive if it is read just
/// then, before the process has ended; its lines come again when the drain goes on.
pub(crate) struct Output {
    sink: Sink,
    /// What is not handed on yet.
    pieces: Pieces,
    /// A line that is not among them yet.
    line: Vec<u8>,
    /// What the file holds with them, if it is one.
    written: Option<Written>,
}

/// Why a line was not written.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Whoever read the lines has enough; a clean end.
    Closed,
    Failed(io::Error),
}

impl Output {
    /// Writes to `path` or to stdout, behind `mark` if there is one.
    ///
    /// A pipe that has a name is open once somebody reads it, so this may take for ever.
    pub(crate) async fn begin(
        path: Option<&Path>,
        mark: Option<&Mark>,
        mut interrupt: Interrupt,
    ) -> Result<Self, Failure> {
        let (file, mark) = (path.map(Path::to_owned), mark.cloned());
        let opened = spawn_blocking(move || match (&file, &mark) {
            (Some(path), Some(mark)) => Self::go_on(path, mark),
            (Some(path), None) => Self::create(path),
            (None, _) => Ok(Self::new(Sink::stdout()?, None)),
        });
        let opened = tokio::select! {
            biased;
            () = interrupt.heard() => return Err(Failure::interrupted()),
            opened = opened => opened.map_err(io::Error::other),
        };
        opened
            .and_then(|opened| opened)
            .map_err(|error| Failure::opening(path, &error))
    }

    fn create(path: &Path) -> io::Result<Self> {
        let sink = Sink::of(File::create(path)?)?;
        // A pipe that has a name is as little known again as stdout.
        let written = sink.is_file.then(Written::default);
        Ok(Self::new(sink, written))
    }

    /// Goes on behind `mark` in the file at `path`; what else it holds was written without
    /// being covered by a checkpoint, and will come again.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or is not the file that `mark` was made of, and stays as it is.
    fn go_on(path: &Path, mark: &Mark) -> io::Result<Self> {
        let opened = File::options().read(true).write(true).open(path);
        let mut file = opened.map_err(|error| match error.kind() {
            ErrorKind::NotFound => io::Error::other(
                "it is not there, and the checkpoint goes on behind what it held; bring it back, or \
                 remove the checkpoint to begin anew",
            ),
            _ => error,
        })?;
        let start = mark.len.saturating_sub(TAIL as u64);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        (&file).take(mark.len - start).read_to_end(&mut tail)?;
        let written = Written {
            len: start + tail.len() as u64,
            tail,
        };
        if written.mark() != *mark {
            return Err(io::Error::other(
                "not the file that the checkpoint was written for; name that one, or remove \
                 the checkpoint to begin anew",
            ));
        }
        file.set_len(mark.len)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self::new(Sink::of(file)?, Some(written)))
    }

    fn new(sink: Sink, written: Option<Written>) -> Self {
        Self {
            sink,
            pieces: Pieces::default(),
            line: Vec::new(),
            written,
        }
    }

    /// How far the file is written, with what is not handed on yet; `None` for stdout.
    pub(crate) fn mark(&self) -> Option<Mark> {
        self.written.as_ref().map(Written::mark)
    }

    /// Reads the next line, a JSON text without its insignificant white space; whether it belongs to the
    /// piece at hand.
    pub(crate) fn read(&mut self, json: &[u8]) -> bool {
        self.line.clear();
        minify(json, &mut self.line);
        self.line.push(b'\n');
        let at_hand = self.pieces.at_hand();
        at_hand == 0 || at_hand + self.line.len() <= self.sink.piece
    }

    /// Whether there is room for the line that was read last.
    pub(crate) fn has_room(&self) -> bool {
        self.pieces.len() + self.line.len() <= LARGE
    }

    /// Begins another piece.
    pub(crate) fn cut(&mut self) {
        self.pieces.cut();
    }

    /// Adds the line that was read last, once.
    pub(crate) fn add(&mut self) {
        if let Some(written) = &mut self.written {
            written.add(&self.line);
        }
        self.pieces.add(&mut self.line);
    }

    /// Whether all that was added is written.
    pub(crate) fn is_written(&self) -> bool {
        self.pieces.is_empty() && !self.sink.is_waiting()
    }

    /// Hands on what was added, and waits until it is written, which may be never.
    pub(crate) async fn flush(&mut self) -> Result<(), Refused> {
        if !self.is_written() {
            self.sink.write(&mut self.pieces).await?;
        }
        Ok(())
    }

    /// After a [`flush`](Self::flush) that was given up: whether it comes to its end in a moment.
    pub(crate) async fn settles(&mut self) -> bool {
        let flushed = timeout(GRACE, self.flush()).await;
        if let Ok(flushed) = flushed {
            return flushed.is_ok();
        }
        self.sink.stop();
        // That it came back says nothing: it may have left pieces out.
        let _ = timeout(LAST_GRACE, self.flush()).await;
        false
    }

    /// After a [`flush`](Self::flush) that was refused or did not settle: how many of its pieces are
    /// written.
    pub(crate) fn pieces_written(&self) -> usize {
        self.sink.written()
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(error),
        }
    }
}
