//! Whether a string meets the rules for strings.

use super::program::{Node, Text};
use super::text::Token;

/// Whether a string meets the node's rules for strings.
pub(crate) fn meets(body: &[u8], token: Token, node: &Node) -> bool {
    is_listed(body, token, node)
        && node
            .text
            .as_ref()
            .is_none_or(|text| text.holds(body, token))
}

pub(crate) fn is_listed(body: &[u8], token: Token, node: &Node) -> bool {
    node.values.as_ref().is_none_or(|values| {
        if token.is_escaped {
            values.has_string(token.decode(body).as_bytes())
        } else {
            values.has_string(token.raw(body))
        }
    })
}

impl Text {
    fn holds(&self, body: &[u8], token: Token) -> bool {
        self.has_length(body, token) && self.has_form(body, token)
    }

    pub(crate) fn has_length(&self, body: &[u8], token: Token) -> bool {
        let bytes = (token.end - token.start) as u64;
        if token.is_ascii {
            return self.shortest <= bytes && bytes <= self.longest;
        }
        // A character is at least one byte; in escapes, at most twelve.
        if bytes <= self.longest && (self.shortest == 0 || bytes / 12 >= self.shortest) {
            return true;
        }
        if bytes < self.shortest {
            return false;
        }
        let length = token.length(body);
        self.shortest <= length && length <= self.longest
    }

    fn has_form(&self, body: &[u8], token: Token) -> bool {
        if self.patterns.is_empty() && self.formats.is_empty() {
            return true;
        }
        let text = token.decode(body);
        self.patterns.iter().all(|pattern| pattern.matches(&text))
            && self.formats.iter().all(|format| format.matches(&text))
    }
}
