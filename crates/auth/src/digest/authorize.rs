use std::fmt;
use std::future::Ready;
use std::sync::Arc;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderName, Request, Response, StatusCode};
use outbound_http::{CloneBody, NoAuth, Origin};

use super::hash::{Hash, hexadecimal};
use super::select::{is_nonce, is_stale, strongest};
use super::session::Session;
use super::sessions::{Place, Sessions};
use crate::answered_by::answered_by;
use crate::judgement::is_judgement;
use crate::{
    AuthError, AuthLayer, Authorize, Challenge, InvalidAuth, Scope, Step, Verdict, secret,
};

const AUTHENTICATION_INFO: HeaderName = HeaderName::from_static("authentication-info");

/// [`Authorize`] by HTTP Digest (RFC 7616): the password is never sent, only a hash of it and of
/// what the server said.
///
/// MD5 and SHA-256, each with its `-sess` variant, with `qop=auth` or, for servers of RFC 2069,
/// without. Of several challenges the strongest is answered, and nothing weaker in its place, now
/// or once a stronger one let somebody in; `Basic` never. User and password count in UTF-8. `auth-int` and `userhash` are not supported.
///
/// The first request to an origin goes out without a credential, is answered with a challenge and
/// is sent again; later ones carry the answer at once. The count of a nonce's uses (`nc`) rises
/// with each request, however many there are at a time. When the server calls a nonce stale, or no
/// longer accepts one that it did accept, the request is answered anew and sent once more; an
/// answer that was never accepted is not repeated. `nextnonce` is heeded.
///
/// The hash covers the request's target: a layer that rewrites the URI (an API key in the query)
/// belongs outside of this one. One realm is remembered for each origin; where an origin has
/// several, a change between them costs a request.
///
/// ```
/// use outbound_auth::{AuthLayer, Scope};
///
/// let scope = Scope::origin("https://api.example.com")?;
/// let layer = AuthLayer::digest(scope, "Mufasa", "Circle of Life")?;
/// # let _ = layer;
/// # Ok::<_, outbound_auth::InvalidAuth>(())
/// ```
#[derive(Clone)]
pub struct Digest {
    shared: Arc<Shared>,
}

struct Shared {
    scope: Scope,
    user: Box<str>,
    password: Box<str>,
    minimum: Hash,
    sessions: Sessions,
}

/// [`Authorize::Mark`] of [`Digest`]: what an attempt was authorized by.
pub struct DigestMark {
    digest: Digest,
    place: Place,
    /// `None`: it went out without a credential.
    session: Option<Arc<Session>>,
    again: bool,
}

impl AuthLayer<()> {
    /// HTTP Digest with `user` and `password` (RFC 7616); see [`Digest`].
    ///
    /// A request is sent again with a clone of its body, as the scheme demands.
    ///
    /// # Errors
    ///
    /// If the user contains a colon, one of the two a control character, or both are empty.
    pub fn digest(
        scope: Scope,
        user: impl AsRef<str>,
        password: impl AsRef<str>,
    ) -> Result<AuthLayer<Digest, CloneBody>, InvalidAuth> {
        Digest::new(scope, user, password).map(|digest| AuthLayer::new(digest).replay())
    }
}

impl Digest {
    /// Answers for `user` within `scope`. [`AuthLayer::digest`] is the shorter way.
    ///
    /// # Errors
    ///
    /// If the user contains a colon, one of the two a control character, or both are empty.
    pub fn new(
        scope: Scope,
        user: impl AsRef<str>,
        password: impl AsRef<str>,
    ) -> Result<Self, InvalidAuth> {
        let (user, password) = (user.as_ref(), password.as_ref());
        // What Basic cannot carry, Digest cannot either.
        secret::basic(user, password)?;
        scope.check_usable()?;
        Ok(Self::with(scope, user.into(), password.into(), Hash::Md5))
    }

    /// Answers SHA-256 only, and no challenge of MD5, whose hashes are guessed faster.
    #[must_use]
    pub fn without_md5(self) -> Self {
        let Shared {
            scope,
            user,
            password,
            ..
        } = &*self.shared;
        Self::with(scope.clone(), user.clone(), password.clone(), Hash::Sha256)
    }

    fn with(scope: Scope, user: Box<str>, password: Box<str>, minimum: Hash) -> Self {
        let sessions = Sessions::default();
        Self {
            shared: Arc::new(Shared {
                scope,
                user,
                password,
                minimum,
                sessions,
            }),
        }
    }

