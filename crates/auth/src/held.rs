//! One service's own copy of a token.

use std::sync::Arc;

use http::HeaderValue;

use crate::bearer::Route;
use crate::live::Lease;

/// The token that a service used last. Whether it still is the one to use takes the reading of
/// one number, which changes only with the token.
#[derive(Clone, Default)]
pub(crate) struct Held(Option<Copy>);

struct Copy {
    epoch: u64,
    lease: Lease,
    value: HeaderValue,
    /// Whether the value's bytes, and with them the count of their owners, are shared with no
    /// other service, so that services on several cores do not get in each other's way.
    own: bool,
}

impl Held {
    /// The token, if it can be used without further ado. It takes no lock, and no allocation but
    /// for a service's second use of a token.
    #[inline]
    pub(crate) fn get(&mut self, route: &mut Arc<Route>) -> Option<(u64, HeaderValue)> {
        let copy = match &mut self.0 {
            Some(copy) if copy.epoch == route.tokens.engine().epoch() && copy.own => copy,
            copy => Self::renew(copy, route)?,
        };
        let tokens = &route.tokens;
        if copy.lease.expires() && !tokens.engine().serves(&copy.lease, tokens.now()) {
            return None;
        }
        Some((copy.lease.generation, copy.value.clone()))
    }

    #[cold]
    fn renew<'a>(held: &'a mut Option<Copy>, route: &mut Arc<Route>) -> Option<&'a mut Copy> {
        let (epoch, lease) = route.tokens.engine().at_hand()?;
        // A service that lives for one request makes no copy.
        let second = held.as_ref().is_some_and(|copy| copy.epoch == epoch);
        let value = if second {
            // Each request counts itself as an owner of this, too.
            *route = Arc::new(Route::clone(route));
            lease.own_value()
        } else {
            lease.value.clone()
        };
        Some(held.insert(Copy {
            epoch,
            lease,
            value,
            own: second,
        }))
    }
}

/// The bytes become shared. A service that is cloned for each request is never used itself, so
/// that its clones find nothing here.
impl Clone for Copy {
    fn clone(&self) -> Self {
        Self {
            epoch: self.epoch,
            lease: self.lease.clone(),
            value: self.value.clone(),
            own: false,
        }
    }
}
