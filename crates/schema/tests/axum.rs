//! An axum application whose inbound requests and whose own answers are held to contracts, asked
//! over a socket.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::Path;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use outbound_schema::{
    Contract, Contracts, Otherwise, Rejection, Routes, StatusClass, ValidateLayer,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The contracts of the application, by the routes of its router.
fn routes() -> Routes {
    let user = || Contract::required(["/name: string"]).unwrap();
    Routes::new()
        .route(
            Method::POST,
            "/v1/users",
            Contracts::new().request(user()).status(
                StatusCode::CREATED,
                Contract::required(["/id: integer"]).unwrap(),
            ),
        )
        .and_then(|routes| {
            routes.route(
                Method::GET,
                "/v1/users/{id}",
                Contracts::new().class(StatusClass::Success, user()),
            )
        })
        .unwrap()
        .by_matched_path()
}

/// A server on loopback; what it was asked in a handler.
async fn serve() -> (SocketAddr, Arc<Mutex<Vec<Value>>>) {
    let handled = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&handled);
    let users = Router::new()
        .route(
            "/users",
            post(move |Json(body): Json<Value>| async move {
                let id = body["id"].clone();
                seen.lock().unwrap().push(body);
                (StatusCode::CREATED, Json(json!({"id": id})))
            }),
        )
        .route(
            "/users/{id}",
            get(async |Path(id): Path<u64>| match id {
                1 => Json(json!({"name": "a"})).into_response(),
                2 => Json(json!({"name": null, "password": "canary"})).into_response(),
                3 => StatusCode::NO_CONTENT.into_response(),
                _ => (StatusCode::NOT_FOUND, "no such user").into_response(),
            })
            .delete(async || "gone"),
        )
        .route("/plain", get(async || "text"));
    let upgrade = get(async |headers: HeaderMap| {
        assert_eq!(headers[header::UPGRADE], "echo");
        let head = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")];
        (StatusCode::SWITCHING_PROTOCOLS, head)
    });
    let app = Router::new()
        .nest("/v1", users)
        .route("/upgrade", upgrade)
        .layer(ValidateLayer::new(routes()).reject_with(Rejection::problem))
        .layer(ValidateLayer::requests(routes()).reject_with(Rejection::problem));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, handled)
}

/// Sends what was written by hand; what comes back until the connection ends.
async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that refuses a body it has not read may reset the connection behind its answer.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn ask(address: SocketAddr, line: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    status_and_body(&exchange(address, &request).await)
}

fn status_and_body(answer: &str) -> (u16, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

#[tokio::test]
async fn inbound_requests_are_held_to_the_contract_of_their_route() {
    let (address, handled) = serve().await;
    let good = r#"{"name":"a","id":7}"#;
    assert_eq!(
        ask(address, "POST /v1/users", good).await,
        (201, r#"{"id":7}"#.to_owned())
    );

    let (status, problem) = ask(address, "POST /v1/users", r#"{"name":1}"#).await;
    assert_eq!(status, 422);
    let problem: Value = serde_json::from_str(&problem).unwrap();
    assert_eq!(problem["errors"][0]["pointer"], "#/name");
    assert_eq!(ask(address, "POST /v1/users", "{").await.0, 400);
    assert_eq!(ask(address, "POST /v1/users", "").await.0, 400);

    assert_eq!(*handled.lock().unwrap(), [json!({"name": "a", "id": 7})]);
}

#[tokio::test]
async fn a_chunked_request_is_held_to_it_too() {
    let (address, handled) = serve().await;
    let chunked = |chunks: &str| {
        format!(
            "POST /v1/users HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: \
             application/json\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"
        )
    };
    let good = chunked("8\r\n{\"name\":\r\nb\r\n\"a\",\"id\":8}\r\n0\r\n\r\n");
    let (status, _) = status_and_body(&exchange(address, &good).await);
    assert_eq!(status, 201);
    let bad = chunked("8\r\n{\"name\":\r\n2\r\n1}\r\n0\r\n\r\n");
    let (status, _) = status_and_body(&exchange(address, &bad).await);
    assert_eq!(status, 422);
    assert_eq!(handled.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_announced_length_beyond_the_limit_is_refused_before_the_body_comes() {
    let (address, handled) = serve().await;
    let length = ValidateLayer::DEFAULT_REQUEST_LIMIT + 1;
    let request = format!(
        "POST /v1/users HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: \
         application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    let (status, problem) = status_and_body(&exchange(address, &request).await);
    assert_eq!(status, 413);
    assert!(problem.contains("at most 2097152 bytes"), "{problem}");
    assert!(handled.lock().unwrap().is_empty());
}

#[tokio::test]
async fn its_own_answers_are_held_to_the_contract_and_tell_nothing_when_they_break_it() {
    let (address, _) = serve().await;
    assert_eq!(
        ask(address, "GET /v1/users/1", "").await,
        (200, r#"{"name":"a"}"#.to_owned())
    );
    let (status, problem) = ask(address, "GET /v1/users/2", "").await;
    assert_eq!(status, 500);
    let problem: Value = serde_json::from_str(&problem).unwrap();
    assert_eq!(
        problem,
        json!({
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "detail": "the response was withheld, for it breaks its contract",
        })
    );
    // The id that the handler gives back is null.
    assert_eq!(
        ask(address, "POST /v1/users", r#"{"name":"a"}"#).await.0,
        500
    );
}

#[tokio::test]
async fn what_has_no_contract_passes_untouched() {
    let (address, _) = serve().await;
    for (line, status, body) in [
        ("GET /v1/plain", 200, "text"),
        ("GET /v1/users/3", 204, ""),
        ("GET /v1/users/9", 404, "no such user"),
        ("HEAD /v1/users/2", 200, ""),
        ("DELETE /v1/users/2", 200, "gone"),
        ("GET /nowhere", 404, ""),
    ] {
        assert_eq!(
            ask(address, line, "").await,
            (status, body.to_owned()),
            "{line}"
        );
    }
}

#[tokio::test]
async fn an_upgrade_passes() {
    let (address, _) = serve().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        "GET /upgrade HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
}

#[tokio::test]
async fn a_route_of_the_router_that_has_no_contract_can_be_refused() {
    let routes = routes().unmatched(Otherwise::Refuse);
    let app = Router::new()
        .route("/v1/users/{id}", get(async || Json(json!({"name": "a"}))))
        // The same path, but another template: by text, it is another route.
        .route("/v1/users/{id}/{more}", get(async || Json(json!({}))))
        .layer(ValidateLayer::requests(routes).reject_with(Rejection::problem));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    assert_eq!(ask(address, "GET /v1/users/1", "").await.0, 200);
    assert_eq!(ask(address, "GET /v1/users/1/2", "").await.0, 404);
}
