//! Where the lines go.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::minify::minify;

/// By how many of its last bytes a file is known again.
const TAIL: usize = 256;

/// Writes one JSON text a line.
pub(crate) struct Output {
    sink: BufWriter<Box<dyn Write + Send>>,
    line: Vec<u8>,
    /// What the file holds, if it is one.
    written: Option<Written>,
}

struct Written {
    len: u64,
    tail: Vec<u8>,
}

/// How far a file is written, and by what it is known again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    len: u64,
    tail: String,
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
            written: path.map(|_| Written {
                len: 0,
                tail: Vec::new(),
            }),
        })
    }

    /// Goes on behind `mark` in the file at `path`; what else it holds was written without
    /// being covered by a checkpoint, and will come again.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or is not the file that `mark` was made of, and stays as it is.
    pub(crate) fn go_on(path: &Path, mark: &Mark) -> io::Result<Self> {
        let mut file = File::options().read(true).write(true).open(path)?;
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
        Ok(Self {
            sink: BufWriter::new(Box::new(file)),
            line: Vec::new(),
            written: Some(written),
        })
    }

    /// How far the file is written, with what is not flushed yet; `None` for stdout.
    pub(crate) fn mark(&self) -> Option<Mark> {
        self.written.as_ref().map(Written::mark)
    }

    /// Writes a JSON text without its insignificant white space, and a line break.
    pub(crate) fn line(&mut self, json: &[u8]) -> Result<(), Refused> {
        self.line.clear();
        minify(json, &mut self.line);
        self.line.push(b'\n');
        self.sink.write_all(&self.line)?;
        if let Some(written) = &mut self.written {
            written.add(&self.line);
        }
        Ok(())
    }

    /// Hands on what is buffered: whole lines, since `line` never leaves part of one behind.
    pub(crate) fn flush(&mut self) -> Result<(), Refused> {
        Ok(self.sink.flush()?)
    }
}

impl Written {
    fn add(&mut self, line: &[u8]) {
        self.len += line.len() as u64;
        let new = &line[line.len().saturating_sub(TAIL)..];
        let old = (self.tail.len() + new.len()).saturating_sub(TAIL);
        self.tail.drain(..old);
        self.tail.extend_from_slice(new);
    }

    fn mark(&self) -> Mark {
        Mark {
            len: self.len,
            tail: format!("{:x}", Bytes::copy_from_slice(&Sha256::digest(&self.tail))),
        }
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
