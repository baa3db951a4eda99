//! One service's own copy of a token.

use std::sync::Arc;

use http::HeaderValue;

use crate::bearer::Route;
use crate::live::Lease;

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
    lease: Lease,
    value: HeaderValue,
}

impl Held {
    /// The token, if it can be used without further ado. It takes no lock, and no allocation but
    /// for a service's second use of a token.
    #[inline(always)]
    pub(crate) fn get(&mut self, route: &mut Arc<Route>) -> Option<(u64, HeaderValue)> {
        match &self.copy {
            Some(copy) if copy.epoch == route.tokens.engine().epoch() => {
                serves(route, &copy.lease).then(|| (copy.lease.generation, copy.value.clone()))
            }
            _ => self.look(route),
        }
    }

    #[cold]
    fn look(&mut self, route: &mut Arc<Route>) -> Option<(u64, HeaderValue)> {
        let (epoch, lease) = route.tokens.engine().at_hand()?;
        let generation = lease.generation;
        let mut value = lease.value.clone();
        let serves = serves(route, &lease);
        if self.last == epoch {
            value = lease.own_value();
            // Each request counts itself as an owner of this, too.
            *route = Arc::new(Route::clone(route));
            self.copy = Some(Box::new(Copy {
                epoch,
                lease,
                value: value.clone(),
            }));
        }
        self.last = epoch;
        serves.then_some((generation, value))
    }
}

#[inline]
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
