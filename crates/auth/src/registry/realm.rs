//! What a registry asks for: a token of this realm, for this service, of this scope.

use std::error::Error;
use std::fmt;

use http::Uri;
use outbound_http::Origin;

use crate::{Challenge, Scope, query};

/// Longest realm, service or scope that is answered.
const MAX_VALUE: usize = 4096;

/// What a token is for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Ask {
    /// The registry that asked for it, and that alone gets it: another one may pose the same
    /// challenge.
    at: Option<Origin>,
    /// Realm, service, scope and account.
    pub(super) uri: Uri,
}

impl Ask {
    /// Understands a challenge, and lets no credential go where the server alone points: the
    /// realm has to be at the registry's own origin (`at`), or at one that `realms` lists.
    pub(super) fn of(
        challenge: &Challenge,
        at: Option<&Origin>,
        realms: &Scope,
        account: Option<&str>,
    ) -> Result<Self, RealmError> {
        let text = |name| match challenge.get_bytes(name) {
            Some(value) if value.len() > MAX_VALUE => Err(RealmError::Malformed),
            Some(_) => challenge.get(name).map(Some).ok_or(RealmError::Malformed),
            None => Ok(None),
        };
        let realm = text("realm")?.ok_or(RealmError::Malformed)?;
        let uri: Uri = realm.parse().map_err(|_| RealmError::Malformed)?;
        let origin = Origin::of(&uri).ok_or(RealmError::Malformed)?;
        let bare = uri
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@'));
        if !bare || realm.contains('#') {
            return Err(RealmError::Malformed);
        }
        // The registry's own origin may have its credential already.
        if at != Some(&origin) && realms.check(&uri, true).is_err() {
            return Err(RealmError::Refused(origin));
        }

        let service = text("service")?;
        let scopes = text("scope")?.unwrap_or_default();
        let parameters = service
            .map(|service| ("service", service))
            .into_iter()
            .chain(scopes.split_whitespace().map(|scope| ("scope", scope)))
            .chain(account.map(|account| ("account", account)));
        let mut full = realm.to_owned();
        let mut separator = match uri.query() {
            None => '?',
            Some(_) => '&',
        };
        for (name, value) in parameters {
            full.push(separator);
            full.push_str(&query::pair(name, value));
            separator = '&';
        }
        let uri = full.parse().map_err(|_| RealmError::Malformed)?;
        let at = at.cloned();
        Ok(Self { at, uri })
    }
}

/// Why a challenge is not answered.
#[derive(Debug)]
pub(super) enum RealmError {
    Malformed,
    Refused(Origin),
}

impl fmt::Display for RealmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => {
                f.write_str("the challenge's realm, service or scope cannot be used")
            }
            Self::Refused(origin) => write!(
                f,
                "the challenge points to the realm {origin}, which is not trusted with a credential; allow that origin if it is right, and plain http only explicitly"
            ),
        }
    }
}

impl Error for RealmError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(challenge: &str, realms: &Scope) -> Result<String, String> {
        let at = "https://registry.test".parse().unwrap();
        let challenge = &Challenge::parse(challenge)[0];
        Ask::of(challenge, Some(&at), realms, Some("me"))
            .map(|ask| ask.uri.to_string())
            .map_err(|error| error.to_string())
    }

    fn hub() -> Scope {
        Scope::origin("https://auth.test").unwrap()
    }

    #[test]
    fn realm_service_and_scopes_become_the_url_of_the_token() {
        assert_eq!(
            ask(
                r#"Bearer realm="https://auth.test/token",service="registry.test",scope="repository:a/b:pull,push repository:c:pull""#,
                &hub()
            ),
            Ok("https://auth.test/token?service=registry.test&scope=repository%3Aa%2Fb%3Apull%2Cpush&scope=repository%3Ac%3Apull&account=me".to_owned())
        );
        assert_eq!(
            ask(r#"Bearer realm="https://registry.test?x=1""#, &hub()),
            Ok("https://registry.test/?x=1&account=me".to_owned())
        );
    }

    #[test]
    fn a_realm_elsewhere_has_to_be_listed() {
        for realm in [
            "https://evil.test/token",
            "https://auth.test.evil.test/token",
            "https://auth.test:8443/token",
            "http://auth.test/token",
            "http://registry.test/token",
            "http://169.254.169.254/latest",
            "http://127.0.0.1/token",
        ] {
            let error = ask(&format!("Bearer realm=\"{realm}\""), &hub()).unwrap_err();
            assert!(error.contains("not trusted"), "{realm}: {error}");
            let anywhere = ask(&format!("Bearer realm=\"{realm}\""), &Scope::any());
            assert!(anywhere.is_err(), "any request is not any realm: {realm}");
        }
    }

    #[test]
    fn what_is_no_realm_is_malformed() {
        for realm in [
            "",
            "/token",
            "registry",
            "https://",
            "https://user:canary@auth.test/token",
            "https://auth.test/token#x",
            "ftp://auth.test/",
            &"x".repeat(MAX_VALUE + 1),
        ] {
            let error = ask(&format!("Bearer realm=\"{realm}\""), &hub()).unwrap_err();
            assert!(error.contains("cannot be used"), "{realm}: {error}");
            assert!(!error.contains("canary"));
        }
    }
}
