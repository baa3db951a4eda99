//! Nodes that ask each other about the same value: that must come to an end.

use crate::engine::program::{MarksId, Node, NodeId, Nodes, Rest};
use crate::engine::refused::Refused;

/// The most nodes in a row that may be asked about one value.
const LONGEST_CHAIN: u16 = 64;

/// What is wrong with nodes that ask each other in a circle.
pub(super) const CIRCLE: &str = "a schema that refers to itself for the same value";

/// Refuses nodes that could ask without end, or so long that the stack is at risk.
pub(super) fn check(nodes: &Nodes) -> Result<(), Refused> {
    let found = Chains::of(nodes);
    if found.has_circle {
        return Err(refused(CIRCLE));
    }
    if found.longest > LONGEST_CHAIN {
        return Err(refused("this many schemas within each other for one value"));
    }
    Ok(())
}

/// Whether nodes ask without end. That is no fault of those that only tell where a body is broken,
/// the verdict being that of others.
pub(super) fn have_circles(nodes: &Nodes) -> bool {
    Chains::of(nodes).has_circle
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Unknown,
    /// It is being measured: to meet it again is a circle.
    Open,
    Known(u16),
}

#[derive(Default)]
struct Chains {
    longest: u16,
    has_circle: bool,
}

impl Chains {
    /// Depth first, without recursion: a schema may be long.
    fn of(nodes: &Nodes) -> Self {
        let mut chains = Self::default();
        let mut lengths = vec![Length::Unknown; nodes.nodes.len()];
        for start in 0..nodes.nodes.len() {
            chains.measure(nodes, start, &mut lengths);
        }
        chains
    }

    fn measure(&mut self, nodes: &Nodes, start: usize, lengths: &mut [Length]) {
        let mut stack = vec![start];
        while let Some(&id) = stack.last() {
            if matches!(lengths[id], Length::Known(_)) {
                stack.pop();
                continue;
            }
            lengths[id] = Length::Open;
            let mut longest = 0;
            let mut is_complete = true;
            for next in asked(nodes, &nodes.nodes[id]) {
                match lengths.get(next as usize) {
                    Some(Length::Known(length)) => longest = longest.max(length.saturating_add(1)),
                    Some(Length::Unknown) => {
                        stack.push(next as usize);
                        is_complete = false;
                    }
                    // Only what is being asked is open.
                    Some(Length::Open) => self.has_circle = true,
                    // `ANY` and `NEVER` are no nodes.
                    None => {}
                }
            }
            if is_complete {
                self.longest = self.longest.max(longest);
                lengths[id] = Length::Known(longest);
                stack.pop();
            }
        }
    }
}

pub(super) fn refused(fault: &str) -> Refused {
    Refused::unsupported("", fault)
}

/// The nodes that a node asks about its own value.
fn asked(nodes: &Nodes, node: &Node) -> Vec<NodeId> {
    let mut asked: Vec<NodeId> = node
        .switch
        .iter()
        .flat_map(|switch| switch.to_vec())
        .collect();
    if let Some(tag) = &node.tag {
        asked.extend(tag.by_value.iter().map(|(_, node)| *node));
        asked.extend([tag.absent, tag.other]);
    }
    for rest in &node.rest {
        match rest {
            Rest::And(node) | Rest::Not(node) | Rest::Dependent { node, .. } => asked.push(*node),
            Rest::AnyOf(branches) | Rest::OneOf(branches) => asked.extend(branches),
            Rest::If {
                condition,
                then,
                otherwise,
            } => asked.extend([*condition, *then, *otherwise]),
            Rest::UnevaluatedItems { marks, .. } | Rest::UnevaluatedProperties { marks, .. } => {
                add_marks(nodes, *marks, &mut asked, &mut Vec::new());
            }
            Rest::Contains { .. }
            | Rest::Unique
            | Rest::Trees
            | Rest::Patterns { .. }
            | Rest::Wide => {}
        }
    }
    asked
}

fn add_marks(nodes: &Nodes, id: MarksId, asked: &mut Vec<NodeId>, seen: &mut Vec<MarksId>) {
    let Some(marks) = nodes.marks.get(id as usize).filter(|_| !seen.contains(&id)) else {
        return;
    };
    seen.push(id);
    let conditional = marks.when.iter().chain(&marks.unless);
    asked.extend(conditional.clone().map(|(node, _)| *node));
    let inner = conditional.map(|(_, inner)| inner);
    let inner = inner
        .chain(&marks.always)
        .chain(marks.with.iter().map(|(_, inner)| inner));
    for inner in inner {
        add_marks(nodes, *inner, asked, seen);
    }
}
