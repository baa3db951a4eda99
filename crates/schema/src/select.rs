use std::fmt;
use std::sync::Arc;

use http::{Request, request};

use crate::selected::Selected;
use crate::{Contract, Contracts, Routes};

/// Which contracts the messages of a request are held to.
///
/// Made of a [`Contract`] or [`Contracts`] it is the same for all requests; of [`Routes`] it
/// goes by method and path.
#[derive(Clone)]
pub struct Selector {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    One(Contracts),
    Routes(Routes),
    By(Arc<dyn Fn(&request::Parts) -> Option<Contracts> + Send + Sync>),
}

impl Selector {
    /// Goes by what `select` says of each request's head; messages of one for which it says
    /// `None` pass.
    pub fn from_fn(
        select: impl Fn(&request::Parts) -> Option<Contracts> + Send + Sync + 'static,
    ) -> Self {
        Self {
            kind: Kind::By(Arc::new(select)),
        }
    }

    /// The request is handed back as it was.
    pub(crate) fn select<B>(&self, request: Request<B>) -> (Request<B>, Selected) {
        let selected = match &self.kind {
            Kind::One(contracts) => Selected::Contracts(contracts.clone()),
            Kind::Routes(routes) => {
                routes.select(request.method(), request.uri(), request.extensions())
            }
            Kind::By(select) => {
                let (head, body) = request.into_parts();
                let selected = select(&head).map_or(Selected::Nothing, Selected::Contracts);
                return (Request::from_parts(head, body), selected);
            }
        };
        (request, selected)
    }
}

impl From<Contract> for Selector {
    fn from(contract: Contract) -> Self {
        Contracts::from(contract).into()
    }
}

impl From<Contracts> for Selector {
    fn from(contracts: Contracts) -> Self {
        Self {
            kind: Kind::One(contracts),
        }
    }
}

impl From<Routes> for Selector {
    fn from(routes: Routes) -> Self {
        Self {
            kind: Kind::Routes(routes),
        }
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::One(contracts) => contracts.fmt(f),
            Kind::Routes(routes) => routes.fmt(f),
            Kind::By(_) => f.write_str("Selector::from_fn"),
        }
    }
}
