use std::sync::Arc;

use http::{Extensions, Method, Uri};

use crate::selected::Selected;
use crate::template::Template;
use crate::{Contracts, InvalidContract, Otherwise};

/// Which operation a request is of, by its method and the template of its path.
///
/// A template is compared segment by segment: `{name}` stands for one that is not empty,
/// `{*name}` for all that follow. Percent-encoding is read, case counts, and so does a slash at
/// the end. The more concrete template wins, then the one with a method. A clone shares them.
///
/// A path is taken as it was sent: no segment `.` or `..` and no empty one is removed (RFC 3986,
/// section 6.2.2.3), for routers differ in that. `//users/1` and `/users/./1` are of no route here; where the server
/// reads them as `/users/1`, normalize paths before this layer, or refuse what is
/// [of no route](Self::unmatched).
///
/// ```
/// use http::Method;
/// use outbound_schema::{Contract, Otherwise, Routes, ValidateLayer};
///
/// let routes = Routes::new()
///     .route(Method::GET, "/users/{id}", Contract::required(["/id: integer"])?)?
///     .route(Method::GET, "/users", Contract::required(["/*/id: integer"])?)?
///     .unmatched(Otherwise::Pass);
/// let layer = ValidateLayer::new(routes);
/// # let _ = layer;
/// # Ok::<_, outbound_schema::InvalidContract>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "routes select nothing until they are given to a layer"]
pub struct Routes {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    /// In the order in which they are tried.
    routes: Vec<Route>,
    unmatched: Otherwise,
    #[cfg(feature = "axum")]
    by_matched_path: bool,
}

#[derive(Clone, Debug)]
struct Route {
    method: Option<Method>,
    #[cfg_attr(not(feature = "axum"), allow(dead_code))]
    text: String,
    template: Template,
    contracts: Contracts,
}

impl Routes {
    /// None at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds messages of requests with this method and path to `contracts`.
    ///
    /// # Errors
    ///
    /// If `template` is none, or stands there already with this method.
    pub fn route(
        self,
        method: Method,
        template: &str,
        contracts: impl Into<Contracts>,
    ) -> Result<Self, InvalidContract> {
        self.add(Some(method), template, contracts.into())
    }

    /// Holds messages of requests with this path, and a method that has no route of its own, to
    /// `contracts`.
    ///
    /// # Errors
    ///
    /// If `template` is none, or stands there already.
    pub fn any_method(
        self,
        template: &str,
        contracts: impl Into<Contracts>,
    ) -> Result<Self, InvalidContract> {
        self.add(None, template, contracts.into())
    }

    /// Says what becomes of messages of any other request; by default they
    /// [pass](Otherwise::Pass).
    pub fn unmatched(mut self, unmatched: Otherwise) -> Self {
        Arc::make_mut(&mut self.inner).unmatched = unmatched;
        self
    }

    /// Goes by the route that axum found instead of the path, which is exact however the router
    /// reads paths: a template then is compared as text with the one that the router has.
    ///
    /// It is there below `Router::layer`, `Router::route_layer` and in nested routers; a request
    /// without it has no route.
    #[cfg(feature = "axum")]
    #[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
    pub fn by_matched_path(mut self) -> Self {
        Arc::make_mut(&mut self.inner).by_matched_path = true;
        self
    }

    fn add(
        mut self,
        method: Option<Method>,
        text: &str,
        contracts: Contracts,
    ) -> Result<Self, InvalidContract> {
        let template = Template::parse(text)?;
        let routes = &mut Arc::make_mut(&mut self.inner).routes;
        if routes
            .iter()
            .any(|route| route.method == method && route.template == template)
        {
            return Err(InvalidContract::new(
                text,
                "this route has its contracts already",
            ));
        }
        routes.push(Route {
            method,
            text: text.to_owned(),
            template,
            contracts,
        });
        routes.sort_by(|one, other| {
            let methods = one.method.is_none().cmp(&other.method.is_none());
            one.template.precedence(&other.template).then(methods)
        });
        Ok(self)
    }

    #[cfg_attr(not(feature = "axum"), allow(unused_variables))]
    pub(crate) fn select(&self, method: &Method, uri: &Uri, extensions: &Extensions) -> Selected {
        let inner = &*self.inner;
        #[cfg(feature = "axum")]
        let found = if inner.by_matched_path {
            let matched = extensions.get::<axum::extract::MatchedPath>();
            matched.and_then(|matched| self.find(method, |route| route.text == matched.as_str()))
        } else {
            self.find(method, |route| route.template.matches(uri.path()))
        };
        #[cfg(not(feature = "axum"))]
        let found = self.find(method, |route| route.template.matches(uri.path()));
        match (found, inner.unmatched) {
            (Some(route), _) => Selected::Contracts(route.contracts.clone()),
            (None, Otherwise::Pass) => Selected::Nothing,
            (None, Otherwise::Refuse) => Selected::Refused,
        }
    }

    fn find(&self, method: &Method, matches: impl Fn(&Route) -> bool) -> Option<&Route> {
        self.inner.routes.iter().find(|route| {
            route.method.as_ref().is_none_or(|known| known == method) && matches(route)
        })
    }
}
