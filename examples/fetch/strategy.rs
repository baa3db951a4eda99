//! The strategy that a plan asks for.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderName;
use http_body_util::Full;
use outbound::paginate::{
    self, LinkHeader, NextUrl, NoNext, Offset, PageNumber, Pointer, Strategy, Token, body, header,
    last_item, query,
};

use crate::next::{Next, Source, Target};
use crate::plan::PagesPlan;

/// One type for all of them, since the command line decides.
pub(crate) type AnyStrategy = Arc<dyn Strategy<Full<Bytes>> + Send + Sync>;

/// Applies `--more` and `--last` to a strategy that reads flags.
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

/// Builds the strategy; what it cannot express is a usage error.
pub(crate) fn strategy(plan: &PagesPlan) -> Result<AnyStrategy, String> {
    let flags = plan.more.is_some() || plan.last.is_some();
    if flags && matches!(plan.next, Next::None | Next::Link { .. }) {
        return Err("--more and --last need --next url:, token:, page: or offset:".to_owned());
    }
    Ok(match &plan.next {
        Next::None => Arc::new(NoNext),
        Next::Link { rel, param } => {
            let link = LinkHeader::next().rel(rel.as_str());
            let link = match param {
                Some((name, value)) => link.param(name.as_str(), value.as_str()),
                None => link,
            };
            Arc::new(link)
        }
        Next::Url { pointer: at } => Arc::new(flagged!(NextUrl::at(pointer(at)?), plan)),
        Next::UrlHeader { name } => Arc::new(flagged!(NextUrl::header(header_name(name)?), plan)),
        Next::Token(pairs) => Arc::new(token(pairs, plan)?),
        Next::Page { name, start } => {
            let mut pages = flagged!(PageNumber::query(name.as_str()).starts_at(*start), plan);
            if let Some(total) = &plan.total {
                pages = pages.total(source(total)?);
            }
            if let Some(total) = &plan.total_pages {
                pages = pages.total_pages(source(total)?);
            }
            Arc::new(pages)
        }
        Next::Offset {
            offset,
            limit,
            size,
        } => {
            let mut pages = flagged!(
                Offset::query(offset.as_str(), limit.as_str()).by(*size),
                plan
            );
            if let Some(total) = &plan.total {
                pages = pages.total(source(total)?);
            }
            Arc::new(pages)
        }
        Next::Range { .. } => return Err("--next range: is not served by this version".to_owned()),
    })
}

fn token(pairs: &[(Source, Target)], plan: &PagesPlan) -> Result<Token, String> {
    let ((first, to), rest) = pairs.split_first().ok_or("--next token: has no pair")?;
    let mut token = Token::from(source(first)?).to(target(to)?);
    for (from, to) in rest {
        token = token.and(source(from)?, target(to)?);
    }
    if plan.empty_token_is_valid {
        token = token.empty_is_a_token();
    }
    Ok(flagged!(token, plan))
}

fn source(source: &Source) -> Result<paginate::Source, String> {
    Ok(match source {
        Source::Body(at) => body(pointer(at)?),
        Source::Header(name) => header(header_name(name)?).into(),
        Source::LastItem(at) => last_item(pointer(at)?),
    })
}

fn target(target: &Target) -> Result<paginate::Target, String> {
    match target {
        Target::Query(name) => Ok(query(name.as_str())),
        Target::Header(name) => Ok(header(header_name(name)?).into()),
        Target::Body(_) => Err("=body: is not served by this version of fetch".to_owned()),
        Target::MergeQuery => Err("=merge-query is not served by this version of fetch".to_owned()),
    }
}

fn pointer(text: &str) -> Result<Pointer, String> {
    text.try_into().map_err(|error| format!("{text}: {error}"))
}

fn header_name(name: &str) -> Result<HeaderName, String> {
    HeaderName::try_from(name).map_err(|_| format!("{name}: not a header name"))
}
