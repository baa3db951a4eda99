use http::Request;

use super::source::{Source, Target};
use super::stop::Stop;
use crate::cursor::Cursor;
use crate::strategy::{Malformed, Needs, Strategy};
use crate::view::PageView;

/// Sends a token of each page back to ask for the next.
///
/// A missing, null or empty token ends the list, unless a flag says that there is more:
/// then the page is malformed. Strings travel without their quotes, numbers as they were
/// written, objects and arrays as JSON.
///
/// ```
/// use outbound_paginate::{Token, body, header, last_item, query};
///
/// let slack = Token::from(body("/response_metadata/next_cursor")).to(query("cursor"));
/// let stripe = Token::from(last_item("/id"))
///     .to(query("starting_after"))
///     .more("/has_more");
/// let cosmos = Token::from(header("x-ms-continuation")).to(header("x-ms-continuation"));
/// # let _ = (slack, stripe, cosmos);
/// ```
///
/// A token of the [last item](super::last_item) needs to know where the items are; see
/// [`PaginateLayer::items_at`](crate::PaginateLayer::items_at).
#[derive(Clone, Debug)]
pub struct Token {
    pairs: Vec<(Source, Target)>,
    stop: Stop,
    empty: bool,
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

    /// Sends a further token; the list ends where any of them is missing.
    #[must_use]
    pub fn and(mut self, source: impl Into<Source>, target: impl Into<Target>) -> Self {
        self.pairs.push((source.into(), target.into()));
        self
    }

    /// Takes the empty string for a token instead of the end, as MCP asks for.
    #[must_use]
    pub fn empty_is_a_token(self) -> Self {
        Self {
            empty: true,
            ..self
        }
    }
}

impl TokenFrom {
    /// Sends the token in `target`.
    #[must_use]
    pub fn to(self, target: impl Into<Target>) -> Token {
        Token {
            pairs: vec![(self.source, target.into())],
            stop: Stop::default(),
            empty: false,
        }
    }
}

super::stop::flags!(Token);

impl<B> Strategy<B> for Token {
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        let mut tokens = Vec::with_capacity(self.pairs.len());
        for (source, _) in &self.pairs {
            match source.read(page)? {
                Some(token) if self.empty || token != "\"\"" => tokens.push(token.into_owned()),
                _ => break,
            }
        }
        let complete = tokens.len() == self.pairs.len();
        Ok(self
            .stop
            .goes_on(page, complete)?
            .then(|| Cursor::tokens(tokens)))
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        let tokens = cursor.as_tokens().ok_or_else(Cursor::foreign)?;
        if tokens.len() != self.pairs.len() {
            return Err(Cursor::foreign());
        }
        for ((_, target), token) in self.pairs.iter().zip(tokens) {
            target.write(token, request)?;
        }
        Ok(())
    }

    fn needs(&self) -> Needs {
        if self.pairs.iter().any(|(source, _)| source.is_last_item()) {
            Needs::NONE.last_item()
        } else {
            Needs::NONE
        }
    }
}
