//! What the command line means, checked before anything is sent.

mod pages;
mod request;

use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

pub(crate) use self::pages::PagesPlan;
pub(crate) use self::request::RequestPlan;
use crate::args::{Args, ContractMode, Draft, OutputArgs, RetryArgs};
use crate::credential::CredentialPlan;
use crate::{files, usage};

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
        let refused = |error| usage::line(&error);
        let given = Args::command().try_get_matches().map_err(refused)?;
        let mut args = Args::from_arg_matches(&given).map_err(refused)?;
        args.output.output.take_if(|path| *path == Path::new("-"));
        if args.output.summary.as_deref() == Some("-") && args.output.output.is_none() {
            return Err(
                "--summary - writes to stdout; say with -o FILE where the items go".to_owned(),
            );
        }
        files::refuse_shared(&args)?;
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
    let pages = pages::pages(&args)?;
    if args.item_schema.is_some() && pages.items.is_none() {
        return Err("--item-schema needs --items, which says where the items are".to_owned());
    }
    let credential = CredentialPlan::of(&args)?;
    let request = request::request(&args, &credential)?;
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
