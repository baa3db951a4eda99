//! A request that was written to its connection may have been processed, whatever the transport
//! reports afterwards: no POST is sent twice.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use outbound_http::{BoxError, CollectLayer};
use outbound_retry::{Exponential, Report, RetryLayer};
use test_support::send;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

type Hyper = Client<HttpConnector, Full<Bytes>>;

fn at_once() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

/// The error of a call and how often it was sent.
async fn failure<S, RB>(mut client: S, method: &Method, url: &str) -> (S::Error, u32)
where
    S: Service<Request<Full<Bytes>>, Response = Response<RB>>,
{
    let (report, body) = (Report::new(), Full::from("pay"));
    let request = Request::builder().method(method).uri(url);
    let request = request.extension(report.clone()).body(body);
    let outcome = send(&mut client, request.expect("a request")).await;
    (outcome.err().expect("a failure"), report.attempts())
}

/// The first along the chain of an error that is an `E`.
fn find<E: Error + 'static>(error: &BoxError) -> Option<&E> {
    let error: &(dyn Error + 'static) = &**error;
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref())
}

/// How a server breaks off a response whose head it has sent.
type Break = fn(h2::SendStream<Bytes>);

/// A server that answers each request with such a head, and then breaks off.
async fn server(head: fn() -> Response<()>, then: Break) -> (String, AbortHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(socket).await.expect("HTTP/2");
                while let Some(Ok((_, mut reply))) = connection.accept().await {
                    let stream = reply.send_response(head(), false).expect("a stream");
                    tokio::spawn(async move {
                        // Else the head would not be sent before.
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        then(stream);
                    });
                }
            });
        }
    });
    (url, server.abort_handle())
}

fn client() -> Hyper {
    Client::builder(TokioExecutor::new())
        .http2_only(true)
        .retry_canceled_requests(false)
        .build_http()
}

fn refuse(mut stream: h2::SendStream<Bytes>) {
    stream.send_reset(h2::Reason::REFUSED_STREAM);
}

#[tokio::test]
async fn a_post_that_was_answered_is_not_sent_again_because_its_body_was_refused() {
    let (url, server) = server(|| Response::new(()), refuse).await;
    let collected = || {
        ServiceBuilder::new()
            .layer(at_once())
            .layer(CollectLayer::new(1 << 20))
            .service(client())
    };
    // As one may do it by hand, where nothing says that it was the body.
    let by_hand = || {
        at_once().layer(service_fn(|request| -> BoxFuture<'static, _> {
            Box::pin(async {
                let response: Response<Incoming> = client().oneshot(request).await?;
                let (head, body) = response.into_parts();
                let body = body.collect().await?.to_bytes();
                Ok::<_, BoxError>(Response::from_parts(head, Full::<Bytes>::from(body)))
            })
        }))
    };
    for (method, sends) in [(Method::POST, 1), (Method::GET, 4)] {
        let (error, sent) = failure(collected(), &method, &url).await;
        assert_eq!(sent, sends, "{method}: {error:?}");
        let (error, sent) = failure(by_hand(), &method, &url).await;
        assert_eq!(sent, sends, "{method}, by hand: {error:?}");
    }
    server.abort();
}

#[tokio::test]
async fn a_stream_that_this_side_resets_is_not_sent_again() {
    // More than it announced: h2 resets it by itself.
    let head = || {
        Response::builder()
            .header("content-length", "1")
            .body(())
            .expect("a head")
    };
    let (url, server) = server(head, |mut stream| {
        stream
            .send_data(Bytes::from("too much"), true)
            .expect("a stream");
    })
    .await;
    let client = ServiceBuilder::new()
        .layer(at_once())
        .layer(CollectLayer::new(1 << 20))
        .service(client());
    let (error, sends) = failure(client, &Method::GET, &url).await;
    let reset: &h2::Error = find(&error).expect("an error of h2");
    assert!(reset.is_reset() && !reset.is_remote(), "{reset:?}");
    assert_eq!(sends, 1);
    server.abort();
}

/// A connection that is lost once something was written to it: the kernel then tells the last word
/// of the network, which may be one that else comes from connecting.
struct Lost {
    kind: ErrorKind,
    is_written: bool,
    reader: Option<Waker>,
}

impl Connection for Lost {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Lost {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_written {
            return Poll::Ready(Err(self.kind.into()));
        }
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl AsyncWrite for Lost {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.is_written = true;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

const NETWORK: [ErrorKind; 4] = [
    ErrorKind::ConnectionRefused,
    ErrorKind::HostUnreachable,
    ErrorKind::NetworkUnreachable,
    ErrorKind::NetworkDown,
];

#[tokio::test]
async fn a_post_that_was_written_is_not_sent_again_whatever_the_network_says_afterwards() {
    for kind in NETWORK {
        let connector = service_fn(move |_: Uri| {
            let lost = Lost {
                kind,
                is_written: false,
                reader: None,
            };
            std::future::ready(Ok::<_, io::Error>(TokioIo::new(lost)))
        });
        let client = Client::builder(TokioExecutor::new())
            .retry_canceled_requests(false)
            .build(connector);
        for (method, sends) in [(Method::POST, 1), (Method::GET, 4)] {
            let client = at_once().layer(client.clone());
            let (error, sent) = failure(client, &method, "http://h/").await;
            assert_eq!(sent, sends, "{method}, {kind:?}: {error:?}");
        }
    }
}

/// An error of a service between, around another.
#[derive(Debug)]
struct Adapter(BoxError);

impl std::fmt::Display for Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the adapter failed")
    }
}

impl Error for Adapter {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

#[tokio::test]
async fn a_post_is_sent_again_where_the_network_says_so_while_connecting() {
    for kind in NETWORK {
        let connector = service_fn(move |_: Uri| {
            std::future::ready(Err::<TokioIo<Lost>, _>(io::Error::from(kind)))
        });
        let hyper = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);
        let (_, sends) = failure(at_once().layer(hyper.clone()), &Method::POST, "http://h/").await;
        assert_eq!(sends, 4, "{kind:?} by hyper-util");
        let adapter = hyper.map_err(|error| BoxError::from(Adapter(error.into())));
        let (_, sends) = failure(at_once().layer(adapter), &Method::POST, "http://h/").await;
        assert_eq!(sends, 4, "{kind:?} by an adapter of hyper-util");
        // A transport that connects by itself, as tonic's does.
        let own = service_fn(move |_: Request<Full<Bytes>>| async move {
            let error = Adapter(io::Error::from(kind).into());
            Err::<Response<Full<Bytes>>, BoxError>(error.into())
        });
        let (_, sends) = failure(at_once().layer(own), &Method::POST, "http://h/").await;
        assert_eq!(sends, 4, "{kind:?} by another transport");
    }
}
