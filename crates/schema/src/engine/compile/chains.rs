//! Nodes that ask each other about the same value: that must come to an end.

use crate::engine::program::{MarksId, Node, NodeId, Nodes, Rest};
use crate::engine::refused::Refused;

/// The most nodes in a row that may be asked about one value.
const LONGEST_CHAIN: u16 = 64;

/// Refuses nodes that could ask without end, or so long that the stack is at risk.
pub(super) fn check(nodes: &Nodes) -> Result<(), Refused> {
    let mut lengths = vec![Length::Unknown; nodes.nodes.len()];
    for start in 0..nodes.nodes.len() {
        measure(nodes, start, &mut lengths)?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Unknown,
    /// It is being measured: to meet it again is a circle.
    Open,
    Known(u16),
}

/// Depth first, without recursion: a schema may be long.
fn measure(nodes: &Nodes, start: usize, lengths: &mut [Length]) -> Result<(), Refused> {
    let mut stack = vec![start];
    while let Some(&id) = stack.last() {
        if matches!(lengths[id], Length::Known(_)) {
            stack.pop();
            continue;
        }
        let asked = asked(nodes, &nodes.nodes[id]);
        lengths[id] = Length::Open;
        let mut longest = 0;
        let mut is_complete = true;
        for next in asked.into_iter().map(|next| next as usize) {
            match lengths.get(next) {
                Some(Length::Known(length)) => longest = longest.max(length + 1),
                Some(Length::Unknown) => {
                    stack.push(next);
                    is_complete = false;
                }
                // Only what is being asked is open.
                Some(Length::Open) => {
                    return Err(refused("a schema that refers to itself for the same value"));
                }
                // `ANY` and `NEVER` are no nodes.
                None => {}
            }
        }
        if is_complete {
            if longest > LONGEST_CHAIN {
                return Err(refused("this many schemas within each other for one value"));
            }
            lengths[id] = Length::Known(longest);
            stack.pop();
        }
    }
    Ok(())
}

fn refused(fault: &str) -> Refused {
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
