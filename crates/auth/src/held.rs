//! One service's own copy of a token.

use std::sync::Arc;

use http::HeaderValue;

use crate::clock::Moment;
use crate::live::Lease;
use crate::route::Route;

/// The token that a service uses. Whether it still is the one to use takes the reading of one
/// number, which changes only with the token.
#[derive(Default)]
pub(crate) struct Held {
    /// When this service used a token last, so that one that lives for one request makes no
    /// copy; 0 before that, which is no token's epoch.
    last: u64,
    // Boxed, as a service is cloned for each request that may be sent again.
    copy: Option<Box<Copy>>,
}

/// Shared with no other service, so that services on several cores do not get in each other's
/// way: neither the value's bytes nor the count of their owners.
struct Copy {
    epoch: u64,
    generation: u64,
    /// From here on it takes a closer look; `None`: it never does.
    stale: Option<Moment>,
    lease: Lease,
    value: HeaderValue,
}

impl Held {
    /// The own copy of the token, with its generation, if that is the one to use. It takes no lock,
    /// no allocation and, as the value is lent, no count of owners.
    #[inline(always)]
    pub(crate) fn copy(&self, route: &Route) -> Option<(u64, &HeaderValue)> {
        let copy = self.copy.as_deref()?;
        let tokens = &route.tokens;
        if copy.epoch != tokens.engine().epoch() {
            return None;
        }
        let is_stale = |stale| tokens.clock().is_past(stale);
        if copy.stale.as_ref().is_some_and(is_stale) && !serves(route, &copy.lease) {
            return None;
        }
        Some((copy.generation, &copy.value))
    }

    /// The token, if it can be used without further ado. It takes no lock, and no allocation but
    /// for a service's second use of a token, from which on it has a copy.
    #[cold]
    pub(crate) fn look(&mut self, route: &mut Arc<Route>) -> Option<Lease> {
        let (epoch, lease) = route.tokens.engine().at_hand()?;
        let is_second = self.last == epoch;
        self.last = epoch;
        if !serves(route, &lease) {
            return None;
        }
        if is_second {
            // Each request counts itself as an owner of this, too.
            *route = Arc::new(Route::clone(route));
            self.copy = Some(Box::new(Copy {
                epoch,
                generation: lease.generation,
                stale: lease.stale(),
                value: lease.own_value(),
                lease: Arc::clone(&lease),
            }));
        }
        Some(lease)
    }
}

#[cold]
fn serves(route: &Route, lease: &Lease) -> bool {
    let tokens = &route.tokens;
    !lease.expires() || tokens.engine().serves(lease, tokens.now())
}

/// A clone looks for itself: a service that is cloned for each request is never used itself.
impl Clone for Held {
    fn clone(&self) -> Self {
        Self::default()
    }
}
