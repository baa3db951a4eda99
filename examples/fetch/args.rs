//! The command line, as clap reads it. What it means is decided in `plan.rs`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Drains a JSON API to NDJSON: credentials, retries, pages and contracts through one tower stack.
///
/// Without a URL it starts an unreliable API of its own on loopback and drains that, so that
/// retries, token refreshes, pages and a breach of contract can be watched.
#[derive(Debug, Parser)]
#[command(name = "fetch", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Args {
    /// Where the first page is; absolute, http or https
    pub(crate) url: Option<String>,

    /// Bearer token from this environment variable
    #[arg(long, value_name = "VAR", help_heading = "Credential")]
    pub(crate) bearer_env: Option<String>,
    /// Bearer token from this file, read again when it changes
    #[arg(long, value_name = "PATH", help_heading = "Credential")]
    pub(crate) bearer_file: Option<PathBuf>,
    /// HTTP Basic: user:password, from this environment variable
    #[arg(long, value_name = "VAR", help_heading = "Credential")]
    pub(crate) basic_env: Option<String>,
    /// API key in a header, from an environment variable (repeatable)
    #[arg(long, value_name = "HEADER=VAR", help_heading = "Credential")]
    pub(crate) api_key_env: Vec<String>,
    /// API key in the query, from an environment variable (repeatable)
    #[arg(long, value_name = "NAME=VAR", help_heading = "Credential")]
    pub(crate) api_key_query: Vec<String>,
    /// OAuth 2.0 client credentials: the token endpoint
    #[arg(long, value_name = "URL", help_heading = "Credential")]
    pub(crate) oauth2_token_url: Option<String>,
    /// OAuth 2.0: the client's id, from this environment variable
    #[arg(long, value_name = "VAR", help_heading = "Credential")]
    pub(crate) oauth2_client_id_env: Option<String>,
    /// OAuth 2.0: the client's secret, from this environment variable
    #[arg(long, value_name = "VAR", help_heading = "Credential")]
    pub(crate) oauth2_client_secret_env: Option<String>,
    /// OAuth 2.0: the scope to ask for
    #[arg(long, value_name = "S", help_heading = "Credential")]
    pub(crate) oauth2_scope: Option<String>,
    /// OAuth 2.0: how the client authenticates at the token endpoint [default: basic]
    #[arg(long, value_name = "HOW", help_heading = "Credential")]
    pub(crate) oauth2_auth: Option<ClientAuth>,
    /// Answer WWW-Authenticate: Bearer challenges as OCI registries pose them
    #[arg(long, help_heading = "Credential")]
    pub(crate) challenge: bool,
    /// HTTP Digest (RFC 7616): user:password, from this environment variable
    #[arg(long, value_name = "VAR", help_heading = "Credential")]
    pub(crate) digest_env: Option<String>,
    /// A further origin that may serve next pages and receive the credential (repeatable)
    #[arg(long, value_name = "ORIGIN", help_heading = "Credential")]
    pub(crate) allow_origin: Vec<String>,
    /// Permit a credential over plain http to a host that is not loopback
    #[arg(long, help_heading = "Credential")]
    pub(crate) allow_http: bool,

    /// Method of each request [default: GET, or POST with -d]
    #[arg(short = 'X', value_name = "METHOD", help_heading = "Request")]
    pub(crate) method: Option<String>,
    /// A header of each request (repeatable)
    #[arg(short = 'H', value_name = "K: V", help_heading = "Request")]
    pub(crate) header: Vec<String>,
    /// Body of each request, or @FILE
    #[arg(short = 'd', value_name = "BODY", help_heading = "Request")]
    pub(crate) data: Option<String>,

    #[command(flatten)]
    pub(crate) retry: RetryArgs,

    /// How the next page is found: none, link[:REL][;PARAM=VALUE], url:/PTR, url-header:NAME,
    /// token:SRC=DST (repeatable), page:NAME[:START], offset:OFFSET,LIMIT:SIZE, range:UNIT:SIZE
    ///
    /// SRC is body:/PTR, header:NAME or last:/PTR (of the last item); DST is query:NAME,
    /// header:NAME, body:/PTR or merge-query.
    #[arg(long, value_name = "HOW", help_heading = "Pages")]
    pub(crate) next: Vec<String>,
    /// A flag in the page: true means that there is more
    #[arg(long, value_name = "/PTR", help_heading = "Pages")]
    pub(crate) more: Option<String>,
    /// A flag in the page: true means that this is the last
    #[arg(long, value_name = "/PTR", help_heading = "Pages")]
    pub(crate) last: Option<String>,
    /// Where the page tells how many items there are in all
    #[arg(long, value_name = "SRC", help_heading = "Pages")]
    pub(crate) total: Option<String>,
    /// Where the page tells how many pages there are in all
    #[arg(long, value_name = "SRC", help_heading = "Pages")]
    pub(crate) total_pages: Option<String>,
    /// An empty token is a token, not the end
    #[arg(long, help_heading = "Pages")]
    pub(crate) empty_token_is_valid: bool,
    /// What a repeated page or cursor means
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "error",
        help_heading = "Pages"
    )]
    pub(crate) on_repeat: OnRepeat,
    /// Where a page's items are ("" = the page is the array); without it each page is one line
    #[arg(long, value_name = "/PTR", help_heading = "Pages")]
    pub(crate) items: Option<String>,
    /// Stop after N pages
    #[arg(long, value_name = "N", help_heading = "Pages")]
    pub(crate) max_pages: Option<u64>,
    /// Stop after N items
    #[arg(long, value_name = "N", help_heading = "Pages")]
    pub(crate) max_items: Option<u64>,
    /// Largest page when it is collected, largest item when it is streamed; bytes
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024 * 1024, help_heading = "Pages")]
    pub(crate) max_body: usize,
    /// A next page on another origin is refused, or asked of the first origin instead
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "deny",
        help_heading = "Pages"
    )]
    pub(crate) origin: OriginRule,
    /// Pages to ask for ahead of their need
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Pages")]
    pub(crate) prefetch: usize,
    /// Requests in flight (page, offset and range only)
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Pages")]
    pub(crate) concurrency: usize,
    /// Remember how far the drain came, and go on from there
    ///
    /// With -o every item is in the output once, however the drain was ended: by an error, Ctrl-C or
    /// a kill. Against a loss of power there is no such promise, since nothing waits for the disk; if
    /// it took a part of the output with it, the next run says so and touches neither file.
    #[arg(long, value_name = "FILE", help_heading = "Pages")]
    pub(crate) checkpoint: Option<PathBuf>,

    /// JSON Schema of each page
    #[arg(long, value_name = "FILE", help_heading = "Contract")]
    pub(crate) schema: Option<PathBuf>,
    /// JSON Schema of each item
    #[arg(long, value_name = "FILE", help_heading = "Contract")]
    pub(crate) item_schema: Option<PathBuf>,
    /// JSON Pointer that each page must have, as /ptr or "/ptr: type"; * is each element (repeatable)
    #[arg(long, value_name = "/PTR", help_heading = "Contract")]
    pub(crate) require: Vec<String>,
    // Refused so far, so that the help does not offer it.
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) openapi: Option<PathBuf>,
    /// What a breach does: end the drain, or be counted
    #[arg(
        long,
        value_name = "MODE",
        default_value = "enforce",
        help_heading = "Contract"
    )]
    pub(crate) contract: ContractMode,
    /// Draft of a schema without $schema
    #[arg(
        long,
        value_name = "DRAFT",
        default_value = "2020-12",
        help_heading = "Contract"
    )]
    pub(crate) draft: Draft,
    /// Assert "format", which otherwise is an annotation
    #[arg(long, help_heading = "Contract")]
    pub(crate) formats: bool,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// The options that also apply to the embedded API.
