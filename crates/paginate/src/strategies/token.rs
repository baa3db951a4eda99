use http::Request;

use super::destination::{Destination, IntoDestination};
use super::source::Source;
use super::stop::Stop;
use super::target::Target;
use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::strategy::{Needs, Strategy, Total};
use crate::uri;
use crate::view::PageView;

/// Sends a token of each page back to ask for the next.
///
/// A missing, null or empty token ends the list, be that an empty string, array or object, unless a
/// flag says that there is more: then the page is malformed. So is a page with items whose last one lacks the token that it
/// should hold, unless a flag says that it is the last page: nobody has said so by that. A page
/// without items ends nothing by itself. Strings travel without
/// their quotes, numbers as they were written, objects and arrays as JSON; into a
/// [`json`](crate::json) body each goes as it is.
///
/// ```
/// use outbound_paginate::{Token, body, header, json, last_item, merge_query, query};
///
/// let slack = Token::from(body("/response_metadata/next_cursor")).to(query("cursor"));
/// let stripe = Token::from(last_item("/id"))
///     .to(query("starting_after"))
///     .more("/has_more");
/// let cosmos = Token::from(header("x-ms-continuation")).to(header("x-ms-continuation"));
/// let dynamo = Token::from(body("/LastEvaluatedKey")).to(json("/ExclusiveStartKey"));
/// let elastic = Token::from(last_item("/sort"))
///     .to(json("/search_after"))
///     .and(body("/pit_id"), json("/pit/id"));
/// let wiki = Token::from(body("/continue")).to(merge_query());
/// # let _ = (slack, stripe, cosmos, dynamo, elastic, wiki);
/// ```
///
/// A token of the [last item](crate::last_item) needs to know where the items are; see
/// [`PaginateLayer::items_at`](crate::PaginateLayer::items_at).
#[derive(Clone, Debug)]
pub struct Token<T = Target> {
    pairs: Vec<Pair<T>>,
    stop: Stop,
    empty: bool,
    items: bool,
    later: Option<Box<str>>,
}

#[derive(Clone, Debug)]
struct Pair<T> {
    source: Source,
    target: T,
    optional: bool,
}

/// A [`Token`] that still has to be sent somewhere.
#[derive(Clone, Debug)]
#[must_use = "say with `to` where the token is sent"]
pub struct TokenFrom {
    source: Source,
}

impl Token {
    /// Takes the token from `source`.
    pub fn from(source: impl Into<Source>) -> TokenFrom {
        TokenFrom {
            source: source.into(),
        }
    }
}

impl TokenFrom {
    /// Sends the token in `target`.
    ///
    /// If any token goes into the [body](crate::json), let it be the first, or make a
    /// [`BodyTarget`](crate::BodyTarget) of the first one's target.
    #[must_use]
    pub fn to<T: IntoDestination>(self, target: T) -> Token<T::Destination> {
        Token {
            pairs: vec![Pair {
                source: self.source,
                target: target.into_destination(),
                optional: false,
            }],
            stop: Stop::default(),
            empty: false,
            items: false,
            later: None,
        }
    }
}

impl<T> Token<T> {
    /// Sends a further token; the list ends where any of them is missing.
    #[must_use]
    pub fn and(mut self, source: impl Into<Source>, target: impl Into<T>) -> Self {
        self.pairs.push(Pair {
            source: source.into(),
            target: target.into(),
            optional: false,
        });
        self
    }

    /// Sends a further token with those pages whose predecessor has it; without it the
    /// list goes on.
    #[must_use]
    pub fn and_if_present(mut self, source: impl Into<Source>, target: impl Into<T>) -> Self {
        self.pairs.push(Pair {
            source: source.into(),
            target: target.into(),
            optional: true,
        });
        self
    }

    /// Takes an empty string, array or object for a token instead of the end, as MCP asks for.
    #[must_use]
    pub fn empty_is_a_token(self) -> Self {
        Self {
            empty: true,
            ..self
        }
    }

