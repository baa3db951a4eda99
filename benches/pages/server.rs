//! Answers with pages that were made before: as little as a server can do.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{ITEMS, PAGES};

/// Serves on a port that it prints, until it is killed.
pub(super) async fn run(latency: u64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let pages: Arc<Vec<Vec<u8>>> = Arc::new((1..=PAGES).map(|page| answer(port, page)).collect());
    println!("{port}");
    let latency = Duration::from_millis(latency);
    while let Ok((stream, _)) = listener.accept().await {
        let pages = Arc::clone(&pages);
        tokio::spawn(async move {
            // Who goes away is not missed.
            let _ = converse(stream, &pages, latency).await;
        });
    }
}

async fn converse(
    mut stream: TcpStream,
    pages: &[Vec<u8>],
    latency: Duration,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::new();
    loop {
        while !read.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        }
        let text = String::from_utf8_lossy(&read);
        let page = text.split_once("page=").map_or("1", |(_, rest)| rest);
        let end = page.find(|letter: char| !letter.is_ascii_digit());
        let page: usize = page[..end.unwrap_or(page.len())].parse().unwrap_or(1);
        read.clear();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        stream.write_all(&pages[page - 1]).await?;
    }
}

fn answer(port: u16, page: u64) -> Vec<u8> {
    let mut body = String::from("[");
    for id in page * ITEMS..(page + 1) * ITEMS {
        if !body.ends_with('[') {
            body.push(',');
        }
        write!(
            body,
            r#"{{"id":{id},"node_id":"MDU6SXNzdWUx{id}","number":{id},"title":"An issue with the number {id} and a title of the usual length","state":"open","comments":3,"locked":false,"score":1.5,"user":{{"login":"somebody-{id}","id":{id},"site_admin":false}},"labels":[{{"id":1,"name":"bug","color":"f29513"}},{{"id":2,"name":"help wanted","color":"008672"}}],"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-02T00:00:00Z","closed_at":null,"body":"Steps to reproduce:\n1. open it\n2. look at \"{id}\""}}"#
        )
        .expect("a String takes it");
    }
    body.push(']');
    let base = format!("http://127.0.0.1:{port}/items");
    let next = if page < PAGES {
        let next = page + 1;
        format!("<{base}?page={next}>; rel=\"next\", <{base}?page={PAGES}>; rel=\"last\"")
    } else {
        format!("<{base}?page=1>; rel=\"first\"")
    };
    let len = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len}\r\nlink: {next}\r\nx-total-pages: {PAGES}\r\n\r\n"
    );
    [head.into_bytes(), body.into_bytes()].concat()
}
