use std::fmt;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use http_body::Body;

use crate::extent::is_at_end;
use crate::finding::Finding;
use crate::head::{Media, essence, media};
use crate::sample::Sampler;
use crate::select::Selector;
use crate::selected::Selected;
use crate::target::Target;
use crate::{Contract, Mode, OtherMedia, Otherwise, Skipped, Violation};

/// All that a layer was told, of which its services share one.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) selector: Selector,
    pub(crate) mode: Mode,
    pub(crate) limit: usize,
    pub(crate) other_media: OtherMedia,
    pub(crate) encoded: Otherwise,
    pub(crate) sampler: Option<Arc<Sampler>>,
    pub(crate) is_gateway: bool,
    pub(crate) on_violation: Option<OnViolation>,
    pub(crate) on_skip: Option<OnSkip>,
}

pub(crate) type OnViolation = Arc<dyn Fn(&Violation) + Send + Sync>;
pub(crate) type OnSkip = Arc<dyn Fn(Skipped) + Send + Sync>;

/// What is to be done with a message.
pub(crate) enum Course {
    Pass(Skipped),
    Refuse(Violation),
    Hold(Held),
}

/// What a body is held to.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    contract: Contract,
    allows_empty: bool,
    /// What its head breaks, if it proves not to be empty.
    broken_by_head: Option<Violation>,
}

impl Held {
    pub(crate) fn check(&self, body: &[u8]) -> Result<(), Violation> {
        if body.is_empty() && self.allows_empty {
            return Ok(());
        }
        if let Some(violation) = &self.broken_by_head {
            return Err(violation.clone());
        }
        self.contract.check(body)
    }
}

/// The facts about a message's body that its head and its size hint tell.
#[derive(Clone, Copy)]
pub(crate) struct Announced<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// Known to be so.
    pub(crate) is_empty: bool,
    pub(crate) may_be_empty: bool,
}

impl<'a> Announced<'a> {
    pub(crate) fn of(headers: &'a HeaderMap, body: &impl Body) -> Self {
        Self {
            headers,
            is_empty: is_at_end(body),
            may_be_empty: body.size_hint().lower() == 0,
        }
    }
}

impl Rules {
    pub(crate) fn new(selector: Selector, limit: usize) -> Self {
        Self {
            selector,
            mode: Mode::Enforce,
            limit,
            other_media: OtherMedia::Refuse,
            encoded: Otherwise::Refuse,
            sampler: None,
            is_gateway: false,
            on_violation: None,
            on_skip: None,
        }
    }

    /// What is to be done with a request's body.
    pub(crate) fn of_request(
        &self,
        selected: &Selected,
        method: &Method,
        body: Announced<'_>,
    ) -> Course {
        let contracts = match selected {
            Selected::Contracts(contracts) => contracts,
            Selected::Nothing => return Course::Pass(Skipped::NoRoute),
            Selected::Refused => return Course::Refuse(no_route()),
        };
        let by_type = contracts.for_media_type(essence(body.headers));
        let Some(contract) = by_type.or(contracts.for_request()) else {
            return Course::Pass(Skipped::NoContract);
        };
        let needs_none = !expects_content(method);
        if body.is_empty && needs_none {
            return Course::Pass(Skipped::NoBody);
        }
        let allows_empty = needs_none || contracts.allows_empty();
        self.of_body(contract, by_type.is_some(), allows_empty, body)
    }

