//! The strategy that a plan asks for.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderName;
use http_body_util::Full;
use outbound::paginate::{
    self, BodyTarget, LinkHeader, NextUrl, NoNext, Offset, PageNumber, Pointer, Range, Strategy,
    Token, body, header, json, last_item, merge_query, query,
};

use crate::next::{Next, Source, Target};
use crate::plan::PagesPlan;

/// One type for all of them, since the command line decides.
pub(crate) type AnyStrategy = Arc<dyn Strategy<Full<Bytes>> + Send + Sync>;

/// Applies `--more` and `--last` to a strategy.
macro_rules! flagged {
    ($strategy:expr, $plan:expr) => {{
        let mut strategy = $strategy;
        if let Some(more) = &$plan.more {
            strategy = strategy.more(pointer(more)?);
        }
        if let Some(last) = &$plan.last {
            strategy = strategy.last(pointer(last)?);
        }
        strategy
    }};
}

/// Applies `--total` too.
macro_rules! told {
    ($strategy:expr, $plan:expr) => {{
        let strategy = flagged!($strategy, $plan);
        match &$plan.total {
            Some(total) => strategy.total(source(total)?),
            None => strategy,
        }
    }};
}

/// Applies `--total-pages` too.
macro_rules! counted {
    ($strategy:expr, $plan:expr) => {{
        let strategy = told!($strategy, $plan);
        match &$plan.total_pages {
            Some(total) => strategy.total_pages(source(total)?),
            None => strategy,
        }
    }};
}

/// Builds the strategy; what cannot be meant is a usage error.
pub(crate) fn strategy(plan: &PagesPlan) -> Result<AnyStrategy, String> {
    refuse_meaningless(plan)?;
    Ok(match &plan.next {
        Next::None => Arc::new(NoNext),
        Next::Link { rel, param } => {
            let link = LinkHeader::next().rel(rel.as_str());
            let link = match param {
                Some((name, value)) => link.param(name.as_str(), value.as_str()),
                None => link,
            };
            Arc::new(told!(link, plan))
        }
        Next::Url { pointer: at } => Arc::new(told!(NextUrl::at(pointer(at)?), plan)),
        Next::UrlHeader { name } => Arc::new(told!(NextUrl::header(header_name(name)?), plan)),
        Next::Token(pairs) => Arc::new(token(pairs, plan)?),
        Next::Page { name, start } => {
            let pages = PageNumber::query(name.as_str()).starts_at(*start);
            Arc::new(counted!(pages, plan))
        }
        Next::Offset {
            offset,
            limit,
            size,
        } => {
            let offsets = Offset::query(offset.as_str(), limit.as_str()).by(*size);
            Arc::new(counted!(offsets, plan))
        }
        Next::Range { unit, size } => {
            Arc::new(flagged!(Range::unit(unit.as_str()).by(*size), plan))
        }
    })
}

/// Options that would say nothing to the way in which the next page is found.
fn refuse_meaningless(plan: &PagesPlan) -> Result<(), String> {
    let none = plan.next == Next::None;
    let counted = matches!(plan.next, Next::Page { .. } | Next::Offset { .. });
    let ranged = matches!(plan.next, Next::Range { .. });
    let pairs = match &plan.next {
        Next::Token(pairs) => &pairs[..],
        _ => &[],
    };
    let of_items = pairs
        .iter()
        .any(|(from, _)| matches!(from, Source::LastItem(_)));
    for (given, may, need) in [
        (plan.more.is_some(), !none, "--more needs --next"),
        (plan.last.is_some(), !none, "--last needs --next"),
        (plan.total.is_some(), !none, "--total needs --next"),
        (
            plan.total.is_some(),
            !ranged,
            "--total: a range tells its total in Content-Range",
        ),
        (
            plan.total_pages.is_some(),
            counted,
            "--total-pages needs --next page: or offset:",
        ),
        (
            plan.empty_token_is_valid,
            !pairs.is_empty(),
            "--empty-token-is-valid needs --next token:",
        ),
        (
            of_items,
            plan.items.is_some(),
            "--next token:last:/PTR looks into an item; say with --items where those are",
        ),
    ] {
        if given && !may {
            return Err(need.to_owned());
        }
    }
    Ok(())
}

fn token(pairs: &[(Source, Target)], plan: &PagesPlan) -> Result<Token<BodyTarget>, String> {
    let ((first, to), rest) = pairs.split_first().ok_or("--next token: has no pair")?;
    let mut token = Token::from(source(first)?).to(target(to)?);
    for (from, to) in rest {
        token = token.and(source(from)?, target(to)?);
    }
    if plan.empty_token_is_valid {
        token = token.empty_is_a_token();
    }
    Ok(told!(token, plan))
}

fn source(source: &Source) -> Result<paginate::Source, String> {
    Ok(match source {
        Source::Body(at) => body(pointer(at)?),
        Source::Header(name) => header(header_name(name)?).into(),
        Source::LastItem(at) => last_item(pointer(at)?),
    })
}

fn target(target: &Target) -> Result<BodyTarget, String> {
    Ok(match target {
        Target::Query(name) => query(name.as_str()).into(),
        Target::Header(name) => header(header_name(name)?).into(),
        Target::Body(at) => json(pointer(at)?),
        Target::MergeQuery => merge_query().into(),
    })
}

fn pointer(text: &str) -> Result<Pointer, String> {
    text.try_into().map_err(|error| format!("{text}: {error}"))
}

fn header_name(name: &str) -> Result<HeaderName, String> {
    HeaderName::try_from(name).map_err(|_| format!("header {name}: not a header name"))
}
