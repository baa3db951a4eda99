use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::act::{Act, End, Step, Wait};
use super::read_request::{Framing, Reader};
use super::record::Record;
use super::script::Acts;

/// One connection, and whom it tells what it was sent.
#[derive(Debug)]
pub(super) struct Connection {
    reader: Reader,
    number: usize,
    record: Arc<Record>,
}

/// A request that was read, as far as it was.
#[derive(Clone, Copy, Debug)]
struct Begun {
    place: usize,
    framing: Framing,
    complete: bool,
    /// A response to HEAD has no body, whatever its head says.
    is_head: bool,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, number: usize, record: Arc<Record>) -> Self {
        // What is written leaves at once, before a reset could overtake it.
        let _ = stream.set_nodelay(true);
        Self {
            reader: Reader::new(stream),
            number,
            record,
        }
    }

    /// Does what the acts say, or as much of it as the client stays for.
    pub(super) async fn serve(mut self, acts: Acts) {
        let _ = self.play(acts).await;
    }

    async fn play(&mut self, acts: Acts) -> io::Result<()> {
        match acts {
            Acts::List(list) => {
                let count = list.len();
                for (index, act) in list.into_iter().enumerate() {
                    let request = match act.wait {
                        Wait::Nothing => None,
                        Wait::FirstByte => {
                            self.reader.begun().await?;
                            None
                        }
                        Wait::Head => Some(self.begin(index).await?),
                        Wait::Request => Some(self.read(index).await?),
                    };
                    self.perform(act, request, index + 1 == count).await?;
                }
            }
            Acts::ByRequest(answer) => {
                for index in 0.. {
                    let request = self.read(index).await?;
                    let act = answer(&self.record.request(request.place));
                    self.perform(act, Some(request), false).await?;
                }
            }
        }
        self.reader.stream.shutdown().await
    }

    /// Reads a request's head.
    async fn begin(&mut self, index: usize) -> io::Result<Begun> {
        let head = self.reader.head().await?;
        Ok(Begun {
            framing: Framing::of(&head),
            is_head: head.starts_with("HEAD "),
            place: self.record.begin(self.number, index, head),
            complete: false,
        })
    }

    /// Reads a request to its end.
    async fn read(&mut self, index: usize) -> io::Result<Begun> {
        let request = self.begin(index).await?;
        self.finish(request).await
    }

    async fn finish(&mut self, mut request: Begun) -> io::Result<Begun> {
        let (record, place) = (&self.record, request.place);
        let sink = |data: &[u8]| record.receive(place, data);
        self.reader.body(request.framing, sink).await?;
        record.complete(place);
        request.complete = true;
        Ok(request)
    }

    /// Answers, and leaves the connection as the act wants it; an error ends it.
    async fn perform(&mut self, act: Act, request: Option<Begun>, last: bool) -> io::Result<()> {
        let is_head = request.is_some_and(|request| request.is_head);
        let stream = &mut self.reader.stream;
        for step in act.steps {
            match step {
                Step::Head(head) => {
                    let closes = last && act.end == End::Next;
                    stream.write_all(&head.to_bytes(closes)).await?;
                }
                Step::Body(_) if is_head => {}
                Step::Body(bytes) | Step::Raw(bytes) => stream.write_all(&bytes).await?,
                Step::Pause(pause) => sleep(pause).await,
            }
        }
        match act.end {
            End::Next => {
                // Closing a socket with something unread would reset it.
                if let Some(request) = request.filter(|request| !request.complete) {
                    self.finish(request).await?;
                }
                Ok(())
            }
            End::Close => {
                stream.shutdown().await?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            End::Reset => {
                // Closing a socket that does not linger sends RST instead of FIN.
                #[allow(deprecated)] // The successor is younger than the oldest tokio allowed.
                stream.set_linger(Some(Duration::ZERO))?;
                Err(io::ErrorKind::ConnectionReset.into())
            }
            End::Stall => pending().await,
        }
    }
}
