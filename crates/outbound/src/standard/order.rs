use std::any::type_name;
use std::fmt;

use outbound_http::Deadline;
use tower_layer::Layer;

use super::Standard;
use super::slot::Retries;
use crate::span::{AttemptSpan, AttemptSpanLayer};
use crate::stack::Stack;

impl<S, C, V, R, A, T, K, L> Layer<S> for Standard<C, V, R, A, T, K, L>
where
    T: Layer<AttemptSpan<S>>,
    C: Layer<T::Service>,
    A: Layer<C::Service>,
    R: Retries<A::Service>,
    K: Layer<R::Service>,
    V: Layer<Deadline<K::Service>>,
    L: Layer<V::Service>,
{
    type Service = Stack<L::Service>;

    fn layer(&self, transport: S) -> Self::Service {
        let tried = self.per_try.layer(AttemptSpanLayer::new().layer(transport));
        let authorized = self.auth.layer(self.body.layer(tried));
        let retried = self.retry.within(self.deadline.limit(), authorized);
        let called = self.deadline.layer(self.key.layer(retried));
        let judged = self.per_call.layer(self.contract.layer(called));
        Stack::new(self.base_url.layer(judged))
    }
}

/// The layers that it has, from the outside in, each with its place.
impl<C, V, R, A, T, K, L> fmt::Debug for Standard<C, V, R, A, T, K, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.base_url.is_set() {
            f.write_str("base_url > ")?;
        }
        part::<L>(f, "per_call ")?;
        part::<V>(f, "contract ")?;
        write!(f, "deadline {:?} > ", self.deadline.limit())?;
        part::<K>(f, "")?;
        part::<R>(f, "")?;
        part::<A>(f, "auth ")?;
        part::<C>(f, "")?;
        part::<T>(f, "per_try ")?;
        f.write_str("attempt_span")
    }
}

/// The name of a layer without its path and parameters, after its place; nothing for none.
fn part<L>(f: &mut fmt::Formatter<'_>, place: &str) -> fmt::Result {
    let name = type_name::<L>();
    // What `per_try` was given stands within.
    let name = name.split_once("::Tried<").map_or(name, |(_, own)| own);
    let name = name.trim_start_matches('&');
    let path = name.split(['<', '>', '(']).next().unwrap_or(name);
    match path.rsplit("::").next() {
        Some("Identity") => Ok(()),
        Some("") | None => write!(f, "{place}(..) > "),
        Some(name) => write!(f, "{place}{name} > "),
    }
}
