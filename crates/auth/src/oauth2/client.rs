//! Who asks for a token, and how that is proved.

use std::fmt;

use http::HeaderValue;

use super::form;
use crate::{InvalidAuth, secret};

/// How a client proves who it is at the token endpoint (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_basic`: in `Authorization: Basic`, each part encoded as a form value first.
    /// What every server has to support, and the default. A server that takes the parts as they
    /// are, against the RFC, needs [`Post`](Self::Post) for other than plain letters and digits.
    #[default]
    Basic,
    /// `client_secret_post`: as `client_id` and `client_secret` in the form.
    Post,
}

#[derive(Clone)]
pub(super) struct Client {
    id: String,
    /// `None`: a public client, which has no secret.
    secret: Option<String>,
    authorization: Option<HeaderValue>,
    authentication: ClientAuthentication,
}

impl Client {
    pub(super) fn confidential(id: String, secret: String) -> Result<Self, InvalidAuth> {
        check_id(&id)?;
        if secret.is_empty() {
            return Err(InvalidAuth::new("the client's secret is empty"));
        }
        if secret.chars().any(char::is_control) {
            return Err(InvalidAuth::new(
                "the client's secret contains a control character; is there a line end too many?",
            ));
        }
        let authorization = secret::basic(&form::encode(&id), &form::encode(&secret))?;
        Ok(Self {
            id,
            secret: Some(secret),
            authorization: Some(authorization),
            authentication: ClientAuthentication::Basic,
        })
    }

    pub(super) fn public(id: String) -> Result<Self, InvalidAuth> {
        check_id(&id)?;
        Ok(Self {
            id,
            secret: None,
            authorization: None,
            authentication: ClientAuthentication::Post,
        })
    }

    pub(super) const fn authenticated_by(&mut self, authentication: ClientAuthentication) {
        if self.secret.is_some() {
            self.authentication = authentication;
        }
    }

    /// The header, and the form of `grant` with what belongs into it.
    pub(super) fn authenticate(&self, grant: &[(&str, &str)]) -> (Option<HeaderValue>, String) {
        let mut fields = grant.to_vec();
        if self.authentication == ClientAuthentication::Basic {
            return (self.authorization.clone(), form::pairs(fields));
        }
        fields.push(("client_id", &self.id));
        fields.extend(
            self.secret
                .as_deref()
                .map(|secret| ("client_secret", secret)),
        );
        (None, form::pairs(fields))
    }

    /// Whether `text` repeats the secret, in one of the forms that it was sent in.
    pub(super) fn leaks(&self, text: &str) -> bool {
        let header = self
            .authorization
            .as_ref()
            .and_then(|header| header.to_str().ok());
        let pair = header.and_then(|header| header.strip_prefix("Basic "));
        let secret = self.secret.as_deref();
        let encoded = secret.map(form::encode);
        [secret, encoded.as_deref(), pair]
            .into_iter()
            .flatten()
            .any(|secret| text.contains(secret))
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

/// Without the secret.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("confidential", &self.secret.is_some())
            .field("authentication", &self.authentication)
            .finish()
    }
}

fn check_id(id: &str) -> Result<(), InvalidAuth> {
    if id.is_empty() {
        return Err(InvalidAuth::new("the client's id is empty"));
    }
    if id.chars().any(char::is_control) {
        return Err(InvalidAuth::new(
            "the client's id contains a control character; is there a line end too many?",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str, secret: &str) -> Client {
        Client::confidential(id.to_owned(), secret.to_owned()).unwrap()
    }

    #[test]
    fn both_parts_are_form_encoded_before_they_become_basic() {
        // "cl%3Ai:n%C3%BC+%25" in base64.
        let (header, form) = client("cl:i", "nü %").authenticate(&[("grant_type", "x y")]);
        let header = header.unwrap();
        assert_eq!(header, "Basic Y2wlM0FpOm4lQzMlQkMrJTI1");
        assert!(header.is_sensitive());
        assert_eq!(form, "grant_type=x+y");
    }

    #[test]
    fn in_the_form_there_is_no_header() {
        let mut client = client("cl:i", "nü %");
        client.authenticated_by(ClientAuthentication::Post);
        let (header, form) = client.authenticate(&[("grant_type", "x")]);
        assert!(header.is_none());
        assert_eq!(
            form,
            "grant_type=x&client_id=cl%3Ai&client_secret=n%C3%BC+%25"
        );
    }

    #[test]
    fn a_public_client_tells_its_id_only() {
        let mut client = Client::public("me".to_owned()).unwrap();
        client.authenticated_by(ClientAuthentication::Basic);
        let (header, form) = client.authenticate(&[("a", "b")]);
        assert_eq!((header, &*form), (None, "a=b&client_id=me"));
    }

    #[test]
    fn what_no_client_has_is_refused_without_repeating_it() {
        for (id, secret) in [
            ("", "canary"),
            ("canary", ""),
            ("canary\n", "x"),
            ("x", "canary\r\n"),
        ] {
            let error = Client::confidential(id.to_owned(), secret.to_owned())
                .err()
                .unwrap();
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
