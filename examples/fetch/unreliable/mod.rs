//! A weather service that fails in every way a client must live with.
//!
//! It runs in the same process, on loopback. 60 observations, 12 pages of 5, linked by `Link`
//! headers, behind a bearer token of OAuth's client credentials grant. What goes wrong, and where,
//! stands in [`faults`] and [`tokens`]; each fault is met once and never two on one page, so that
//! one retry a page is enough for a client that does the rest right.

mod api;
mod faults;
mod observations;
mod tokens;
mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running API. It ends, with all its connections, when this is dropped.
#[derive(Debug)]
pub(crate) struct UnreliableApi {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl UnreliableApi {
    /// The only client that [`token_url`](Self::token_url) knows.
    pub(crate) const CLIENT_ID: &str = "weather-reader";

    /// Its secret. It opens nothing but this API, which holds nothing.
    pub(crate) const CLIENT_SECRET: &str = "not-a-secret";

    /// JSON Pointers to what the API says each item has. One item breaks its word.
    pub(crate) const ITEM_CONTRACT: &[&str] = observations::CONTRACT;

    /// Listens on a free port of the loopback interface, and serves.
    ///
    /// # Errors
    ///
    /// The error of the operating system if there is no such port.
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(Self {
            address: listener.local_addr()?,
            server: tokio::spawn(wire::serve(listener, api::router())),
        })
    }

    /// Where the first page of the list is, a JSON array at its root.
    pub(crate) fn items_url(&self) -> String {
        format!("http://{}{}", self.address, api::FIRST_PAGE)
    }

    /// Where tokens are issued: `POST` of `grant_type=client_credentials`, with the client's id and
    /// secret by HTTP Basic ([RFC 6749, section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
    pub(crate) fn token_url(&self) -> String {
        format!("http://{}{}", self.address, api::TOKEN)
    }
}

impl Drop for UnreliableApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}
