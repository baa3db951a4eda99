//! What was asked for where, so that later requests carry their token at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, Request};
use outbound_http::Origin;
use tokio::time::Instant;

use super::patience::Patience;
use super::realm::Ask;
use crate::Bearer;

/// How many places, and how many tokens, are remembered. The one unused for longest is forgotten
/// first; forgetting costs a request.
const MAX_REMEMBERED: usize = 256;

/// Requests that need the same token: those that read, or those that write, in one repository, or
/// at one path of another kind.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// `None` for a URI without an authority, to a service in this process.
    pub(super) origin: Option<Origin>,
    path: Box<str>,
    writes: bool,
}

impl Place {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let path = request.uri().path();
        // `/v2/NAME/KIND/…`, where a name has slashes of its own (OCI distribution, section 4.1).
        let end = ["/manifests/", "/blobs/", "/tags/", "/referrers/"]
            .iter()
            .filter_map(|kind| path.rfind(kind))
            .max();
        let path = match end {
            Some(end) if path.starts_with("/v2/") => &path[..end],
            _ => path,
        };
        Self {
            origin: Origin::of(request.uri()),
            path: path.into(),
            writes: !matches!(*request.method(), Method::GET | Method::HEAD),
        }
    }
}

/// How requests at a place are let in.
#[derive(Clone)]
pub(super) enum Plan {
    /// By a token.
    Token(Arc<(Ask, Bearer)>),
    /// By user and password themselves.
    Basic,
}

#[derive(Default)]
pub(super) struct Memory(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    /// Both with the latest use last.
    places: Vec<Known>,
    tokens: Vec<Arc<(Ask, Bearer)>>,
}

struct Known {
    place: Place,
    plan: Plan,
    patience: Patience,
}

impl Memory {
    pub(super) fn plan(&self, place: &Place) -> Option<Plan> {
        let mut memory = self.lock();
        memory.known(place).map(|known| known.plan.clone())
    }

    pub(super) fn put(&self, place: Place, plan: Plan) {
        let mut memory = self.lock();
        match memory.known(&place) {
            Some(known) => known.plan = plan,
            None => push(
                &mut memory.places,
                Known {
                    place,
                    plan,
                    patience: Patience::default(),
                },
            ),
        }
    }

    /// Whether another token may be fetched at `place` than the one that is known.
    pub(super) fn allows_change(&self, place: &Place) -> bool {
        let mut memory = self.lock();
        let known = memory.known(place);
        known.is_none_or(|known| known.patience.allow(Instant::now()))
    }

    /// How a request at `place` fared with the token that it had asked for.
    pub(super) fn judge(&self, place: &Place, accepted: bool) {
        let mut memory = self.lock();
        match memory.known(place) {
            Some(known) if accepted => known.patience.accepted(),
            Some(known) => known.patience.refused(Instant::now()),
            None => {}
        }
    }

    /// The token for `ask`, made by `bearer` if there is none.
    pub(super) fn token(&self, ask: &Ask, bearer: impl FnOnce() -> Bearer) -> Arc<(Ask, Bearer)> {
        let mut memory = self.lock();
        let at = memory.tokens.iter().position(|token| token.0 == *ask);
        let token = match at {
            Some(at) => memory.tokens.remove(at),
            None => Arc::new((ask.clone(), bearer())),
        };
        push(&mut memory.tokens, Arc::clone(&token));
        token
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    /// What is known of `place`, which is the latest used by that.
    fn known(&mut self, place: &Place) -> Option<&mut Known> {
        let at = self.places.iter().position(|known| known.place == *place)?;
        self.places[at..].rotate_left(1);
        self.places.last_mut()
    }
}

fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() == MAX_REMEMBERED {
        list.remove(0);
    }
    list.push(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(method: &str, uri: &str) -> Place {
        Place::of(&Request::builder().method(method).uri(uri).body(()).unwrap())
    }

    #[test]
    fn one_repository_is_one_place_to_read_and_another_to_write() {
        let read = place("GET", "https://r.test/v2/a/b/manifests/latest");
        for same in [
            "https://R.test:443/v2/a/b/manifests/other?x",
            "https://r.test/v2/a/b/blobs/sha256:1",
            "https://r.test/v2/a/b/tags/list?n=2&last=x",
        ] {
            assert!(read == place("GET", same), "{same}");
            assert!(read == place("HEAD", same), "{same}");
            assert!(read != place("PUT", same), "{same}");
        }
        for other in [
            "https://r.test/v2/a/manifests/latest",
            "https://r.test/v2/_catalog",
            "https://s.test/v2/a/b/manifests/latest",
            "/v2/a/b/manifests/latest",
        ] {
            assert!(read != place("GET", other), "{other}");
        }
    }

    #[test]
    fn what_was_not_used_for_longest_is_forgotten() {
        let memory = Memory::default();
        let at = |number: usize| place("GET", &format!("/{number}"));
        for number in 0..MAX_REMEMBERED {
            memory.put(at(number), Plan::Basic);
        }
        assert!(memory.plan(&at(0)).is_some());
        for number in 0..MAX_REMEMBERED - 1 {
            memory.put(at(1000 + number), Plan::Basic);
        }
        assert!(memory.plan(&at(0)).is_some(), "it was used since");
        assert!(memory.plan(&at(1)).is_none());
        assert_eq!(memory.lock().places.len(), MAX_REMEMBERED);
    }
}
