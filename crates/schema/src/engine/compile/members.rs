//! Members and elements: which schemas each one is held to when several speak of it.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::said::{ArrayPiece, ObjectPiece};
use super::{Compiler, Key, Piece};
use crate::engine::pattern::Pattern;
use crate::engine::program::{ANY, Items, Member, Members, NodeId, Rest};
use crate::engine::refused::Refused;

/// Up to so many patterns, each set of them has a node.
const FEW_PATTERNS: usize = 4;

fn union(keys: &[Key]) -> Key {
    match keys {
        [one] => Key::clone(one),
        keys => {
            let pieces: BTreeSet<Piece> = keys.iter().flat_map(|key| key.iter().copied()).collect();
            pieces.into_iter().collect()
        }
    }
}

impl Compiler<'_> {
    /// The rules for elements that all these leave.
    pub(super) fn items(&mut self, pieces: &[ArrayPiece]) -> Result<Option<Items>, Refused> {
        let longest = pieces
            .iter()
            .map(|piece| piece.prefix.len())
            .max()
            .unwrap_or(0);
        self.take_room(longest)?;
        let mut at = |index: usize| {
            let keys: Vec<Key> = pieces
                .iter()
                .filter_map(|piece| piece.prefix.get(index).or(piece.rest.as_ref()).cloned())
                .collect();
            self.node(union(&keys))
        };
        let prefix = (0..longest).map(&mut at).collect::<Result<_, _>>()?;
        Ok(Some(Items {
            prefix,
            rest: at(longest)?,
            fewest: pieces.iter().map(|piece| piece.fewest).max().unwrap_or(0),
            most: pieces
                .iter()
                .map(|piece| piece.most)
                .min()
                .unwrap_or(u64::MAX),
        }))
    }

    /// The rules for members that all these leave. What cannot be foreseen goes to `rest`.
    pub(super) fn members(
        &mut self,
        pieces: &[Rc<ObjectPiece>],
        rest: &mut Vec<Rest>,
    ) -> Result<Option<Members>, Refused> {
        let patterns = distinct_patterns(pieces);
        let is_foreseen = patterns.len() <= FEW_PATTERNS && self.is_merging;
        let mut names = BTreeSet::new();
        for piece in pieces {
            names.extend(piece.properties.keys());
            names.extend(&piece.required);
            for (name, others) in &piece.dependents {
                names.insert(name);
                names.extend(others);
            }
        }
        self.take_room(names.len())?;
        let all_names: Vec<Key> = pieces
            .iter()
            .filter_map(|piece| piece.names.clone())
            .collect();
        // A name that a rule is for must be looked at.
        let is_guessed = all_names.is_empty();
        let mut known = Vec::with_capacity(names.len());
        for name in &names {
            let keys: Vec<Key> = pieces
                .iter()
                .flat_map(|piece| {
                    if is_foreseen || piece.patterns.is_empty() {
                        piece.of_name(name)
                    } else {
                        // The patterns, and what none of them matches, are in `rest`.
                        piece.properties.get(*name).cloned().into_iter().collect()
                    }
                })
                .collect();
            known.push(Member::new(name, self.node(union(&keys))?, is_guessed));
        }
        let by_patterns = if is_foreseen {
            self.by_patterns(pieces, &patterns)?
        } else {
            for piece in pieces.iter().filter(|piece| !piece.patterns.is_empty()) {
                rest.push(self.patterns_of(piece)?);
            }
            let without: Vec<Key> = pieces
                .iter()
                .filter(|piece| piece.patterns.is_empty())
                .filter_map(|piece| piece.additional.clone())
                .collect();
            Box::new([self.node(union(&without))?])
        };
        // They are sorted.
        let place = |name: &String| known.partition_point(|known| *known.name < **name);
        let mut required = vec![0_u64; known.len().div_ceil(64)];
        for name in pieces.iter().flat_map(|piece| &piece.required) {
            let place = place(name);
            required[place / 64] |= 1 << (place % 64);
        }
        let short = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
        let dependents = pieces
            .iter()
            .flat_map(|piece| &piece.dependents)
            .map(|(name, others)| {
                let others = others.iter().map(|other| short(place(other))).collect();
                (short(place(name)), others)
            })
            .collect();
        Ok(Some(Members {
            table: super::table(&known),
            following: self.following(known.len())?,
            known: known.into(),
            required: required.into(),
            patterns: if is_foreseen {
                patterns.into()
            } else {
                Box::default()
            },
            by_patterns,
            names: self.node(union(&all_names))?,
            fewest: pieces.iter().map(|piece| piece.fewest).max().unwrap_or(0),
            most: pieces
                .iter()
                .map(|piece| piece.most)
                .min()
                .unwrap_or(u64::MAX),
            dependents,
            dependents_keyword: pieces.first().map_or("", |piece| piece.dependents_keyword),
        }))
    }

    /// A node for each set of patterns that a name may match.
    fn by_patterns(
        &mut self,
        pieces: &[Rc<ObjectPiece>],
        patterns: &[Pattern],
    ) -> Result<Box<[NodeId]>, Refused> {
        (0..1_usize << patterns.len())
            .map(|set| {
                let mut keys = Vec::new();
                for piece in pieces {
                    let before = keys.len();
                    for (pattern, key) in &piece.patterns {
                        let place = patterns
                            .iter()
                            .position(|known| known.source() == pattern.source());
                        if place.is_some_and(|place| set >> place & 1 == 1) {
                            keys.push(Key::clone(key));
                        }
                    }
                    if keys.len() == before {
                        keys.extend(piece.additional.clone());
                    }
                }
                self.node(union(&keys))
            })
            .collect()
    }

    fn patterns_of(&mut self, piece: &ObjectPiece) -> Result<Rest, Refused> {
        let patterns = piece
            .patterns
            .iter()
            .map(|(pattern, key)| Ok((pattern.clone(), self.node(Key::clone(key))?)))
            .collect::<Result<_, _>>()?;
        let additional = match &piece.additional {
            Some(key) => self.node(Key::clone(key))?,
            None => ANY,
        };
        Ok(Rest::Patterns {
            declared: piece
                .properties
                .keys()
                .map(|name| name.as_str().into())
                .collect(),
            patterns,
            additional,
        })
    }
}

fn distinct_patterns(pieces: &[Rc<ObjectPiece>]) -> Vec<Pattern> {
    let mut patterns: Vec<Pattern> = Vec::new();
    for (pattern, _) in pieces.iter().flat_map(|piece| &piece.patterns) {
        if !patterns
            .iter()
            .any(|known| known.source() == pattern.source())
        {
            patterns.push(pattern.clone());
        }
    }
    patterns
}