    /// Ends the list with the first page without items, though it has a token, as
    /// Elasticsearch's scroll means it. It has to be known where the items are: see
    /// [`PaginateLayer::items_at`](crate::PaginateLayer::items_at).
    #[must_use]
    pub fn end_on_empty_page(self) -> Self {
        Self {
            items: true,
            ..self
        }
    }

    /// Asks for later pages at `reference`, which is relative to the first request's URL.
    #[must_use]
    pub fn later_at(self, reference: impl Into<Box<str>>) -> Self {
        Self {
            later: Some(reference.into()),
            ..self
        }
    }
}

impl<T> Token<T> {
    /// Whether a page that lacks a token is the last one: its lack says so where the server tells
    /// tokens, and says nothing where they are taken from items.
    fn ends(&self, page: &PageView<'_>, lacks: &Source) -> Result<(), Malformed> {
        if !lacks.is_last_item() {
            return Ok(());
        }
        if page.items() == Some(0) {
            return page.said().map(|_| ());
        }
        super::page_number::count(page)?;
        Err(Malformed::new("the page's last item lacks the token"))
    }
}

/// Whether a token, which is a JSON text, holds nothing: what is asked for with it would be the first
/// page once more.
fn is_empty(token: &str) -> bool {
    let holds_nothing = |open: char, close: char| {
        let rest = token.strip_prefix(open);
        let within = rest.and_then(|rest| rest.strip_suffix(close));
        within.is_some_and(|within| within.trim_ascii().is_empty())
    };
    token == "\"\"" || holds_nothing('[', ']') || holds_nothing('{', '}')
}

super::stop::flags!(Token<T>);
super::stop::told_total!(Token<T>);

impl<B, T> Strategy<B> for Token<T>
where
    T: Destination<B>,
{
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        if self.items && super::page_number::count(page)? == 0 {
            return page.said().map(|_| None);
        }
        let (mut lacks, mut failed) = (None, None);
        let tokens = self
            .pairs
            .iter()
            .map_while(|pair| match pair.source.read(page) {
                Ok(Some(token)) if self.empty || !is_empty(&token) => Some(Box::from(token)),
                Ok(_) if pair.optional => Some("null".into()),
                Ok(_) => {
                    lacks = Some(&pair.source);
                    None
                }
                Err(malformed) => {
                    failed = Some(malformed);
                    None
                }
            });
        let cursor = Cursor::tokens::<Box<str>>(tokens);
        if let Some(malformed) = failed {
            return Err(malformed);
        }
        if self.stop.goes_on(page, lacks.is_none())? {
            return Ok(Some(cursor));
        }
        if let Some(source) = lacks {
            if !self.stop.says_stop(page)? {
                self.ends(page, source)?;
            }
        }
        Ok(None)
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        let tokens = cursor.as_tokens().ok_or_else(Cursor::foreign)?;
        if tokens.len() != self.pairs.len() {
            return Err(Cursor::foreign());
        }
        if let Some(reference) = &self.later {
            *request.uri_mut() = uri::resolve(request.uri(), reference)?;
        }
        for (pair, token) in self.pairs.iter().zip(tokens) {
            if !(pair.optional && **token == *"null") {
                pair.target.write(token, request)?;
            }
        }
        Ok(())
    }

    fn tag(&self) -> String {
        let mut tag = "token".to_owned();
        for pair in &self.pairs {
            tag.extend([" ", &pair.source.tag(), " ", &pair.target.tag()]);
        }
        tag
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        self.stop.total(page)
    }

    fn needs(&self) -> Needs {
        if self.pairs.iter().any(|pair| pair.source.is_last_item()) {
            Needs::NONE.last_item()
        } else if self.pairs.iter().all(|pair| pair.source.is_header()) {
            self.stop.needs()
        } else {
            Needs::NONE
        }
    }
}
