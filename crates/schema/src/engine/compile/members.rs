//! Members and elements: which schemas each one is held to when several speak of it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::own::Own;
use super::{At, Compiler, Key, Piece};
use crate::engine::draft::pointer_segment;
use crate::engine::pattern::Pattern;
use crate::engine::program::{ANY, Items, Member, Members, NodeId, Rest};
use crate::engine::refused::Refused;
use crate::engine::shape::size_of;

/// Up to so many patterns, each set of them has a node.
const FEW_PATTERNS: usize = 4;

/// What one schema says about elements.
#[derive(Debug)]
pub(super) struct ArrayPiece {
    prefix: Vec<Key>,
    rest: Option<Key>,
    fewest: u64,
    most: u64,
}

/// What one schema says about members.
#[derive(Debug)]
pub(super) struct ObjectPiece {
    properties: BTreeMap<String, Key>,
    patterns: Vec<(Pattern, Key)>,
    additional: Option<Key>,
    names: Option<Key>,
    required: Vec<String>,
    dependents: Vec<(String, Vec<String>)>,
    dependents_keyword: &'static str,
    fewest: u64,
    most: u64,
}

impl ObjectPiece {
    /// What the schema says about the member of this name.
    fn of_name(&self, name: &str) -> Vec<Key> {
        let mut keys: Vec<Key> = self.properties.get(name).cloned().into_iter().collect();
        let matching = self
            .patterns
            .iter()
            .filter(|(pattern, _)| pattern.matches(name));
        keys.extend(matching.map(|(_, key)| Key::clone(key)));
        if keys.is_empty() {
            // An empty key says something too: the member is not additional.
            keys.extend(self.additional.clone());
        }
        keys
    }
}

fn union(keys: &[Key]) -> Key {
    match keys {
        [one] => Key::clone(one),
        keys => {
            let pieces: BTreeSet<Piece> = keys.iter().flat_map(|key| key.iter().copied()).collect();
            pieces.into_iter().collect()
        }
    }
}

fn names_in(value: &Value) -> Vec<String> {
    let names = value.as_array().into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl<'d> Compiler<'d> {
    pub(super) fn add_array(
        &mut self,
        at: At,
        keywords: &Map<String, Value>,
        own: &mut Own<'d>,
    ) -> Result<(), Refused> {
        let draft = self.draft(at);
        let list = if draft.is_2020() {
            "prefixItems"
        } else {
            "items"
        };
        let mut prefix = Vec::new();
        if let Some(Value::Array(schemas)) = keywords.get(list) {
            for index in 0..schemas.len() {
                let within = self.within(at, &format!("/{list}/{index}"))?;
                prefix.push(self.key_of(within)?);
            }
        }
        let is_list = keywords.get("items").is_some_and(Value::is_array);
        let rest = match (is_list, draft.is_2020()) {
            (true, false) => "additionalItems",
            _ => "items",
        };
        let rest = match keywords.get(rest) {
            Some(value) if !value.is_array() => {
                let within = self.within(at, &format!("/{rest}"))?;
                Some(self.key_of(within)?)
            }
            _ => None,
        };
        let piece = ArrayPiece {
            prefix,
            rest,
            fewest: size_of(draft, keywords, "minItems").unwrap_or(0),
            most: size_of(draft, keywords, "maxItems").unwrap_or(u64::MAX),
        };
        let says_nothing = piece.prefix.is_empty()
            && piece.rest.is_none()
            && piece.fewest == 0
            && piece.most == u64::MAX;
        if !says_nothing {
            own.arrays.push(piece);
        }
        if keywords.get("uniqueItems") == Some(&Value::Bool(true)) {
            own.rest.push(Rest::Unique);
        }
        if draft.asserts("contains") && keywords.contains_key("contains") {
            let within = self.within(at, "/contains")?;
            let node = self.node_of(within)?;
            let size = |keyword: &str| {
                let is_known = draft.asserts(keyword);
                is_known
                    .then(|| size_of(draft, keywords, keyword))
                    .flatten()
            };
            own.rest.push(Rest::Contains {
                node,
                fewest: size("minContains").unwrap_or(1),
                most: size("maxContains").unwrap_or(u64::MAX),
            });
        }
        Ok(())
    }

    pub(super) fn add_object(
        &mut self,
        at: At,
        keywords: &Map<String, Value>,
        own: &mut Own<'d>,
    ) -> Result<(), Refused> {
        if let Some(known) = self.objects.get(&at) {
            own.objects.extend(known.clone());
            return Ok(());
        }
        let draft = self.draft(at);
        let object = |keyword: &str| keywords.get(keyword).and_then(Value::as_object);
        let mut piece = ObjectPiece {
            properties: BTreeMap::new(),
            patterns: Vec::new(),
            additional: None,
            names: None,
            required: keywords.get("required").map(names_in).unwrap_or_default(),
            dependents: Vec::new(),
            dependents_keyword: "",
            fewest: size_of(draft, keywords, "minProperties").unwrap_or(0),
            most: size_of(draft, keywords, "maxProperties").unwrap_or(u64::MAX),
        };
        for name in object("properties").into_iter().flat_map(Map::keys) {
            let within = self.within(at, &format!("/properties/{}", pointer_segment(name)))?;
            let key = self.key_of(within)?;
            piece.properties.insert(name.clone(), key);
        }
        for source in object("patternProperties").into_iter().flat_map(Map::keys) {
            let rest = format!("patternProperties/{}", pointer_segment(source));
            let within = self.within(at, &format!("/{rest}"))?;
            let key = self.key_of(within)?;
            let pointer = self.pointer(at, &rest);
            piece
                .patterns
                .push((self.pattern(source, || pointer)?, key));
        }
        if keywords.contains_key("additionalProperties") {
            let within = self.within(at, "/additionalProperties")?;
            piece.additional = Some(self.key_of(within)?);
        }
        if draft.asserts("propertyNames") && keywords.contains_key("propertyNames") {
            let within = self.within(at, "/propertyNames")?;
            piece.names = Some(self.key_of(within)?);
        }
        for keyword in ["dependentRequired", "dependencies"] {
            if !draft.asserts(keyword) {
                continue;
            }
            for (name, names) in object(keyword).into_iter().flatten() {
                if names.is_array() {
                    piece.dependents.push((name.clone(), names_in(names)));
                    piece.dependents_keyword = keyword;
                }
            }
        }
        let says_nothing = piece.properties.is_empty()
            && piece.patterns.is_empty()
            && piece.additional.is_none()
            && piece.names.is_none()
            && piece.required.is_empty()
            && piece.dependents.is_empty()
            && piece.fewest == 0
            && piece.most == u64::MAX;
        let piece = (!says_nothing).then(|| Rc::new(piece));
        own.objects.extend(piece.clone());
        self.objects.insert(at, piece);
        Ok(())
    }

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
