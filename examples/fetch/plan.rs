//! What the command line means, checked before anything is sent.

use std::path::PathBuf;

use bytes::Bytes;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use crate::args::{Args, ContractMode, Draft, OnRepeat, OriginRule, OutputArgs, RetryArgs};
use crate::credential::CredentialPlan;
use crate::next::{Next, Source, pointer};

/// A drain that can be started.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) request: RequestPlan,
    pub(crate) credential: CredentialPlan,
    pub(crate) retry: RetryArgs,
    pub(crate) pages: PagesPlan,
    pub(crate) contract: ContractPlan,
    pub(crate) output: OutputArgs,
}

#[derive(Clone, Debug)]
pub(crate) struct RequestPlan {
    pub(crate) uri: Uri,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Debug)]
pub(crate) struct PagesPlan {
    pub(crate) next: Next,
    /// `next` as it was typed.
    pub(crate) how: Vec<String>,
    pub(crate) more: Option<String>,
    pub(crate) last: Option<String>,
    pub(crate) total: Option<Source>,
    pub(crate) total_pages: Option<Source>,
    pub(crate) empty_token_is_valid: bool,
    pub(crate) on_repeat: OnRepeat,
    pub(crate) items: Option<String>,
    pub(crate) max_pages: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) max_body: usize,
    pub(crate) prefetch: usize,
    pub(crate) concurrency: usize,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) origin: OriginRule,
}

#[derive(Debug)]
pub(crate) struct ContractPlan {
    pub(crate) schema: Option<PathBuf>,
    pub(crate) item_schema: Option<PathBuf>,
    pub(crate) require: Vec<String>,
    pub(crate) mode: ContractMode,
    pub(crate) draft: Draft,
    pub(crate) formats: bool,
}

/// The options that apply to the embedded API, by clap's ids.
const EMBEDDED: [&str; 11] = [
    "retries",
    "retry_base",
    "retry_cap",
    "retry_after_max",
    "attempt_timeout",
    "page_deadline",
    "deadline",
    "idempotent",
    "output",
    "progress",
    "summary",
];

/// What is to be done.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // Made once a run.
pub(crate) enum Job {
    Drain(Plan),
    /// No URL: the embedded API.
    Demonstrate(RetryArgs, OutputArgs),
}

impl Job {
    pub(crate) const fn output(&self) -> &OutputArgs {
        match self {
            Self::Drain(plan) => &plan.output,
            Self::Demonstrate(_, output) => output,
        }
    }

    /// Reads the command line; the error is a usage error, for exit code 2.
    pub(crate) fn from_command_line() -> Result<Self, String> {
        let given = Args::command().get_matches();
        let args = Args::from_arg_matches(&given).map_err(|error| error.to_string())?;
        if args.output.summary.as_deref() == Some("-") && args.output.output.is_none() {
            return Err("--summary - writes to stdout; say with -o where the items go".to_owned());
        }
        if args.url.is_none() {
            return embedded(args, &given);
        }
        plan(args).map(Self::Drain)
    }
}

/// Without a URL only retry and output options mean anything.
///
/// Whether others were given is asked of clap, which knows defaults from what was typed.
fn embedded(args: Args, given: &ArgMatches) -> Result<Job, String> {
    let stray = given
        .ids()
        .map(clap::Id::as_str)
        .filter(|id| given.value_source(id) == Some(ValueSource::CommandLine))
        // The groups of flattened options are ids too (`RetryArgs`), and name no option.
        .filter(|id| id.starts_with(|first: char| first.is_ascii_lowercase()))
        .find(|id| !EMBEDDED.contains(id));
    match stray {
        Some(id) => Err(format!(
            "{} needs a URL; to the embedded API only retry and output options apply",
            option(id)
        )),
        None => Ok(Job::Demonstrate(args.retry, args.output)),
    }
}

/// An option as it is typed.
fn option(id: &str) -> String {
    let command = Args::command();
    let option = command.get_arguments().find(|option| option.get_id() == id);
    let long = option.and_then(|option| option.get_long());
    match (long, option.and_then(|option| option.get_short())) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => id.to_owned(),
    }
}

