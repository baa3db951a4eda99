//! The stack that every page goes through.

use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use outbound::http::CollectLayer;
use outbound::retry::{Event, Exponential, RetryLayer};
use outbound::schema::ValidateLayer;
use outbound::{BoxError, Client, standard};
use tower::{Service, ServiceBuilder};

use crate::allowance::{AllowanceLayer, Elsewhere};
use crate::args::RetryArgs;
use crate::console::Console;
use crate::credential::Credentials;
use crate::patience::PatienceLayer;
use crate::redirect;
use crate::refusal;
use crate::summary::Counters;
use crate::tally::{self, TallyLayer};
use crate::trail::Trail;
use crate::transport;
use crate::whole;

/// The client that all pages are asked of, whatever their bodies are beneath.
pub(crate) type Api = Client<Full<Bytes>, UnsyncBoxBody<Bytes, BoxError>>;

/// The standard stack over hyper-util's client, as the options want it: each page is
/// collected within its attempt, and known for JSON there.
pub(crate) fn api(
    retry: &RetryArgs,
    max_body: usize,
    credentials: Credentials,
    contract: Option<ValidateLayer>,
    counters: &Counters,
    console: &Console,
    trail: &Trail,
) -> Api {
    let transport = counted(counters);
    let stack = standard()
        .deadline(retry.page_deadline)
        .retry(retries(retry, console))
        .auth(credentials)
        .per_call(AllowanceLayer::new(retry.retries, counters))
        .body((
            whole::layer(counters),
            CollectLayer::new(max_body),
            refusal::layer(),
        ))
        .per_try(redirect::layer());
    match contract {
        Some(contract) => boxed(stack.contract(contract).service(transport), counters, trail),
        None => boxed(stack.service(transport), counters, trail),
    }
}

/// The same for pages whose items are handed out while they arrive: a body that breaks off or
/// stalls is asked for again by the page stream.
pub(crate) fn streaming(
    retry: &RetryArgs,
    credentials: Credentials,
    counters: &Counters,
    console: &Console,
    trail: &Trail,
) -> Api {
    let stack = standard()
        .deadline(retry.page_deadline)
        .retry(retries(retry, console))
        .auth(credentials)
        .per_call(AllowanceLayer::new(retry.retries, counters))
        .body(PatienceLayer::new(retry))
        .per_try(redirect::layer());
    boxed(stack.service(counted(counters)), counters, trail)
}

/// The transport, with its sends counted.
fn counted(
    counters: &Counters,
) -> impl Service<Request<Full<Bytes>>, Response = Response<Incoming>, Error = BoxError, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static
+ use<> {
    let sent = counters.clone();
    ServiceBuilder::new()
        .map_request(move |request: Request<Full<Bytes>>| {
            sent.requests().fetch_add(1, Relaxed);
            tally::sent();
            request
        })
        .map_err(BoxError::from)
        .service(transport::client())
}

/// Around all of a page's attempts.
fn boxed<S, RB>(stack: S, counters: &Counters, trail: &Trail) -> Api
where
    S: Service<Request<Full<Bytes>>, Response = Response<RB>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    RB: Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    let (trail, elsewhere) = (trail.clone(), Elsewhere::default());
    Client::new(
        ServiceBuilder::new()
            .map_request(move |mut request: Request<Full<Bytes>>| {
                trail.note(request.uri());
                elsewhere.know(&mut request);
                request
            })
            .map_response(|response: Response<RB>| {
                response.map(|body| body.map_err(Into::into).boxed_unsync())
            })
            .layer(TallyLayer::new(counters))
            .service(stack),
    )
}

fn retries(args: &RetryArgs, console: &Console) -> RetryLayer {
    let (console, sends) = (console.clone(), args.retries.saturating_add(1));
    RetryLayer::new()
        .retries(args.retries)
        .budget(None)
        .backoff(Exponential::new(args.retry_base, args.retry_cap))
        .hint_ceiling(args.retry_after_max)
        .attempt_timeout(args.attempt_timeout)
        .on_retry(move |event: &Event<'_>| {
            let number = tally::sent_before().saturating_add(event.retry() + 1);
            let told = console.pauses().begin(event, number, sends);
            tally::decided(event.delay(), told);
            console.note(|| format!("{event}"));
        })
}
