//! A member whose string tells the branches of a group apart.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::facts::MOST_TAG_VALUES;
use super::{At, Compiler, GroupId, Key, Piece};
use crate::engine::program::{NodeId, Tag};
use crate::engine::refused::Refused;

impl Compiler<'_> {
    /// A member that tells the branches of a group apart.
    pub(super) fn tag(&mut self, key: &Key) -> Result<Option<Tag>, Refused> {
        let groups: Vec<Piece> = key
            .iter()
            .copied()
            .filter(|piece| matches!(piece, Piece::AnyOf(_) | Piece::OneOf(_)))
            .collect();
        if !self.may_multiply(groups.len()) {
            return Ok(None);
        }
        for piece in groups {
            let (Piece::AnyOf(group) | Piece::OneOf(group)) = piece else {
                continue;
            };
            if let Some(name) = self.best_name(group)? {
                return self.tag_by(key, piece, group, name).map(Some);
            }
        }
        Ok(None)
    }

    /// The member that leaves the fewest branches to try.
    fn best_name(&mut self, group: GroupId) -> Result<Option<String>, Refused> {
        let branches = Rc::clone(&self.groups[group as usize]);
        let mut constants = Vec::with_capacity(branches.len());
        for branch in branches.iter() {
            constants.push(self.constants_of(*branch, 0)?);
        }
        let names: BTreeSet<&String> = constants.iter().flat_map(|all| all.keys()).collect();
        let mut best: Option<(usize, &String)> = None;
        for name in names {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            let mut open = 0;
            for constants in &constants {
                match constants.get(name) {
                    Some(values) => {
                        for value in values {
                            *counts.entry(value).or_default() += 1;
                        }
                    }
                    None => open += 1,
                }
            }
            let worst = counts.values().max().copied().unwrap_or(0) + open;
            if counts.len() <= MOST_TAG_VALUES
                && worst < branches.len()
                && best.is_none_or(|(known, _)| worst < known)
            {
                best = Some((worst, name));
            }
        }
        Ok(best.map(|(_, name)| name.clone()))
    }

    fn tag_by(
        &mut self,
        key: &Key,
        piece: Piece,
        group: GroupId,
        name: String,
    ) -> Result<Tag, Refused> {
        let is_any = matches!(piece, Piece::AnyOf(_));
        let branches = Rc::clone(&self.groups[group as usize]);
        let mut of_branch = Vec::with_capacity(branches.len());
        for branch in branches.iter() {
            let constants = self.constants_of(*branch, 0)?;
            let is_required = self.required_of(*branch, 0)?.contains(&name);
            of_branch.push((*branch, constants.get(&name).cloned(), is_required));
        }
        let mut narrowed = |keep: &dyn Fn(&Option<BTreeSet<String>>, bool) -> bool| {
            let left: Vec<At> = of_branch
                .iter()
                .filter(|(_, values, is_required)| keep(values, *is_required))
                .map(|(branch, ..)| *branch)
                .collect();
            let mut pieces: BTreeSet<Piece> = key.iter().copied().collect();
            if left.len() < branches.len() {
                pieces.remove(&piece);
                self.put_group(&mut pieces, &left, is_any)?;
            } else {
                // Nothing is told by this; it must not be asked again.
                return Ok(None);
            }
            self.node(pieces.into_iter().collect()).map(Some)
        };
        let values: BTreeSet<String> = of_branch
            .iter()
            .filter_map(|(_, values, _)| values.as_ref())
            .flatten()
            .cloned()
            .collect();
        let mut by_value = Vec::with_capacity(values.len());
        for value in values {
            let has = |known: &Option<BTreeSet<String>>, _| {
                known.as_ref().is_none_or(|known| known.contains(&value))
            };
            let node = narrowed(&has)?;
            by_value.push((value, node));
        }
        let other = narrowed(&|values, _| values.is_none())?;
        let absent = narrowed(&|_, is_required| !is_required)?;
        // A set of pieces that stays whole gets a node that tries them all.
        let mut all = None;
        let mut or_all = |node: Option<NodeId>| match (node, all) {
            (Some(node), _) | (None, Some(node)) => Ok(node),
            (None, None) => {
                let untagged = self.untagged(key)?;
                all = Some(untagged);
                Ok(untagged)
            }
        };
        Ok(Tag {
            by_value: by_value
                .into_iter()
                .map(|(value, node)| Ok((value.into(), or_all(node)?)))
                .collect::<Result<_, Refused>>()?,
            absent: or_all(absent)?,
            other: or_all(other)?,
            name: name.into(),
        })
    }

    /// A node of the same pieces whose branches are all tried.
    fn untagged(&mut self, key: &Key) -> Result<NodeId, Refused> {
        let mut pieces: BTreeSet<Piece> = key.iter().copied().collect();
        pieces.insert(Piece::Untagged);
        self.node(pieces.into_iter().collect())
    }
}
