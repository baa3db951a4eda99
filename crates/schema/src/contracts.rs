use std::sync::Arc;

use http::StatusCode;

use crate::Contract;
use crate::head::without_parameters;

/// What the messages of one operation are held to: its request, and its responses by status.
///
/// For a response an exact status wins over its content type, that over the class of its status,
/// and that over [`otherwise`](Self::otherwise). A message for which there is no contract passes.
///
/// Made of a single [`Contract`] they hold requests to it, and responses with a 2xx status. A
/// clone shares them.
///
/// ```
/// use http::StatusCode;
/// use outbound_schema::{Contract, Contracts, StatusClass};
///
/// let contracts = Contracts::new()
///     .request(Contract::required(["/name: string"])?)
///     .status(StatusCode::CREATED, Contract::required(["/id: integer"])?)
///     .class(StatusClass::ClientError, Contract::required(["/title: string"])?);
/// # let _ = contracts;
/// # Ok::<_, outbound_schema::InvalidContract>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "contracts hold nothing until they are given to a layer"]
pub struct Contracts {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    request: Option<Contract>,
    exact: Vec<(StatusCode, Contract)>,
    classes: [Option<Contract>; 4],
    otherwise: Option<Contract>,
    media_types: Vec<(String, Contract)>,
    allow_empty: bool,
}

/// A class of status codes that may have a body (RFC 9110, section 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // HTTP has no more.
pub enum StatusClass {
    /// 2xx.
    Success,
    /// 3xx.
    Redirection,
    /// 4xx.
    ClientError,
    /// 5xx.
    ServerError,
}

impl Contracts {
    /// None at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds requests to `contract`.
    pub fn request(mut self, contract: Contract) -> Self {
        self.edit().request = Some(contract);
        self
    }

    /// Holds responses with this status to `contract`.
    ///
    /// Only in this way one with 206 is held to any: by itself it is a part of a body, which some
    /// APIs make a whole, as a page of a list.
    pub fn status(mut self, status: StatusCode, contract: Contract) -> Self {
        let exact = &mut self.edit().exact;
        exact.retain(|(known, _)| *known != status);
        exact.push((status, contract));
        self
    }

    /// Holds responses with a status of this class to `contract`.
    pub fn class(mut self, class: StatusClass, contract: Contract) -> Self {
        self.edit().classes[class as usize] = Some(contract);
        self
    }

    /// Holds responses with any other status to `contract`.
    pub fn otherwise(mut self, contract: Contract) -> Self {
        self.edit().otherwise = Some(contract);
        self
    }

    /// Holds messages with this content type to `contract`, whatever their status or side:
    /// `application/problem+json`, or one that is JSON though its name does not say so.
    ///
    /// It is compared without case and parameters, those of `media_type` as well, and wins over
    /// all others but an [exact status](Self::status).
    pub fn media_type(mut self, media_type: impl Into<String>, contract: Contract) -> Self {
        let essence = without_parameters(&media_type.into()).to_owned();
        let media_types = &mut self.edit().media_types;
        media_types.retain(|(known, _)| !known.eq_ignore_ascii_case(&essence));
        media_types.push((essence, contract));
        self
    }

    /// Lets a body that is empty pass; by default it breaks any contract, for it is no JSON.
    ///
    /// If the head does not show whether it is empty, a body of another content type or encoding
    /// is read as well, and refused once it proves not to be.
    pub fn allow_empty(mut self) -> Self {
        self.edit().allow_empty = true;
        self
    }

    fn edit(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.inner)
    }

    pub(crate) fn for_request(&self) -> Option<&Contract> {
        self.inner.request.as_ref()
    }

    pub(crate) fn for_exactly(&self, status: StatusCode) -> Option<&Contract> {
        let mut exact = self.inner.exact.iter();
        let found = exact.find(|(known, _)| *known == status);
        found.map(|(_, contract)| contract)
    }

    pub(crate) fn for_status(&self, status: StatusCode) -> Option<&Contract> {
        let inner = &*self.inner;
        self.for_exactly(status).or_else(|| {
            let class = (status.as_u16() / 100).checked_sub(2).map(usize::from);
            let class = class.and_then(|class| inner.classes.get(class)?.as_ref());
            class.or(inner.otherwise.as_ref())
        })
    }

    pub(crate) fn for_media_type(&self, essence: Option<&str>) -> Option<&Contract> {
        let essence = essence?;
        let mut media_types = self.inner.media_types.iter();
        let found = media_types.find(|(known, _)| known.eq_ignore_ascii_case(essence));
        found.map(|(_, contract)| contract)
    }

    pub(crate) fn allows_empty(&self) -> bool {
        self.inner.allow_empty
    }
}

/// For requests, and for responses with a 2xx status.
impl From<Contract> for Contracts {
    fn from(contract: Contract) -> Self {
        Self::new()
            .request(contract.clone())
            .class(StatusClass::Success, contract)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of some contracts a status has.
    fn found(contracts: &Contracts, status: u16) -> Option<String> {
        let status = StatusCode::from_u16(status).unwrap();
        let contract = contracts.for_status(status)?;
        Some(contract.check(b"{}").unwrap_err().schema().to_owned())
    }

    #[test]
    fn an_exact_status_wins_over_its_class_and_that_over_the_rest() {
        let named = |name: &str| Contract::required([name]).unwrap();
        let contracts = Contracts::new()
            .otherwise(named("/rest"))
            .class(StatusClass::Success, named("/success"))
            .class(StatusClass::ServerError, named("/server"))
            .status(StatusCode::CREATED, named("/replaced"))
            .status(StatusCode::CREATED, named("/created"));
        for (status, expected) in [
            (200, "/success"),
            (201, "/created"),
            (301, "/rest"),
            (404, "/rest"),
            (503, "/server"),
            (600, "/rest"),
            (999, "/rest"),
            (199, "/rest"),
        ] {
            assert_eq!(found(&contracts, status).unwrap(), expected, "{status}");
        }
    }

    #[test]
    fn a_single_contract_is_for_requests_and_successes_alone() {
        let contracts = Contracts::from(Contract::required(["/one"]).unwrap());
        assert!(contracts.for_request().is_some());
        for (status, is_held) in [
            (200, true),
            (299, true),
            (300, false),
            (404, false),
            (500, false),
        ] {
            assert_eq!(found(&contracts, status).is_some(), is_held, "{status}");
        }
    }
}
