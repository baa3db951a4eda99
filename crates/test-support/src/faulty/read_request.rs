use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::record::header;

/// Reads requests from a stream, and nothing beyond what each of them needs to be understood.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) stream: TcpStream,
    /// What was read and not yet understood.
    buffer: BytesMut,
}

/// How a request says where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(usize),
    Chunked,
}

impl Framing {
    /// By RFC 9112, section 6.3; what it forbids is read as if there were no body.
    pub(super) fn of(head: &str) -> Self {
        let coding = header(head, "transfer-encoding").unwrap_or_default();
        if coding.to_ascii_lowercase().ends_with("chunked") {
            return Self::Chunked;
        }
        let length = header(head, "content-length").and_then(|length| length.parse().ok());
        Self::Length(length.unwrap_or(0))
    }
}

impl Reader {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
        }
    }

    /// Waits until a request begins, without reading any of it.
    pub(super) async fn begun(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() && self.stream.peek(&mut [0]).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// A request's head, with the blank line that ends it.
    pub(super) async fn head(&mut self) -> io::Result<String> {
        let head = self.until(b"\r\n\r\n").await?;
        Ok(String::from_utf8_lossy(&head).into_owned())
    }

    /// Hands each piece of a request's body to `sink`.
    pub(super) async fn body(
        &mut self,
        framing: Framing,
        mut sink: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        match framing {
            Framing::Length(length) => self.exactly(length, &mut sink).await,
            Framing::Chunked => self.chunks(&mut sink).await,
        }
    }

    async fn chunks(&mut self, sink: &mut impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            match size(&self.until(b"\r\n").await?)? {
                0 => break,
                size => self.exactly(size, sink).await?,
            }
            self.until(b"\r\n").await?;
        }
        // The trailers end with a blank line.
        while self.until(b"\r\n").await?.len() > 2 {}
        Ok(())
    }

    async fn exactly(&mut self, mut length: usize, sink: &mut impl FnMut(&[u8])) -> io::Result<()> {
        while length > 0 {
            if self.buffer.is_empty() {
                self.more().await?;
            }
            let piece = length.min(self.buffer.len());
            sink(&self.buffer[..piece]);
            self.buffer.advance(piece);
            length -= piece;
        }
        Ok(())
    }

    /// Everything up to and including `mark`.
    async fn until(&mut self, mark: &[u8]) -> io::Result<Bytes> {
        loop {
            let found = self
                .buffer
                .windows(mark.len())
                .position(|part| part == mark);
            if let Some(start) = found {
                return Ok(self.buffer.split_to(start + mark.len()).freeze());
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The size in a chunk's first line; its extensions mean nothing here.
fn size(line: &[u8]) -> io::Result<usize> {
    let digits = line.split(|byte| matches!(byte, b';' | b'\r')).next();
    digits
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| usize::from_str_radix(digits.trim(), 16).ok())
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}
