use std::env;
use std::path::Path;

use http::HeaderName;

use crate::sources::read;
use crate::{
    AuthLayer, Bearer, InvalidAuth, Scope, StaticAuthLayer, StaticCredential, Tokens, secret,
};

/// Static credentials. All of them are checked here, so that a request cannot fail by them.
///
/// A `scope` that lists a plain http origin off this machine is an error, unless it
/// [allows http](Scope::allow_http).
impl AuthLayer<()> {
    /// `Authorization: Bearer <token>` (RFC 6750, section 2.1).
    ///
    /// # Errors
    ///
    /// If the token is empty, or has white space, control characters or characters outside of
    /// ASCII.
    pub fn bearer(scope: Scope, token: impl AsRef<str>) -> Result<StaticAuthLayer, InvalidAuth> {
        let value = secret::bearer(token.as_ref())?;
        StaticCredential::header(scope, http::header::AUTHORIZATION, value)
            .map(StaticAuthLayer::new)
    }

    /// As [`bearer`](Self::bearer), with the token in an environment variable.
    ///
    /// # Errors
    ///
    /// Also if the variable is missing; the error names it, and never its value.
    pub fn bearer_env(scope: Scope, variable: &str) -> Result<StaticAuthLayer, InvalidAuth> {
        from_env(variable, |token| Self::bearer(scope, token))
    }

    /// As [`bearer`](Self::bearer), with the token in a file, which is read once; white space
    /// around it, line ends and a byte order mark are not part of it.
    ///
    /// For one that changes while the program runs, give [`FileSource`](crate::FileSource) to
    /// [`bearer_from`](Self::bearer_from).
    ///
    /// # Errors
    ///
    /// Also if the file cannot be read, or is longer than
    /// [`FileSource::MAX_BYTES`](crate::FileSource::MAX_BYTES); the error names it, and never its
    /// content.
    pub fn bearer_file(
        scope: Scope,
        path: impl AsRef<Path>,
    ) -> Result<StaticAuthLayer, InvalidAuth> {
        from_file(path.as_ref(), |token| Self::bearer(scope, token))
    }

    /// `Authorization: Basic <credentials>` in UTF-8 (RFC 7617).
    ///
    /// # Errors
    ///
    /// If the user contains a colon, one of the two a control character, or both are empty.
    pub fn basic(
        scope: Scope,
        user: impl AsRef<str>,
        password: impl AsRef<str>,
    ) -> Result<StaticAuthLayer, InvalidAuth> {
        let value = secret::basic(user.as_ref(), password.as_ref())?;
        StaticCredential::header(scope, http::header::AUTHORIZATION, value)
            .map(StaticAuthLayer::new)
    }

    /// As [`basic`](Self::basic), with `user:password` in an environment variable.
    ///
    /// # Errors
    ///
    /// Also if the variable is missing or has no colon; the error names it, and never its
    /// value.
    pub fn basic_env(scope: Scope, variable: &str) -> Result<StaticAuthLayer, InvalidAuth> {
        from_env(variable, |pair| Self::basic_pair(scope, &pair))
    }

    /// As [`basic`](Self::basic), with `user:password` in a file; see
    /// [`bearer_file`](Self::bearer_file).
    ///
    /// # Errors
    ///
    /// Also if the file cannot be read or has no colon; the error names it, and never its content.
    pub fn basic_file(
        scope: Scope,
        path: impl AsRef<Path>,
    ) -> Result<StaticAuthLayer, InvalidAuth> {
        from_file(path.as_ref(), |pair| Self::basic_pair(scope, &pair))
    }

    fn basic_pair(scope: Scope, pair: &str) -> Result<StaticAuthLayer, InvalidAuth> {
        let (user, password) = pair
            .split_once(':')
            .ok_or(InvalidAuth::new("write it as user:password"))?;
        Self::basic(scope, user, password)
    }

    /// An API key in the header `name`, its whole value.
    ///
    /// # Errors
    ///
    /// If the name is no header name, or the value is empty, begins or ends with white space, or
    /// has control characters or characters outside of ASCII.
    pub fn header(
        scope: Scope,
        name: &str,
        value: impl AsRef<str>,
    ) -> Result<StaticAuthLayer, InvalidAuth> {
        let name = HeaderName::try_from(name)
            .map_err(|_| InvalidAuth::new("the header's name is not a header name"))?;
        let value = secret::header_value("", value.as_ref())?;
        StaticCredential::header(scope, name, value).map(StaticAuthLayer::new)
    }