#[derive(Debug, clap::Args)]
pub(crate) struct RetryArgs {
    /// Sends after the first, per page
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Retry")]
    pub(crate) retries: u32,
    /// Bound of the first pause, in milliseconds; it doubles with each retry
    #[arg(long, value_name = "MS", default_value = "100", value_parser = milliseconds, help_heading = "Retry")]
    pub(crate) retry_base: Duration,
    /// Longest bound of a pause, in milliseconds
    #[arg(long, value_name = "MS", default_value = "5000", value_parser = milliseconds, help_heading = "Retry")]
    pub(crate) retry_cap: Duration,
    /// Longest pause that the server may ask for, in seconds
    #[arg(long, value_name = "S", default_value = "60", value_parser = seconds, help_heading = "Retry")]
    pub(crate) retry_after_max: Duration,
    /// Give up an attempt for another after this time, in seconds (soft)
    #[arg(long, value_name = "S", default_value = "30", value_parser = seconds, help_heading = "Retry")]
    pub(crate) attempt_timeout: Duration,
    /// Limit of one page with its retries, in seconds (hard)
    #[arg(long, value_name = "S", default_value = "120", value_parser = seconds, help_heading = "Retry")]
    pub(crate) page_deadline: Duration,
    /// Limit of the whole drain, in seconds (hard) [default: none]
    #[arg(long, value_name = "S", value_parser = seconds, help_heading = "Retry")]
    pub(crate) deadline: Option<Duration>,
    /// This request may be repeated, whatever its method
    #[arg(long, help_heading = "Retry")]
    pub(crate) idempotent: bool,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Write to this file instead of stdout
    #[arg(short = 'o', value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Progress on stderr
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub(crate) progress: Progress,
    /// Write a JSON summary to this file; - is stdout, and then -o is required
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) summary: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientAuth {
    Basic,
    Post,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnRepeat {
    Error,
    End,
    Allow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OriginRule {
    Deny,
    Rebase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ContractMode {
    Enforce,
    Report,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Draft {
    #[value(name = "4")]
    Draft4,
    #[value(name = "6")]
    Draft6,
    #[value(name = "7")]
    Draft7,
    #[value(name = "2019-09")]
    Draft201909,
    #[value(name = "2020-12")]
    Draft202012,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    Auto,
    Always,
    Never,
}

fn seconds(text: &str) -> Result<Duration, String> {
    decimal(text, 1.0)
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    decimal(text, 1e-3)
}

fn decimal(text: &str, unit: f64) -> Result<Duration, String> {
    // `f64` also reads "inf", "nan" and "1e9"; a decimal is digits and one dot.
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse::<f64>()
        .ok()
        .filter(|_| plain)
        .and_then(|number| Duration::try_from_secs_f64(number * unit).ok())
        .ok_or_else(|| "not a decimal number of at least 0".to_owned())
}

const EXAMPLES: &str = "\
Examples (fetch stands for: cargo run --release --example fetch --):
  # An unreliable API of its own
  fetch
  # Linked pages that are arrays, with a bearer token from $TOKEN
  fetch https://api.example.com/issues --next link --items '' --bearer-env TOKEN
  # A cursor in the body; page numbers up to a total
  fetch https://api.example.com/search --next token:body:/next=query:cursor --items /hits
  fetch https://api.example.com/users --next page:page --items /users --total body:/count
  # OAuth 2.0 client credentials, from $ID and $KEY
  fetch https://api.example.com/users --oauth2-token-url https://login.example.com/token \\
    --oauth2-client-id-env ID --oauth2-client-secret-env KEY --oauth2-scope users.read
  # To be run again after whatever ended it: each item is in the file once
  fetch https://api.example.com/events --next link --items '' -o events --checkpoint events.at
  # A search by POST that may be repeated, and an account of it on stdout
  fetch https://api.example.com/search -d @query.json --idempotent -o hits --summary -
  # What each page must have; a breach is counted, and ends nothing
  fetch https://api.example.com/orders --require '/orders/*/id: string' --contract report

Exit: 0 done, 1 output cannot be written, 2 usage, 3 the API answered with an error status,
4 the contract was broken, 5 transport, timeout or deadline, 6 pagination refused,
7 credential could not be obtained or was refused,
130 interrupted by Ctrl-C or SIGTERM, with checkpoint and summary; a second one ends it at once";