    /// Lets a request in by `chosen`, or else by what is remembered of its origin.
    fn step<B>(
        &self,
        mut request: Request<B>,
        chosen: Option<Arc<Session>>,
        again: bool,
    ) -> Step<B, DigestMark, Never<B>> {
        let extensions = request.extensions();
        if extensions.get::<NoAuth>().is_some() || request.headers().contains_key(AUTHORIZATION) {
            return Step::Skip(request);
        }
        if let Err(error) = self.shared.scope.admit(&request) {
            return Step::Fail(error);
        }
        let place = Origin::of(request.uri());
        let session = chosen.or_else(|| self.shared.sessions.get(&place));
        let value = session
            .as_ref()
            .and_then(|session| session.authorization(request.method(), request.uri()));
        if let Some(value) = value {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let mark = DigestMark {
            digest: self.clone(),
            place,
            session,
            again,
        };
        Step::Ready(request, mark)
    }

    /// A refusal: whether to try once more, and by which session.
    fn refused<RB>(&self, mut mark: DigestMark, response: &Response<RB>) -> Verdict<DigestMark> {
        let sessions = &self.shared.sessions;
        let challenges = Challenge::from_headers(response.headers(), &WWW_AUTHENTICATE);
        // Who was let in by the better hash before is not talked into the weaker one now.
        let known = mark.session.clone().or_else(|| sessions.get(&mark.place));
        let proven = known.filter(|known| known.is_accepted());
        let minimum = proven.map_or(self.shared.minimum, |known| {
            known.hash().max(self.shared.minimum)
        });
        let Some(challenge) = strongest(&challenges, minimum) else {
            return Verdict::Keep;
        };
        let nonce = challenge.get_bytes("nonce").unwrap_or_default();
        let renew = match &mark.session {
            None => true,
            Some(used) if !used.answers(challenge) => true,
            // The nonce was at fault; or it seems so, since the same password was right before.
            Some(used) => !used.has_nonce(nonce) && (is_stale(challenge) || used.is_accepted()),
        };
        if !renew || (mark.again && !is_stale(challenge)) {
            // User and password are refused: the next request begins anew.
            if let Some(used) = &mark.session {
                sessions.forget(used);
            }
            return Verdict::Keep;
        }
        let Shared { user, password, .. } = &*self.shared;
        let session = random().and_then(|cnonce| Session::new(challenge, user, password, cnonce));
        let Some(session) = session.map(Arc::new) else {
            return Verdict::Keep;
        };
        // Another request may have been through this already; later ones go on with its nonce.
        let current = sessions.get(&mark.place);
        let known = current.is_some_and(|current| {
            let used = mark.session.as_ref();
            current.answers(challenge) && used.is_none_or(|used| !Arc::ptr_eq(used, &current))
        });
        if !known {
            sessions.put(mark.place.clone(), Arc::clone(&session));
        }
        // This request answers its own challenge in any case: the other nonce may be good for one
        // use only, or for another server behind the same name.
        mark.session = Some(session);
        Verdict::Replay(mark)
    }

    fn accepted<RB>(&self, mark: DigestMark, response: &Response<RB>) {
        let Some(used) = mark.session else { return };
        let info = response.headers().get(AUTHENTICATION_INFO);
        if info.is_some() || is_judgement(response) {
            used.accept();
        }
        let Some(info) = info else { return };
        // Parameters without a scheme; with one they are a challenge like any other.
        let info = [b"Digest ", info.as_bytes()].concat();
        let info = Challenge::parse(info);
        let next = info.first().and_then(|info| info.get_bytes("nextnonce"));
        let Some(next) = next.filter(|next| is_nonce(next) && !used.has_nonce(next)) else {
            return;
        };
        let sessions = &self.shared.sessions;
        let current = sessions
            .get(&mark.place)
            .is_some_and(|now| Arc::ptr_eq(&now, &used));
        if let (true, Some(cnonce)) = (current, random()) {
            sessions.put(mark.place, Arc::new(used.with_nonce(next, cnonce)));
        }
    }
}

type Never<B> = Ready<Result<(Request<B>, DigestMark), AuthError>>;

impl<B> Authorize<B> for Digest {
    type Mark = DigestMark;
    type Wait = Never<B>;

    fn authorize(&mut self, request: Request<B>) -> Step<B, DigestMark, Self::Wait> {
        self.step(request, None, false)
    }

    fn authorize_again(
        &mut self,
        request: Request<B>,
        mark: DigestMark,
    ) -> Step<B, DigestMark, Self::Wait> {
        self.step(request, mark.session, true)
    }

    fn observe<RB>(mark: DigestMark, response: &Response<RB>) -> Verdict<DigestMark> {
        // Redirected beneath: somebody else's challenge is not answered.
        let elsewhere = |uri| Origin::of(uri) != mark.place;
        if answered_by(response.extensions()).is_some_and(elsewhere) {
            return Verdict::Keep;
        }
        let digest = mark.digest.clone();
        if response.status() == StatusCode::UNAUTHORIZED {
            return digest.refused(mark, response);
        }
        digest.accepted(mark, response);
        Verdict::Keep
    }
}

/// A client nonce, so that nobody can have computed hashes for it beforehand.
fn random() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(hexadecimal(&bytes))
}

/// Without user and password.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digest")
            .field("scope", &self.shared.scope)
            .field("minimum", &self.shared.minimum)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DigestMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestMark")
            .field("origin", &self.place)
            .field("authorized", &self.session.is_some())
            .finish_non_exhaustive()
    }
}