    /// As [`header`](Self::header), with the value in an environment variable.
    ///
    /// # Errors
    ///
    /// Also if the variable is missing; the error names it, and never its value.
    pub fn header_env(
        scope: Scope,
        name: &str,
        variable: &str,
    ) -> Result<StaticAuthLayer, InvalidAuth> {
        from_env(variable, |value| Self::header(scope, name, value))
    }

    /// As [`header`](Self::header), with the value in a file; see
    /// [`bearer_file`](Self::bearer_file).
    ///
    /// # Errors
    ///
    /// Also if the file cannot be read; the error names it, and never its content.
    pub fn header_file(
        scope: Scope,
        name: &str,
        path: impl AsRef<Path>,
    ) -> Result<StaticAuthLayer, InvalidAuth> {
        from_file(path.as_ref(), |value| Self::header(scope, name, value))
    }

    /// An API key in the query parameter `name`.
    ///
    /// Name and value are percent-encoded once; a parameter of the same name is replaced, all
    /// others stay byte for byte. A URI that cannot have a query (`*`), or would become longer than
    /// 64 KiB, gets none; the [strict](StaticAuthLayer::strict) form fails there. Whatever logs the
    /// URI beneath this layer logs the key: prefer a header where the API has one.
    ///
    /// # Errors
    ///
    /// If the name is empty, or the value is empty, begins or ends with white space or has
    /// control characters.
    pub fn query(
        scope: Scope,
        name: &str,
        value: impl AsRef<str>,
    ) -> Result<StaticAuthLayer, InvalidAuth> {
        if name.is_empty() {
            return Err(InvalidAuth::new("the query parameter's name is empty"));
        }
        secret::check(value.as_ref())?;
        StaticCredential::query(scope, name, value.as_ref()).map(StaticAuthLayer::new)
    }

    /// As [`query`](Self::query), with the value in an environment variable.
    ///
    /// # Errors
    ///
    /// Also if the variable is missing; the error names it, and never its value.
    pub fn query_env(
        scope: Scope,
        name: &str,
        variable: &str,
    ) -> Result<StaticAuthLayer, InvalidAuth> {
        from_env(variable, |value| Self::query(scope, name, value))
    }

    /// As [`query`](Self::query), with the value in a file; see
    /// [`bearer_file`](Self::bearer_file).
    ///
    /// # Errors
    ///
    /// Also if the file cannot be read; the error names it, and never its content.
    pub fn query_file(
        scope: Scope,
        name: &str,
        path: impl AsRef<Path>,
    ) -> Result<StaticAuthLayer, InvalidAuth> {
        from_file(path.as_ref(), |value| Self::query(scope, name, value))
    }

    /// `Authorization: Bearer <token>` with a token that is fetched when one is needed.
    ///
    /// It is always strict: a request out of `scope` fails with an
    /// [`AuthError`](crate::AuthError). Add [`replay`](AuthLayer::replay), or a 401 condemns the
    /// token but is handed out.
    #[must_use]
    pub fn bearer_from(scope: Scope, tokens: Tokens) -> AuthLayer<Bearer> {
        AuthLayer::new(Bearer::new(scope, tokens))
    }
}

fn from_file<T>(
    path: &Path,
    build: impl FnOnce(String) -> Result<T, InvalidAuth>,
) -> Result<T, InvalidAuth> {
    let value = read(path).map_err(|error| InvalidAuth::with(format!("it {}", error.fault())));
    value.and_then(build).map_err(|error| error.in_file(path))
}

fn from_env<T>(
    variable: &str,
    build: impl FnOnce(String) -> Result<T, InvalidAuth>,
) -> Result<T, InvalidAuth> {
    let value = env::var(variable).map_err(|error| match error {
        env::VarError::NotPresent => InvalidAuth::new("it is not set"),
        // The error's own text shows the value.
        env::VarError::NotUnicode(_) => InvalidAuth::new("its value is not UTF-8"),
    });
    value
        .and_then(build)
        .map_err(|error| error.in_variable(variable))
}
