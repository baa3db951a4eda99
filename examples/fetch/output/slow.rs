//! A sink that keeps its writer waiting for as long as it likes.

use std::io::{self, Write};
use std::mem;
use std::sync::mpsc;
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Written to by a thread of its own, which nobody has to wait for.
///
/// One piece is on its way at a time, and is known to be written once the thread says so. A thread that
/// waits in the middle of a write for a reader who does not come ends with the process.
pub(super) struct Slow {
    pieces: mpsc::Sender<Vec<u8>>,
    written: UnboundedReceiver<(Vec<u8>, io::Result<()>)>,
    on_its_way: bool,
}

impl Slow {
    pub(super) fn new(mut sink: impl Write + Send + 'static) -> io::Result<Self> {
        let (pieces, todo) = mpsc::channel::<Vec<u8>>();
        let (tell, written) = unbounded_channel();
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || {
                for piece in todo {
                    let result = sink.write_all(&piece).and_then(|()| sink.flush());
                    if tell.send((piece, result)).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self {
            pieces,
            written,
            on_its_way: false,
        })
    }

    /// Whether a piece is on its way that may or may not arrive.
    pub(super) const fn is_waiting(&self) -> bool {
        self.on_its_way
    }

    /// Hands `piece` on and waits until it is written, or for the one that is on its way already.
    ///
    /// `piece` is empty after it. Dropped in between, the wait can be taken up again.
    pub(super) async fn write(&mut self, piece: &mut Vec<u8>) -> io::Result<()> {
        let gone = || io::Error::other("its thread has ended");
        if !self.on_its_way {
            self.pieces.send(mem::take(piece)).map_err(|_| gone())?;
            self.on_its_way = true;
        }
        let (room, result) = self.written.recv().await.ok_or_else(gone)?;
        self.on_its_way = false;
        *piece = room;
        piece.clear();
        result
    }
}
