//! How a request is let in, and what its refusal leads to.

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use outbound_http::{NoAuth, Origin};

use super::config::Registry;
use super::mark::{RegistryMark, Used, WaitForRealm};
use super::memory::{Place, Plan};
use crate::answered_by::answered_by;
use crate::judgement::is_judgement;
use crate::{Authorize, Bearer, Challenge, Step, Verdict};

impl Registry {
    /// Lets a request in by `used`, which says what is to be used.
    fn follow<B>(
        &self,
        used: Used,
        mut request: Request<B>,
        place: Place,
        again: bool,
    ) -> Step<B, RegistryMark, WaitForRealm<B>> {
        let renewed = matches!(used, Used::Token(_, Some(_)));
        let mark = |used| RegistryMark {
            registry: self.clone(),
            place,
            used,
            again,
            renewed,
        };
        let (token, step) = match used {
            Used::Nothing => return Step::Ready(request, mark(Used::Nothing)),
            Used::Fault(error) => return Step::Fail(error),
            Used::Basic => {
                let account = self.shared.realms.account.as_ref();
                let basic = account.map(|account| (AUTHORIZATION, account.basic.clone()));
                request.headers_mut().extend(basic);
                return Step::Ready(request, mark(Used::Basic));
            }
            Used::Token(token, None) => {
                let step = token.1.clone().authorize(request);
                (token, step)
            }
            Used::Token(token, Some(generation)) => {
                let step = token.1.clone().authorize_again(request, generation);
                (token, step)
            }
        };
        match step {
            Step::Ready(request, generation) => {
                Step::Ready(request, mark(Used::Token(token, Some(generation))))
            }
            Step::Wait(wait) => Step::Wait(WaitForRealm {
                wait,
                mark: Some(mark(Used::Token(token, None))),
            }),
            Step::Skip(request) => Step::Skip(request),
            Step::Fail(error) => Step::Fail(error),
        }
    }

    fn refused<RB>(mark: RegistryMark, response: &Response<RB>) -> Verdict<RegistryMark> {
        let challenges = Challenge::from_headers(response.headers(), &WWW_AUTHENTICATE);
        let origin = mark.place.origin.as_ref();
        let plan = mark.registry.plan(&challenges, origin);
        let insufficient = challenges
            .iter()
            .any(|challenge| challenge.get("error") == Some("insufficient_scope"));
        let next = match (mark.used, plan) {
            // What was asked for was obtained, and is refused nevertheless.
            (Used::Token(_, Some(generation)), _) if mark.again => {
                if mark.renewed {
                    // It counts what its fetches were good for.
                    <Bearer as Authorize<()>>::observe(generation, response);
                } else {
                    mark.registry.shared.memory.judge(&mark.place, false);
                }
                return Verdict::Keep;
            }
            _ if mark.again => return Verdict::Keep,
            (Used::Token(token, Some(generation)), plan) => match plan {
                Some(Ok(Plan::Token(asked))) if asked.0 != token.0 => {
                    if !mark.registry.shared.memory.allows_change(&mark.place) {
                        return Verdict::Keep;
                    }
                    let plan = Plan::Token(asked);
                    mark.registry
                        .shared
                        .memory
                        .put(mark.place.clone(), plan.clone());
                    Used::from(plan)
                }
                Some(Err(error)) => Used::Fault(error),
                // Another token of the same scope is worth no more.
                _ if insufficient => return Verdict::Keep,
                // The token is at its end.
                _ => match <Bearer as Authorize<()>>::observe(generation, response) {
                    Verdict::Keep => return Verdict::Keep,
                    Verdict::Replay(generation) => Used::Token(token, Some(generation)),
                },
            },
            (Used::Nothing, Some(Ok(plan))) | (Used::Basic, Some(Ok(plan @ Plan::Token(_)))) => {
                mark.registry
                    .shared
                    .memory
                    .put(mark.place.clone(), plan.clone());
                Used::from(plan)
            }
            (Used::Nothing, Some(Err(error))) => Used::Fault(error),
            _ => return Verdict::Keep,
        };
        Verdict::Replay(RegistryMark { used: next, ..mark })
    }
}

impl<B> Authorize<B> for Registry {
    type Mark = RegistryMark;
    type Wait = WaitForRealm<B>;

    fn authorize(&mut self, request: Request<B>) -> Step<B, RegistryMark, WaitForRealm<B>> {
        let extensions = request.extensions();
        if extensions.get::<NoAuth>().is_some() || request.headers().contains_key(AUTHORIZATION) {
            return Step::Skip(request);
        }
        if let Err(error) = self.shared.scope.admit(&request) {
            return Step::Fail(error);
        }
        let place = Place::of(&request);
        let plan = self.shared.memory.plan(&place);
        let used = plan.map_or(Used::Nothing, Used::from);
        self.follow(used, request, place, false)
    }

    fn authorize_again(
        &mut self,
        request: Request<B>,
        mark: RegistryMark,
    ) -> Step<B, RegistryMark, WaitForRealm<B>> {
        self.follow(mark.used, request, mark.place, true)
    }

    fn observe<RB>(mark: RegistryMark, response: &Response<RB>) -> Verdict<RegistryMark> {
        // Redirected beneath: somebody else's challenge is not answered.
        let elsewhere = |uri| Origin::of(uri) != mark.place.origin;
        if answered_by(response.extensions()).is_some_and(elsewhere) {
            return Verdict::Keep;
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            return Self::refused(mark, response);
        }
        if let Used::Token(_, Some(generation)) = mark.used {
            // As above.
            if mark.again && !mark.renewed && is_judgement(response) {
                mark.registry.shared.memory.judge(&mark.place, true);
            }
            <Bearer as Authorize<()>>::observe(generation, response);
        }
        Verdict::Keep
    }
}
