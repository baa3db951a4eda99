//! A sink that keeps its writer waiting for as long as it likes.

use std::io::{self, Write};
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::pieces::Pieces;

/// Written to by a thread of its own, which nobody has to wait for.
///
/// How many of its pieces are written is known at any moment. A thread that waits in the middle of one
/// for a reader who does not come ends with the process.
pub(super) struct Slow {
    todo: mpsc::Sender<Pieces>,
    done: UnboundedReceiver<(Pieces, io::Result<()>)>,
    state: Arc<State>,
    on_their_way: bool,
}

#[derive(Default)]
struct State {
    /// Of the pieces that are, or were, on their way.
    written: AtomicUsize,
    stops: AtomicBool,
}

impl Slow {
    pub(super) fn new(sink: impl Write + Send + 'static) -> io::Result<Self> {
        let (todo, pieces) = mpsc::channel();
        let (tell, done) = unbounded_channel();
        let state = Arc::new(State::default());
        let theirs = Arc::clone(&state);
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || theirs.write(sink, &pieces, &tell))?;
        Ok(Self {
            todo,
            done,
            state,
            on_their_way: false,
        })
    }

    /// Whether pieces are on their way that may or may not arrive.
    pub(super) const fn is_waiting(&self) -> bool {
        self.on_their_way
    }

    /// How many pieces of the last [`write`](Self::write) are written.
    pub(super) fn written(&self) -> usize {
        self.state.written.load(SeqCst)
    }

    /// The piece at hand is the last.
    pub(super) fn stop(&self) {
        self.state.stops.store(true, SeqCst);
    }

    /// Hands `pieces` on and waits until they are written, or for those that are on their way already.
    ///
    /// `pieces` is empty after it. Dropped in between, the wait can be taken up again.
    pub(super) async fn write(&mut self, pieces: &mut Pieces) -> io::Result<()> {
        let gone = || io::Error::other("its thread has ended");
        if !self.on_their_way {
            self.state.written.store(0, SeqCst);
            self.todo.send(mem::take(pieces)).map_err(|_| gone())?;
            self.on_their_way = true;
        }
        let (room, result) = self.done.recv().await.ok_or_else(gone)?;
        self.on_their_way = false;
        *pieces = room;
        pieces.clear();
        result
    }
}

impl State {
    fn write(
        &self,
        mut sink: impl Write,
        todo: &mpsc::Receiver<Pieces>,
        done: &UnboundedSender<(Pieces, io::Result<()>)>,
    ) {
        for pieces in todo {
            let result = pieces.iter().try_for_each(|piece| {
                if !self.stops.load(SeqCst) {
                    sink.write_all(piece)?;
                    sink.flush()?;
                    self.written.fetch_add(1, SeqCst);
                }
                Ok(())
            });
            if done.send((pieces, result)).is_err() {
                break;
            }
        }
    }
}
