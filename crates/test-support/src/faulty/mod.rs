//! A server that fails on the wire, where no response can express it.

mod act;
mod connection;
mod head;
mod read_request;
mod ready_made;
mod record;
mod script;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use self::connection::Connection;
use self::record::Record;
use self::script::Script;

pub use self::act::Act;
pub use self::record::ReceivedRequest;

/// An HTTP/1.1 server on loopback whose connections do what a script says, byte for byte.
///
/// [`start`](Self::start) takes one list of [`Act`]s for each connection, in the order in which
/// they are accepted; each act meets one request, and the connection stays open between two of
/// them. After its last act a connection is closed, which a whole response announces by
/// `connection: close`. Connections beyond the script are closed at once, unless it is told to
/// [repeat its last one](Self::repeat_last).
///
/// Dropping it closes the port and every connection.
pub struct FaultyServer {
    address: SocketAddr,
    script: Arc<Script>,
    record: Arc<Record>,
    accepting: JoinHandle<()>,
}

impl FaultyServer {
    /// Listens on a free port, with one list of acts for each connection.
    ///
    /// # Panics
    ///
    /// If there is no free port, or no tokio runtime with I/O.
    pub async fn start<I>(connections: I) -> Self
    where
        I: IntoIterator<Item: IntoIterator<Item = Act>>,
    {
        let connections = connections
            .into_iter()
            .map(|acts| acts.into_iter().collect());
        Self::play(Script::connections(connections.collect())).await
    }

    /// Listens on a free port, and answers each request, once it is read to its end, as `answer`
    /// says.
    ///
    /// # Panics
    ///
    /// If there is no free port, or no tokio runtime with I/O.
    pub async fn with(answer: impl Fn(&ReceivedRequest) -> Act + Send + Sync + 'static) -> Self {
        Self::play(Script::by_request(answer)).await
    }

    /// Gives every connection beyond the script the acts of its last one.
    #[must_use]
    pub fn repeat_last(self) -> Self {
        self.script.repeat_last();
        self
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The URL of `path`, which starts with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections were accepted, those that were closed at once included.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.record.connections()
    }

    /// The requests whose head was read, in the order in which that happened.
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.record.requests()
    }

    async fn play(script: Script) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("the port's number");
        let (script, record) = (Arc::new(script), Arc::<Record>::default());
        let accepting = accept(listener, Arc::clone(&script), Arc::clone(&record));
        Self {
            address,
            script,
            record,
            accepting: tokio::spawn(accepting),
        }
    }
}

impl Drop for FaultyServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl fmt::Debug for FaultyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyServer")
            .field("address", &self.address)
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

/// Accepts until it is aborted. The connections are aborted with it.
async fn accept(listener: TcpListener, script: Arc<Script>, record: Arc<Record>) {
    let mut serving = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let number = record.connect();
        let acts = script.connection(number);
        let connection = Connection::new(stream, number, Arc::clone(&record));
        serving.spawn(connection.serve(acts));
    }
}