fn plan(args: Args) -> Result<Plan, String> {
    refuse_unfinished(&args)?;
    let pages = pages(&args)?;
    if args.item_schema.is_some() && pages.items.is_none() {
        return Err("--item-schema needs --items, which says where the items are".to_owned());
    }
    let credential = CredentialPlan::of(&args)?;
    let request = request(&args, &credential)?;
    Ok(Plan {
        request,
        credential,
        pages,
        contract: ContractPlan {
            schema: args.schema,
            item_schema: args.item_schema,
            require: args.require,
            mode: args.contract,
            draft: args.draft,
            formats: args.formats,
        },
        retry: args.retry,
        output: args.output,
    })
}

/// Options whose layer cannot serve them so far.
fn refuse_unfinished(args: &Args) -> Result<(), String> {
    let unfinished = [("--openapi", args.openapi.is_some())];
    match unfinished.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(format!("{option} is not served by this version of fetch")),
        None => Ok(()),
    }
}

fn request(args: &Args, credential: &CredentialPlan) -> Result<RequestPlan, String> {
    let text = args.url.as_deref().unwrap_or_default();
    let uri: Uri = text
        .parse()
        .map_err(|_| "the URL cannot be read; percent-encode what is unusual in it".to_owned())?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let authority = uri.authority().filter(|_| web);
    let Some(authority) = authority else {
        return Err("the URL must be absolute, with http or https".to_owned());
    };
    if authority.as_str().contains('@') {
        return Err(
            "the URL holds user information; give it with --basic-env, so that it stays out of logs"
                .to_owned(),
        );
    }
    let method = match &args.method {
        Some(method) => Method::from_bytes(method.as_bytes())
            .map_err(|_| format!("-X {method}: not a method"))?,
        None if args.data.is_some() => Method::POST,
        None => Method::GET,
    };
    let body = match args.data.as_deref() {
        None => Bytes::new(),
        Some(data) => match data.strip_prefix('@') {
            Some(path) => std::fs::read(path)
                .map_err(|error| format!("-d {data}: {error}"))?
                .into(),
            None => data.to_owned().into(),
        },
    };
    let mut headers = headers(&args.header, credential)?;
    if args.data.is_some() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if !headers.contains_key(ACCEPT) {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    }
    Ok(RequestPlan {
        uri,
        method,
        headers,
        body,
    })
}

fn headers(options: &[String], credential: &CredentialPlan) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for option in options {
        // The value is never repeated: it may be a credential.
        let (name, value) = option.split_once(':').ok_or("-H: write 'Name: value'")?;
        let parsed = HeaderName::try_from(name.trim()).ok();
        let mut value = HeaderValue::from_str(value.trim())
            .map_err(|_| format!("-H {name}: the value holds what no header may"))?;
        let name = parsed.ok_or_else(|| format!("-H {name}: not a header name"))?;
        value.set_sensitive(
            [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(&name)
                || credential.header_keys.iter().any(|(key, _)| *key == name),
        );
        headers.append(name, value);
    }
    Ok(headers)
}

fn pages(args: &Args) -> Result<PagesPlan, String> {
    let next = Next::parse(&args.next)?;
    if next.counts_items() && args.items.is_none() {
        return Err(
            "--next page: and offset: count items; say with --items where they are".to_owned(),
        );
    }
    if args.concurrency == 0 {
        return Err("--concurrency 0 would send nothing".to_owned());
    }
    let counted = matches!(
        next,
        Next::Page { .. } | Next::Offset { .. } | Next::Range { .. }
    );
    if args.concurrency > 1 && !counted {
        return Err(
            "--concurrency needs --next page:, offset: or range:, whose pages can be computed; \
             --prefetch works with all"
                .to_owned(),
        );
    }
    let optional = |option: &Option<String>| option.as_deref().map(pointer).transpose();
    let source = |option: &Option<String>| option.as_deref().map(Source::parse).transpose();
    Ok(PagesPlan {
        next,
        how: args.next.clone(),
        more: optional(&args.more)?,
        last: optional(&args.last)?,
        total: source(&args.total)?,
        total_pages: source(&args.total_pages)?,
        empty_token_is_valid: args.empty_token_is_valid,
        on_repeat: args.on_repeat,
        items: optional(&args.items)?,
        max_pages: args.max_pages,
        max_items: args.max_items,
        max_body: args.max_body,
        prefetch: args.prefetch,
        concurrency: args.concurrency,
        checkpoint: args.checkpoint.clone(),
        origin: args.origin,
    })
}
