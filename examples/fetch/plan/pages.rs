//! How its pages are found, and how many are wanted.

use std::path::PathBuf;

use crate::args::{Args, OnRepeat, OriginRule};
use crate::next::{Next, Source, pointer};

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

pub(super) fn pages(args: &Args) -> Result<PagesPlan, String> {
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
    Ok(PagesPlan {
        next,
        how: args.next.clone(),
        more: given("--more", &args.more, pointer)?,
        last: given("--last", &args.last, pointer)?,
        total: given("--total", &args.total, Source::parse)?,
        total_pages: given("--total-pages", &args.total_pages, Source::parse)?,
        empty_token_is_valid: args.empty_token_is_valid,
        on_repeat: args.on_repeat,
        items: given("--items", &args.items, pointer)?,
        max_pages: args.max_pages,
        max_items: args.max_items,
        max_body: args.max_body,
        prefetch: args.prefetch,
        concurrency: args.concurrency,
        checkpoint: args.checkpoint.clone(),
        origin: args.origin,
    })
}

/// What `option` was given, if it was.
fn given<T>(
    option: &str,
    text: &Option<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    let parsed = text.as_deref().map(parse).transpose();
    parsed.map_err(|error| format!("{option} {error}"))
}
