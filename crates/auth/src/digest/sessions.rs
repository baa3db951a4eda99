//! Which session is used with which origin.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outbound_http::Origin;

use super::session::Session;

/// How many origins are remembered; the one whose session is oldest is forgotten first.
const MAX_ORIGINS: usize = 64;

/// `None` is the place of requests without an authority, to a service in this process.
pub(super) type Place = Option<Origin>;

#[derive(Default)]
pub(super) struct Sessions(Mutex<Vec<(Place, Arc<Session>)>>);

impl Sessions {
    pub(super) fn get(&self, place: &Place) -> Option<Arc<Session>> {
        let sessions = self.lock();
        let found = sessions.iter().find(|(other, _)| other == place);
        found.map(|(_, session)| Arc::clone(session))
    }

    pub(super) fn put(&self, place: Place, session: Arc<Session>) {
        let mut sessions = self.lock();
        sessions.retain(|(other, _)| *other != place);
        if sessions.len() == MAX_ORIGINS {
            sessions.remove(0);
        }
        sessions.push((place, session));
    }

    /// Forgets `session`, unless it has a successor already.
    pub(super) fn forget(&self, session: &Arc<Session>) {
        self.lock()
            .retain(|(_, other)| !Arc::ptr_eq(other, session));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Place, Arc<Session>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Challenge;

    #[test]
    fn a_thousand_origins_do_not_grow_it_and_the_latest_is_known() {
        let sessions = Sessions::default();
        let challenge = &Challenge::parse(r#"Digest realm="r", nonce="n""#)[0];
        for number in 0..1000 {
            let place: Origin = format!("https://h{number}").parse().unwrap();
            let session = Session::new(challenge, "u", "p", String::new()).unwrap();
            sessions.put(Some(place), Arc::new(session));
        }
        assert_eq!(sessions.lock().len(), MAX_ORIGINS);
        let known = |host: &str| sessions.get(&host.parse().ok()).is_some();
        assert!(known("https://h999"));
        assert!(!known("https://h1"));
    }
}
