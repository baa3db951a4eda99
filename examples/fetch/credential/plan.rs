//! Which credential the command line asks for. Names of variables and files, never their values.

use std::path::PathBuf;

use http::{HeaderName, Uri};
use outbound::http::Origin;

use crate::args::{Args, ClientAuth};

#[derive(Debug, Default)]
pub(crate) struct CredentialPlan {
    pub(crate) authorization: Option<Authorization>,
    pub(crate) header_keys: Vec<(HeaderName, String)>,
    pub(crate) query_keys: Vec<(String, String)>,
    pub(crate) allow_origins: Vec<Origin>,
    pub(crate) allow_http: bool,
}

#[derive(Debug)]
pub(crate) enum Authorization {
    Bearer {
        variable: String,
    },
    BearerFile {
        path: PathBuf,
    },
    Basic {
        variable: String,
    },
    Digest {
        variable: String,
    },
    ClientCredentials(ClientCredentialsPlan),
    /// Token challenges, with or without user and password for the realm.
    Challenge {
        basic: Option<String>,
    },
}

/// OAuth 2.0 client credentials.
#[derive(Debug)]
pub(crate) struct ClientCredentialsPlan {
    pub(crate) token_url: String,
    pub(crate) id_variable: String,
    pub(crate) secret_variable: String,
    pub(crate) scope: Option<String>,
    pub(crate) authentication: ClientAuth,
}

impl CredentialPlan {
    /// The error is a usage error.
    pub(crate) fn of(args: &Args) -> Result<Self, String> {
        let header_keys = args
            .api_key_env
            .iter()
            .map(|option| {
                let (name, variable) = pair("--api-key-env", "HEADER", option)?;
                let header = HeaderName::try_from(&name)
                    .map_err(|_| format!("--api-key-env {name}: not a header name"))?;
                Ok((header, variable))
            })
            .collect::<Result<_, String>>()?;
        Ok(Self {
            authorization: authorization(args)?,
            header_keys,
            query_keys: args
                .api_key_query
                .iter()
                .map(|option| pair("--api-key-query", "NAME", option))
                .collect::<Result<_, _>>()?,
            allow_origins: args
                .allow_origin
                .iter()
                .map(|text| {
                    let origin = text.parse();
                    origin.map_err(|error| format!("--allow-origin {text}: {error}"))
                })
                .collect::<Result<_, _>>()?,
            allow_http: args.allow_http,
        })
    }

    /// Whether any credential is configured.
    pub(crate) fn is_some(&self) -> bool {
        self.authorization.is_some() || !self.header_keys.is_empty() || !self.query_keys.is_empty()
    }
}

/// What stands before and behind the equals sign.
fn pair(option: &str, name: &str, given: &str) -> Result<(String, String), String> {
    given
        .split_once('=')
        .filter(|(name, variable)| !name.is_empty() && !variable.is_empty())
        .map(|(name, variable)| (name.to_owned(), variable.to_owned()))
        // It is not repeated: it may be the key itself.
        .ok_or_else(|| {
            format!("{option}: write {name}=VAR, with the name of an environment variable")
        })
}

fn authorization(args: &Args) -> Result<Option<Authorization>, String> {
    let oauth2 = client_credentials(args)?;
    let mut given = Vec::new();
    let mut add = |option, authorization: Option<Authorization>| {
        given.extend(authorization.map(|authorization| (option, authorization)));
    };
    let bearer = args.bearer_env.clone();
    add(
        "--bearer-env",
        bearer.map(|variable| Authorization::Bearer { variable }),
    );
    let file = args.bearer_file.clone();
    add(
        "--bearer-file",
        file.map(|path| Authorization::BearerFile { path }),
    );
    let digest = args.digest_env.clone();
    add(
        "--digest-env",
        digest.map(|variable| Authorization::Digest { variable }),
    );
    add(
        "--oauth2-token-url",
        oauth2.map(Authorization::ClientCredentials),
    );
    let basic = args.basic_env.clone();
    if args.challenge {
        add("--challenge", Some(Authorization::Challenge { basic }));
    } else {
        add(
            "--basic-env",
            basic.map(|variable| Authorization::Basic { variable }),
        );
    }
    if let [(first, _), (second, _), ..] = given[..] {
        return Err(format!(
            "{first} and {second} exclude each other: at most one credential may be given, apart from API keys"
        ));
    }
    Ok(given.pop().map(|(_, authorization)| authorization))
}

fn client_credentials(args: &Args) -> Result<Option<ClientCredentialsPlan>, String> {
    let Some(url) = &args.oauth2_token_url else {
        let others = [
            (
                "--oauth2-client-id-env",
                args.oauth2_client_id_env.is_some(),
            ),
            (
                "--oauth2-client-secret-env",
                args.oauth2_client_secret_env.is_some(),
            ),
            ("--oauth2-scope", args.oauth2_scope.is_some()),
            ("--oauth2-auth", args.oauth2_auth.is_some()),
        ];
        return match others.iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(format!("{option} needs --oauth2-token-url")),
            None => Ok(None),
        };
    };
    let uri: Option<Uri> = url.parse().ok();
    let web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    let bare = |uri: &Uri| {
        uri.authority()
            .is_some_and(|host| !host.as_str().contains('@'))
    };
    if !uri.is_some_and(|uri| web(&uri) && bare(&uri)) {
        return Err(
            "--oauth2-token-url: write an absolute URL, with http or https and without user information"
                .to_owned(),
        );
    }
    let needed = |option: &Option<String>, name| {
        option
            .clone()
            .ok_or_else(|| format!("--oauth2-token-url needs {name}"))
    };
    Ok(Some(ClientCredentialsPlan {
        token_url: url.clone(),
        id_variable: needed(&args.oauth2_client_id_env, "--oauth2-client-id-env")?,
        secret_variable: needed(&args.oauth2_client_secret_env, "--oauth2-client-secret-env")?,
        scope: args.oauth2_scope.clone(),
        authentication: args.oauth2_auth.unwrap_or(ClientAuth::Basic),
    }))
}