    /// What is to be done with a response's body.
    pub(crate) fn of_response(
        &self,
        selected: &Selected,
        status: StatusCode,
        body: Announced<'_>,
    ) -> Course {
        let is_bodiless = status.is_informational()
            || matches!(
                status,
                StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
            );
        if is_bodiless {
            return Course::Pass(Skipped::NoBody);
        }
        let contracts = match selected {
            Selected::Contracts(contracts) => contracts,
            Selected::Nothing => return Course::Pass(Skipped::NoRoute),
            Selected::Refused => return Course::Refuse(no_route()),
        };
        let exact = contracts.for_exactly(status);
        if status == StatusCode::PARTIAL_CONTENT && exact.is_none() {
            return Course::Pass(Skipped::Partial);
        }
        let by_type = contracts.for_media_type(essence(body.headers));
        let contract = exact.or(by_type).or_else(|| contracts.for_status(status));
        match contract {
            Some(contract) => {
                self.of_body(contract, by_type.is_some(), contracts.allows_empty(), body)
            }
            None => Course::Pass(Skipped::NoContract),
        }
    }

    fn of_body(
        &self,
        contract: &Contract,
        is_known_type: bool,
        allows_empty: bool,
        body: Announced<'_>,
    ) -> Course {
        if body.is_empty && allows_empty {
            return Course::Pass(Skipped::Empty);
        }
        let sampler = self.sampler.as_ref();
        if sampler.is_some_and(|sampler| !sampler.picks()) {
            return Course::Pass(Skipped::NotSampled);
        }
        let broken_by_head = match media(body.headers, is_known_type) {
            Media::Json => None,
            Media::Encoded(violation) => match self.encoded {
                Otherwise::Refuse => Some(violation),
                Otherwise::Pass => return Course::Pass(Skipped::Encoded),
            },
            Media::Other(violation) => match self.other_media {
                OtherMedia::Refuse if body.is_empty && !body.headers.contains_key(CONTENT_TYPE) => {
                    Some(Violation::head(Finding::SYNTAX, "a JSON text, it is empty"))
                }
                OtherMedia::Refuse => Some(violation),
                OtherMedia::Pass => return Course::Pass(Skipped::OtherMedia),
                OtherMedia::Check => None,
            },
        };
        match broken_by_head {
            // Whether it is empty shows only when it is read.
            Some(violation) if !(allows_empty && body.may_be_empty) => Course::Refuse(violation),
            broken_by_head => Course::Hold(Held {
                contract: contract.clone(),
                allows_empty,
                broken_by_head,
            }),
        }
    }

    /// Tells of a violation, and gives it back with what is known of its message.
    pub(crate) fn broken(
        &self,
        violation: Violation,
        status: Option<StatusCode>,
        headers: &HeaderMap,
        target: &Target,
    ) -> Violation {
        let violation = violation.of(status, headers.get(CONTENT_TYPE), target);
        self.tell(&violation);
        violation
    }

    pub(crate) fn tell(&self, violation: &Violation) {
        #[cfg(feature = "tracing")]
        tracing::warn!(
            http.response.status_code = violation.status().map(|status| status.as_u16()),
            url.full = violation.url(),
            error.type = violation.keyword(),
            instance = violation.instance(),
            rule = violation.schema(),
            offset = violation.offset(),
            "{violation}"
        );
        if let Some(on_violation) = &self.on_violation {
            on_violation(violation);
        }
    }

    pub(crate) fn skip(&self, skipped: Skipped) {
        if let Some(on_skip) = &self.on_skip {
            on_skip(skipped);
        }
    }
}

fn no_route() -> Violation {
    Violation::head("route", "a request that has a route with a contract")
}

/// Whether the method is of no use without content (RFC 9110, section 9.3). An extension is
/// taken to need it.
fn expects_content(method: &Method) -> bool {
    !matches!(
        *method,
        Method::GET
            | Method::HEAD
            | Method::DELETE
            | Method::CONNECT
            | Method::OPTIONS
            | Method::TRACE
    )
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("selector", &self.selector)
            .field("mode", &self.mode)
            .field("limit", &self.limit)
            .field("other_media", &self.other_media)
            .field("encoded", &self.encoded)
            .field(
                "one_in",
                &self.sampler.as_ref().map(|sampler| sampler.one_in()),
            )
            .finish_non_exhaustive()
    }
}
