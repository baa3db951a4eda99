use http::Request;
use outbound_http::CrossOrigin;

use crate::{AuthError, Scope};

impl Scope {
    /// Whether `request` may carry the credential, with the error that the layers of this crate
    /// fail with if it may not. For an [`Authorize`](crate::Authorize) of your own.
    ///
    /// Unlike [`contains`](Self::contains) it minds whether the request left the origin that its
    /// caller named ([`CrossOrigin`]): then only an origin that is listed will do.
    ///
    /// ```
    /// use http::Request;
    /// use outbound_auth::Scope;
    ///
    /// let scope = Scope::origin("https://api.example.com")?;
    /// let request = Request::get("https://elsewhere.example/").body(())?;
    /// assert!(scope.admit(&request).is_err_and(|error| error.is_out_of_scope()));
    /// # Ok::<_, outbound_auth::BoxError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it may not.
    pub fn admit<B>(&self, request: &Request<B>) -> Result<(), AuthError> {
        let strayed = request.extensions().get::<CrossOrigin>().is_some();
        self.check(request.uri(), strayed)
            .map_err(|refusal| AuthError::out_of_scope(refusal, request.uri(), self.clone()))
    }
}
