//! The command line, as clap reads it. What it means is decided in `plan`.

mod examples;
mod numbers;
mod output;
mod retry;
mod values;

use std::path::PathBuf;

use clap::Parser;

use self::examples::EXAMPLES;
use self::numbers::whole;
pub(crate) use self::output::OutputArgs;
pub(crate) use self::retry::RetryArgs;
pub(crate) use self::values::{ClientAuth, ContractMode, Draft, OnRepeat, OriginRule, Progress};

/// Drains a JSON API to NDJSON, one item a line: credentials, retries, pages and contracts through one
/// tower stack.
///
/// Without a URL it starts an unreliable API of its own on loopback and drains that, so that
/// retries, token refreshes, pages and a breach of contract can be watched.
///
/// /PTR stands for a JSON Pointer: /a/0/b is b in the first element of a, and "" is the whole.
/// VAR is the name of an environment variable, so that no secret is on the command line.
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
    /// Fetch tokens as OCI registries ask for it, by WWW-Authenticate: Bearer; with --basic-env for
    /// those that want to know who asks
    #[arg(long, help_heading = "Credential")]
    pub(crate) challenge: bool,
    /// HTTP Digest (RFC 7616): user:password, from this environment variable
    #[arg(long, value_name = "VAR", help_heading = "Credential")]
    pub(crate) digest_env: Option<String>,
    /// A further origin, as https://HOST[:PORT], that may serve next pages and receive the
    /// credential (repeatable)
    #[arg(long, value_name = "ORIGIN", help_heading = "Credential")]
    pub(crate) allow_origin: Vec<String>,
    /// Permit a credential over plain http to a host that is not loopback
    #[arg(long, help_heading = "Credential")]
    pub(crate) allow_http: bool,

    /// Method of each request [default: GET, or POST with -d]
    #[arg(short = 'X', value_name = "METHOD", help_heading = "Request")]
    pub(crate) method: Option<String>,
    /// A header of each request (repeatable)
    #[arg(short = 'H', value_name = "NAME: VALUE", help_heading = "Request")]
    pub(crate) header: Vec<String>,
    /// Body of each request, or @FILE that holds it; JSON unless -H says otherwise
    #[arg(short = 'd', value_name = "BODY", help_heading = "Request")]
    pub(crate) data: Option<String>,

    #[command(flatten)]
    pub(crate) retry: RetryArgs,

    /// How the next page is found: none, link, url:, url-header:, token:, page:, offset: or range:
    ///
    /// none                      there is one page; so it is without this option
    /// link[:REL][;PARAM=VALUE]  by the Link header, with rel="next" or another, and with
    ///                           this parameter
    /// url:/PTR                  by a URL in the page
    /// url-header:NAME           by a URL in a header
    /// token:SRC=DST             by a cursor that is sent back (repeatable); SRC is body:/PTR,
    ///                           header:NAME or last:/PTR, which is in the last item; DST is
    ///                           query:NAME, header:NAME, body:/PTR, or merge-query for an
    ///                           object whose members are parameters
    /// page:NAME[:START]         by a number in the query, from 1 or START
    /// offset:OFFSET,LIMIT:SIZE  by an offset and a limit in the query, by their names
    /// range:UNIT:SIZE           by the Range header
    #[arg(long, value_name = "HOW", verbatim_doc_comment, help_heading = "Pages")]
    pub(crate) next: Vec<String>,
    /// A flag in the page: true means that there is more
    #[arg(long, value_name = "/PTR", help_heading = "Pages")]
    pub(crate) more: Option<String>,
    /// A flag in the page: true means that this is the last
    #[arg(long, value_name = "/PTR", help_heading = "Pages")]
    pub(crate) last: Option<String>,
    /// Where the page tells how many items there are in all; body:/PTR or header:NAME
    #[arg(long, value_name = "SRC", help_heading = "Pages")]
    pub(crate) total: Option<String>,
    /// Where the page tells how many pages there are in all; body:/PTR or header:NAME
    #[arg(long, value_name = "SRC", help_heading = "Pages")]
    pub(crate) total_pages: Option<String>,
    /// With --next token: an empty one is a token, not the end
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
    #[arg(long, value_name = "N", value_parser = whole::<u64>, allow_negative_numbers = true, help_heading = "Pages")]
    pub(crate) max_pages: Option<u64>,
    /// Stop after N items
    #[arg(long, value_name = "N", value_parser = whole::<u64>, allow_negative_numbers = true, help_heading = "Pages")]
    pub(crate) max_items: Option<u64>,
    /// The largest item, or the largest page where pages are written or checked whole, in bytes
    /// [default: 64 MiB]
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024 * 1024, value_parser = whole::<usize>, hide_default_value = true, allow_negative_numbers = true, help_heading = "Pages")]
    pub(crate) max_body: usize,
    /// A next page on another origin is refused (see --allow-origin), or asked of the first instead
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "deny",
        help_heading = "Pages"
    )]
    pub(crate) origin: OriginRule,
    /// Pages to ask for before the one at hand is written
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<usize>, allow_negative_numbers = true, help_heading = "Pages")]
    pub(crate) prefetch: usize,
    /// Pages to ask for side by side, where --next can compute them: page:, offset: and range:
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<usize>, allow_negative_numbers = true, help_heading = "Pages")]
    pub(crate) concurrency: usize,
    /// Keep how far the drain came in this file, and go on from there if it is run again
    ///
    /// With -o every item is in the output once, however the drain was ended: by an error, Ctrl-C or
    /// a kill. Against a loss of power there is no such promise, since nothing waits for the disk; if
    /// it took a part of the output with it, the next run says so and touches neither file.
    #[arg(long, value_name = "FILE", help_heading = "Pages")]
    pub(crate) checkpoint: Option<PathBuf>,

    /// JSON Schema of each page
    #[arg(long, value_name = "FILE", help_heading = "Contract")]
    pub(crate) schema: Option<PathBuf>,
    /// JSON Schema of each item; needs --items
    #[arg(long, value_name = "FILE", help_heading = "Contract")]
    pub(crate) item_schema: Option<PathBuf>,
    /// What each page must have, as /ptr or "/ptr: type"; * is each element (repeatable)
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
    /// JSON Schema's draft, for a schema without $schema
    #[arg(
        long,
        value_name = "DRAFT",
        default_value = "2020-12",
        help_heading = "Contract"
    )]
    pub(crate) draft: Draft,
    /// Check "format" in schemas too, which otherwise is a remark
    #[arg(long, help_heading = "Contract")]
    pub(crate) formats: bool,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
