//! Numbers, strings, and values that are listed.

use super::Explain;
use crate::engine::program::{NodeId, Text};
use crate::engine::tape::{Entry, Kind};
use crate::engine::{digits, program, strings};

impl Explain<'_, '_> {
    pub(super) fn is_listed(&self, node: &program::Node, entry: &Entry, place: u32) -> bool {
        let Some(values) = &node.values else {
            return true;
        };
        match entry.kind {
            Kind::Null => values.null,
            Kind::True => values.yes,
            Kind::False => values.no,
            Kind::Number => {
                let number = self.eval.view().number(entry);
                number.is_some_and(|number| digits::is_listed(number, node))
            }
            Kind::String | Kind::Name => strings::is_listed(self.eval.body, entry.token(), node),
            Kind::Array | Kind::Object => {
                entry.is_open
                    || values
                        .trees
                        .iter()
                        .any(|tree| self.eval.view().equals_value(place, tree))
            }
        }
    }

    pub(super) fn number(&mut self, id: NodeId, node: &program::Node, entry: &Entry) {
        let (Some(bounds), Some(number)) = (&node.bounds, self.eval.view().number(entry)) else {
            return;
        };
        if let Some(least) = bounds.least.filter(|_| !bounds.meets_least(number)) {
            let (keyword, than) = if least.is_exclusive && !node.is_draft_4 {
                ("exclusiveMinimum", "a number over")
            } else if least.is_exclusive {
                ("minimum", "a number over")
            } else {
                ("minimum", "a number of at least")
            };
            self.tell(id, keyword, format!("{than} {}", least.value), entry);
        }
        if let Some(most) = bounds.most.filter(|_| !bounds.meets_most(number)) {
            let (keyword, than) = if most.is_exclusive && !node.is_draft_4 {
                ("exclusiveMaximum", "a number below")
            } else if most.is_exclusive {
                ("maximum", "a number below")
            } else {
                ("maximum", "a number of at most")
            };
            self.tell(id, keyword, format!("{than} {}", most.value), entry);
        }
        if let Some(divisor) = bounds.divisors.iter().find(|by| !by.divides(number)) {
            self.tell(id, "multipleOf", format!("a multiple of {divisor}"), entry);
        }
    }

    pub(super) fn string(&mut self, id: NodeId, text: &Text, entry: &Entry) {
        let token = entry.token();
        let length = token.length(self.eval.body);
        if length < text.shortest {
            let expected = format!("at least {} characters", text.shortest);
            self.tell(id, "minLength", expected, entry);
        }
        if length > text.longest {
            let expected = format!("at most {} characters", text.longest);
            self.tell(id, "maxLength", expected, entry);
        }
        let value = token.decode(self.eval.body);
        if let Some(pattern) = text
            .patterns
            .iter()
            .find(|pattern| !pattern.matches(&value))
        {
            let expected = format!("a string that matches {}", pattern.source());
            self.tell(id, "pattern", expected, entry);
        }
        if let Some(format) = text.formats.iter().find(|format| !format.matches(&value)) {
            self.tell(
                id,
                "format",
                format!("a string of format {}", format.name()),
                entry,
            );
        }
    }
}
