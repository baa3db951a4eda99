//! Nodes that ask each other about the same value: that must come to an end.

use crate::engine::program::{ANY, MarksId, Node, NodeId, Nodes, Rest};
use crate::engine::refused::Refused;

/// The most nodes in a row that may be asked about one value.
const LONGEST_CHAIN: u16 = 64;

/// What is wrong with nodes that ask each other in a circle.
pub(super) const CIRCLE: &str = "a schema that refers to itself for the same value";

/// Refuses nodes that could ask without end, or so long that the stack is at risk.
pub(super) fn check(nodes: &Nodes) -> Result<(), Refused> {
    let found = Chains::of(nodes);
    if !found.circles.is_empty() {
        return Err(refused(CIRCLE));
    }
    if found.longest > LONGEST_CHAIN {
        return Err(refused("this many schemas within each other for one value"));
    }
    Ok(())
}

/// Takes out what asks without end: of nodes that only tell where a body is broken, the verdict
/// being that of others.
pub(super) fn cut(nodes: &mut Nodes) {
    for (asking, asked) in Chains::of(nodes).circles {
        for rest in &mut nodes.nodes[asking].rest {
            rest.replace(asked, ANY);
        }
    }
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
    /// Who asks whom, closing a circle.
    circles: Vec<(usize, NodeId)>,
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
            let is_first = lengths[id] == Length::Unknown;
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
                    // Only what is being asked is open. It is told once.
                    Some(Length::Open) if is_first => self.circles.push((id, next)),
                    // `ANY` and `NEVER` are no nodes.
                    Some(Length::Open) | None => {}
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

impl Rest {
    /// Asks another node instead.
    fn replace(&mut self, old: NodeId, new: NodeId) {
        let put = |id: &mut NodeId| {
            if *id == old {
                *id = new;
            }
        };
        match self {
            Self::And(node) | Self::Not(node) | Self::Dependent { node, .. } => put(node),
            Self::AnyOf(branches) | Self::OneOf(branches) => branches.iter_mut().for_each(put),
            Self::If {
                condition,
                then,
                otherwise,
            } => [condition, then, otherwise].into_iter().for_each(put),
            _ => {}
        }
    }
}
