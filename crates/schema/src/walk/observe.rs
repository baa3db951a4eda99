use std::ops::ControlFlow;

use crate::finding::{Finding, Step};
use crate::json::Fault;

/// Stops the pass: the verdict is known.
pub(super) struct Stop;

/// What is done besides deciding. The first pass does nothing; a second one finds the place.
pub(super) trait Observe {
    fn enter(&mut self, step: impl FnOnce() -> Step);
    fn leave(&mut self);
    /// A rule is broken; goes on where there is room for another finding.
    fn broken(&mut self, finding: impl FnOnce() -> Finding) -> ControlFlow<()>;
    /// The text is no JSON, which nothing can follow.
    fn fault(&mut self, fault: Fault) -> Stop;
}

pub(super) struct Blind;

impl Observe for Blind {
    fn enter(&mut self, _: impl FnOnce() -> Step) {}

    fn leave(&mut self) {}

    fn broken(&mut self, _: impl FnOnce() -> Finding) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn fault(&mut self, _: Fault) -> Stop {
        Stop
    }
}

pub(super) struct Trace {
    path: Vec<Step>,
    pub(super) found: Vec<Finding>,
    most: usize,
}

impl Observe for Trace {
    fn enter(&mut self, step: impl FnOnce() -> Step) {
        self.path.push(step());
    }

    fn leave(&mut self) {
        self.path.pop();
    }

    fn broken(&mut self, finding: impl FnOnce() -> Finding) -> ControlFlow<()> {
        let mut finding = finding();
        // What the finding adds is a segment that is missing.
        finding.path.splice(0..0, self.path.iter().cloned());
        self.found.push(finding);
        if self.found.len() < self.most {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn fault(&mut self, fault: Fault) -> Stop {
        self.found.push(Finding {
            keyword: Finding::SYNTAX.into(),
            path: self.path.clone(),
            schema: String::new(),
            expected: fault.expected.into(),
            value: Some(fault.offset..fault.offset),
        });
        Stop
    }
}

impl Trace {
    /// Looks for up to `most` findings.
    pub(super) const fn new(most: usize) -> Self {
        Self {
            path: Vec::new(),
            found: Vec::new(),
            most,
        }
    }
}
