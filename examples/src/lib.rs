//! What the example programs share.

use std::io;

use axum::Router;
use tokio::net::TcpListener;

// Its first program is `no_run`: it serves until it is ended. `tests/readme.rs` runs what it serves.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Serves `router` on a free port of loopback until the program ends, and says under which origin.
///
/// # Errors
///
/// If there is no port to be had.
pub async fn serve(router: Router) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(origin)
}
