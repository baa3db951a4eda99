use std::str::Chars;

/// A place in a pattern. `None` of what reads is a fault of the pattern.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'p>(Chars<'p>);

impl<'p> Cursor<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        Self(pattern.chars())
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.0.clone().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        self.0.next()
    }

    /// Steps over `wanted`, if it is there.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.0.next();
        }
        is_there
    }

    pub(super) fn expect(&mut self, wanted: char) -> Option<()> {
        self.eat(wanted).then_some(())
    }

    /// One or more characters of a kind, each of one byte.
    pub(super) fn run(&mut self, is_of_it: impl Fn(char) -> bool) -> Option<&'p str> {
        let text = self.0.as_str();
        let length = text.find(|c| !is_of_it(c)).unwrap_or(text.len());
        let (run, rest) = text.split_at(length);
        self.0 = rest.chars();
        (!run.is_empty()).then_some(run)
    }

    pub(super) fn digits(&mut self) -> Option<&'p str> {
        self.run(|c| c.is_ascii_digit())
    }
}
