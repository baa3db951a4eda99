//! What is behind the output: what takes all at once, and what makes its writer wait.

use std::fs::File;
use std::io::{self, Write};

use super::pieces::Pieces;
use super::slow::Slow;

/// What is handed on together.
pub(super) const LARGE: usize = 64 * 1024;

/// As much as a pipe takes whole or not at all: the smallest `PIPE_BUF` in use but for macOS's 512,
/// where a piece may be parted.
const ATOMIC: usize = 4096;

pub(super) struct Sink {
    way: Way,
    /// How many bytes are written together, unless a single line is longer.
    pub(super) piece: usize,
    /// Whether it is a file that can be cut and gone on with.
    pub(super) is_file: bool,
}

enum Way {
    Direct(File),
    Slow(Slow),
}

impl Sink {
    #[cfg(unix)]
    pub(super) fn of(file: File) -> io::Result<Self> {
        use std::io::IsTerminal;
        use std::os::unix::fs::FileTypeExt;

        let kind = file.metadata()?.file_type();
        let is_terminal = file.is_terminal();
        if kind.is_file() || (kind.is_char_device() && !is_terminal) {
            return Ok(Self::direct(file, kind.is_file()));
        }
        Ok(Self {
            way: Way::Slow(Slow::new(file)?),
            // A terminal that is stopped takes a part of what it is given: a line at a time, so that
            // none is behind the part.
            piece: if is_terminal { 0 } else { ATOMIC },
            is_file: false,
        })
    }

    #[cfg(not(unix))]
    pub(super) fn of(file: File) -> io::Result<Self> {
        let is_file = file.metadata()?.is_file();
        Ok(Self::direct(file, is_file))
    }

    fn direct(file: File, is_file: bool) -> Self {
        Self {
            way: Way::Direct(file),
            piece: LARGE,
            is_file,
        }
    }

    /// Not through the standard library's buffer, of which nobody knows what it has written.
    #[cfg(unix)]
    pub(super) fn stdout() -> io::Result<Self> {
        use std::os::fd::AsFd;

        Self::of(File::from(io::stdout().as_fd().try_clone_to_owned()?))
    }

    #[cfg(not(unix))]
    pub(super) fn stdout() -> io::Result<Self> {
        Ok(Self {
            way: Way::Slow(Slow::new(io::stdout())?),
            piece: ATOMIC,
            is_file: false,
        })
    }

    /// Writes `pieces`, which is empty after it. Dropped in between, the wait can be taken up again.
    pub(super) async fn write(&mut self, pieces: &mut Pieces) -> io::Result<()> {
        match &mut self.way {
            Way::Direct(file) => {
                let result = file.write_all(pieces.all());
                pieces.clear();
                result
            }
            Way::Slow(slow) => slow.write(pieces).await,
        }
    }

    /// Whether pieces are on their way that may or may not arrive.
    pub(super) const fn is_waiting(&self) -> bool {
        match &self.way {
            Way::Direct(_) => false,
            Way::Slow(slow) => slow.is_waiting(),
        }
    }

    /// How many pieces are certain to be written of those that were written last.
    pub(super) fn written(&self) -> usize {
        match &self.way {
            Way::Direct(_) => 0,
            Way::Slow(slow) => slow.written(),
        }
    }

    /// The piece at hand is the last.
    pub(super) fn stop(&self) {
        if let Way::Slow(slow) = &self.way {
            slow.stop();
        }
    }
}
