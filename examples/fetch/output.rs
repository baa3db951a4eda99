//! Where the lines go.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use crate::minify::minify;

/// Writes one JSON text a line.
pub(crate) struct Output {
    sink: BufWriter<Box<dyn Write + Send>>,
    line: Vec<u8>,
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
        })
    }

    /// Writes a JSON text without its insignificant white space, and a line break.
    pub(crate) fn line(&mut self, json: &[u8]) -> Result<(), Refused> {
        self.line.clear();
        minify(json, &mut self.line);
        self.line.push(b'\n');
        Ok(self.sink.write_all(&self.line)?)
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
