//! Where the lines go.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

use crate::minify::minify;

/// Writes one JSON text a line.
pub(crate) struct Output {
    sink: BufWriter<Box<dyn Write + Send>>,
    line: Vec<u8>,
    /// Length of the file, if it is one.
    len: Option<u64>,
}

/// Why a line was not written.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Whoever read the lines has enough; a clean end.
    Closed,
    Failed(io::Error),
}

impl Output {
    /// Writes to `path`, or to stdout.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let sink: Box<dyn Write + Send> = match path {
            Some(path) => Box::new(File::create(path)?),
            None => Box::new(io::stdout()),
        };
        Ok(Self {
            sink: BufWriter::new(sink),
            line: Vec::new(),
            len: path.map(|_| 0),
        })
    }

    /// Goes on behind the first `len` bytes of the file at `path`; what else it holds was
    /// written without being covered by a checkpoint, and will come again.
    pub(crate) fn go_on(path: &Path, len: u64) -> io::Result<Self> {
        let mut file = File::options().write(true).open(path)?;
        if file.metadata()?.len() < len {
            return Err(io::Error::other(
                "the file is shorter than its checkpoint says; remove both to begin anew",
            ));
        }
        file.set_len(len)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self {
            sink: BufWriter::new(Box::new(file)),
            line: Vec::new(),
            len: Some(len),
        })
    }

    /// How long the file is, with what is not flushed yet; `None` for stdout.
    pub(crate) const fn len(&self) -> Option<u64> {
        self.len
    }

    /// Writes a JSON text without its insignificant white space, and a line break.
    pub(crate) fn line(&mut self, json: &[u8]) -> Result<(), Refused> {
        self.line.clear();
        minify(json, &mut self.line);
        self.line.push(b'\n');
        self.sink.write_all(&self.line)?;
        if let Some(len) = &mut self.len {
            *len += self.line.len() as u64;
        }
        Ok(())
    }

    /// Hands on what is buffered: whole lines, since `line` never leaves part of one behind.
    pub(crate) fn flush(&mut self) -> Result<(), Refused> {
        Ok(self.sink.flush()?)
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
