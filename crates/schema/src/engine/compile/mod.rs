//! From a schema to its program.
//!
//! A node is what a value must meet at one place: a *set* of schemas. References, `allOf` and
//! members that several schemas speak of become larger sets, so that one node has all the rules
//! and the scan meets each value once. [`Piece`]s are the members of such sets.

mod chains;
mod dispatch;
mod flatten;
mod marks;
mod members;
mod own;
mod scope;
mod sieve;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use serde_json::Value;

use self::members::ObjectPiece;
use self::scope::Scopes;
use super::documents::{Documents, SchemaId};
use super::pattern::Pattern;
use super::program::{
    ANY, ARRAY, MOST_IN_PLACE, Marks, MarksId, Members, NEVER, NUMBER, Node, NodeId, Nodes, OBJECT,
    Rest, STRING, Types,
};
use super::refused::Refused;
use super::shape;
use crate::Draft;

/// The most nodes of a program: merging can make many of a small schema.
const MOST_NODES: usize = 100_000;

/// The most of what takes room in nodes: pieces, members, elements of a prefix, strings of tags.
const MOST_PARTS: usize = 300_000;

/// The most pieces of one node.
const MOST_PIECES: usize = 2_000;

/// A schema, and what the dynamic anchors mean where it is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct At {
    schema: SchemaId,
    scope: u32,
}

/// Branches of `anyOf` or `oneOf` that are left, as a number in the compiler.
type GroupId = u32;

/// One part of what a value must meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Piece {
    Never,
    /// To be of these types.
    Types(Types),
    /// The schema's own keywords, other than those that apply schemas to the same value.
    Own(At),
    AnyOf(GroupId),
    OneOf(GroupId),
    Not(At),
    /// `if`, `then` and `else` of the schema.
    If(At),
    /// `dependentSchemas` of the schema.
    Dependent(At),
    /// `unevaluatedItems` and `unevaluatedProperties` of the schema.
    Unevaluated(At),
    /// The whole schema, as a node of its own; only where nothing is merged.
    Whole(At),
    /// Branches are tried: no member tells them apart, or not this time.
    Untagged,
}

/// Sorted, each once.
type Key = Rc<[Piece]>;

/// Names of members.
type Names = Rc<BTreeSet<String>>;

/// Names of members and the strings that each may be.
type Constants = Rc<BTreeMap<String, BTreeSet<String>>>;

/// What was found out about schemas, by how deep within branches it was asked: those of branches
/// within branches are asked again and again.
#[derive(Debug, Default)]
struct Facts {
    types: HashMap<(At, usize), Types>,
    constants: HashMap<(At, usize), Constants>,
    required: HashMap<(At, usize), Names>,
    allowed: HashMap<(At, usize), Option<Names>>,
}

pub(crate) struct Compiler<'d> {
    documents: Documents<'d>,
    assert_formats: bool,
    /// Several schemas may become one node; otherwise each node is of one place in the schema.
    is_merging: bool,
    nodes: Nodes,
    /// Of [`MOST_PARTS`].
    parts: usize,
    keys: HashMap<At, Key>,
    known: HashMap<Key, NodeId>,
    queue: Vec<(NodeId, Key)>,
    groups: Vec<Rc<[At]>>,
    group_ids: HashMap<Rc<[At]>, GroupId>,
    scopes: Scopes,
    patterns: HashMap<String, Pattern>,
    marks: HashMap<(At, bool), MarksId>,
    /// Those whose marks are being made.
    marking: Vec<At>,
    facts: Facts,
    /// What schemas say about members, which may be many; `None` is nothing.
    objects: HashMap<At, Option<Rc<ObjectPiece>>>,
    is_checked: Vec<bool>,
}

impl<'d> Compiler<'d> {
    pub(crate) fn new(documents: Documents<'d>, assert_formats: bool, is_merging: bool) -> Self {
        Self {
            documents,
            assert_formats,
            is_merging,
            nodes: Nodes::default(),
            parts: 0,
            keys: HashMap::new(),
            known: HashMap::new(),
            queue: Vec::new(),
            groups: Vec::new(),
            group_ids: HashMap::new(),
            scopes: Scopes::default(),
            patterns: HashMap::new(),
            marks: HashMap::new(),
            marking: Vec::new(),
            facts: Facts::default(),
            objects: HashMap::new(),
            is_checked: Vec::new(),
        }
    }

    /// Compiles the first document.
    pub(crate) fn compile(mut self) -> Result<Nodes, Refused> {
        // All of it is checked, also what nothing refers to.
        for schema in 0..self.documents.places.len() {
            let place = &self.documents.places[schema];
            if place.is_of_root() {
                self.check_shape(u32::try_from(schema).unwrap_or(u32::MAX))?;
            }
        }
        let anchors = self.documents.dynamic_anchors(0).to_vec();
        let root = At {
            schema: 0,
            scope: self.scopes.extend(0, &anchors),
        };
        self.nodes.root = self.node_of(root)?;
        while let Some((id, key)) = self.queue.pop() {
            let node = self.build(key)?;
            self.nodes.nodes[id as usize] = node;
        }
        if self.is_merging {
            chains::check(&self.nodes)?;
        } else {
            chains::cut(&mut self.nodes);
        }
        Ok(self.nodes)
    }

    fn check_shape(&mut self, schema: SchemaId) -> Result<(), Refused> {
        let place = schema as usize;
        if self.is_checked.len() <= place {
            self.is_checked.resize(place + 1, false);
        }
        if !std::mem::replace(&mut self.is_checked[place], true) {
            let place = self.documents.place(schema);
            let draft = self.documents.draft(schema);
            shape::check(draft, place.value, &place.pointer)?;
            shape::check_ignored(draft, place.value, &place.pointer)?;
        }
        Ok(())
    }

    fn value(&self, at: At) -> &'d Value {
        self.documents.place(at.schema).value
    }

    fn draft(&self, at: At) -> Draft {
        self.documents.draft(at.schema)
    }

    /// A pointer to the keyword, for people.
    fn pointer(&self, at: At, keyword: &str) -> String {
        format!("{}/{keyword}", self.documents.name(at.schema))
    }

    /// The schema within that one, at the rest of its pointer.
    fn within(&mut self, at: At, rest: &str) -> Result<At, Refused> {
        let schema = self.documents.within(at.schema, rest)?;
        Ok(self.enter(at, schema))
    }

    /// The schema as it is met from `at`.
    fn enter(&mut self, at: At, schema: SchemaId) -> At {
        let places = &self.documents.places;
        let is_same = places[schema as usize].resource == places[at.schema as usize].resource;
        if is_same || !self.documents.has_dynamic_anchors() {
            return At { schema, ..at };
        }
        let scope = self
            .scopes
            .extend(at.scope, self.documents.dynamic_anchors(schema));
        At { schema, scope }
    }

    /// The node of one schema.
    fn node_of(&mut self, at: At) -> Result<NodeId, Refused> {
        let key = self.key_of(at)?;
        self.node(key)
    }

    /// The node of a set of pieces.
    fn node(&mut self, key: Key) -> Result<NodeId, Refused> {
        if key.is_empty() {
            return Ok(ANY);
        }
        if key.contains(&Piece::Never) {
            return Ok(NEVER);
        }
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        if self.nodes.nodes.len() >= MOST_NODES || key.len() > MOST_PIECES {
            return Err(too_large());
        }
        self.take_room(key.len())?;
        let id = u32::try_from(self.nodes.nodes.len()).unwrap_or(NEVER);
        self.nodes.nodes.push(Node::default());
        if !self.is_merging {
            let place = match key.first() {
                Some(Piece::Own(at)) => self.documents.name(at.schema),
                _ => String::new(),
            };
            self.nodes.places.push(place);
        }
        self.known.insert(Rc::clone(&key), id);
        self.queue.push((id, key));
        Ok(id)
    }

    /// Counts what a node is made of.
    fn take_room(&mut self, parts: usize) -> Result<(), Refused> {
        self.parts += parts;
        if self.parts > MOST_PARTS {
            return Err(too_large());
        }
        Ok(())
    }

    fn group(&mut self, branches: &[At]) -> GroupId {
        if let Some(known) = self.group_ids.get(branches) {
            return *known;
        }
        let id = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        let branches: Rc<[At]> = branches.into();
        self.groups.push(Rc::clone(&branches));
        self.group_ids.insert(branches, id);
        id
    }

    fn pattern(
        &mut self,
        source: &str,
        pointer: impl FnOnce() -> String,
    ) -> Result<Pattern, Refused> {
        if let Some(known) = self.patterns.get(source) {
            return Ok(known.clone());
        }
        let pattern = Pattern::new(source).map_err(|fault| {
            Refused::invalid(pointer(), format!("the pattern cannot be used: {fault}"))
        })?;
        self.patterns.insert(source.to_owned(), pattern.clone());
        Ok(pattern)
    }

    /// The rules of a node.
    fn build(&mut self, mut key: Key) -> Result<Node, Refused> {
        let mut own;
        loop {
            own = own::Own::default();
            for piece in key.iter() {
                match piece {
                    Piece::Types(types) => own.types &= types,
                    Piece::Own(at) => self.add_own(*at, &mut own)?,
                    _ => {}
                }
            }
            own.settle_types();
            if !self.is_merging {
                break;
            }
            match self.dispatch(&key, own.types)? {
                dispatch::Step::Stay => break,
                dispatch::Step::Again(simpler) => key = simpler,
                dispatch::Step::Node(node) => return Ok(node),
            }
            if key.is_empty() || key.contains(&Piece::Never) {
                // As a node, since its number is taken.
                let types = if key.is_empty() {
                    super::program::ALL
                } else {
                    0
                };
                return Ok(Node {
                    types,
                    free: types & (STRING | NUMBER),
                    direct: types,
                    ..Node::default()
                });
            }
        }
        let mut rest = std::mem::take(&mut own.rest);
        for piece in key.iter() {
            match *piece {
                Piece::Own(at) if !self.is_merging => {
                    for piece in self.applied(at)? {
                        self.add_rest(piece, &mut rest)?;
                    }
                }
                piece => self.add_rest(piece, &mut rest)?,
            }
        }
        let mut node = self.finish(own, rest)?;
        if self.is_merging && node.types == OBJECT {
            node.sieve = self.sieve(&key)?.map(Box::new);
        }
        Ok(node)
    }

    /// Pieces that are held against a tape.
    fn add_rest(&mut self, piece: Piece, rest: &mut Vec<Rest>) -> Result<(), Refused> {
        match piece {
            Piece::AnyOf(group) | Piece::OneOf(group) => {
                let branches = Rc::clone(&self.groups[group as usize]);
                let nodes = branches
                    .iter()
                    .map(|at| self.node_of(*at))
                    .collect::<Result<Box<[_]>, _>>()?;
                rest.push(match piece {
                    Piece::AnyOf(_) => Rest::AnyOf(nodes),
                    _ => Rest::OneOf(nodes),
                });
            }
            Piece::Not(at) => rest.push(Rest::Not(self.node_of(at)?)),
            Piece::Whole(at) => rest.push(Rest::And(self.node_of(at)?)),
            Piece::If(at) => {
                let value = self.value(at);
                let mut branch = |keyword: &str| match value.get(keyword) {
                    Some(_) => {
                        let within = self.within(at, &format!("/{keyword}"))?;
                        self.node_of(within)
                    }
                    None => Ok(ANY),
                };
                rest.push(Rest::If {
                    condition: branch("if")?,
                    then: branch("then")?,
                    otherwise: branch("else")?,
                });
            }
            Piece::Dependent(at) => {
                for (name, within) in self.dependent_schemas(at)? {
                    let node = self.node_of(within)?;
                    rest.push(Rest::Dependent {
                        name: name.into(),
                        node,
                    });
                }
            }
            Piece::Unevaluated(at) => {
                for keyword in ["unevaluatedItems", "unevaluatedProperties"] {
                    if self.value(at).get(keyword).is_none() {
                        continue;
                    }
                    let within = self.within(at, &format!("/{keyword}"))?;
                    let node = self.node_of(within)?;
                    let marks = self.marks_of(at, false, 0)?;
                    rest.push(if keyword == "unevaluatedItems" {
                        Rest::UnevaluatedItems { marks, node }
                    } else {
                        Rest::UnevaluatedProperties { marks, node }
                    });
                }
            }
            Piece::Never | Piece::Types(_) | Piece::Own(_) | Piece::Untagged => {}
        }
        Ok(())
    }

    fn finish(&mut self, own: own::Own<'d>, mut rest: Vec<Rest>) -> Result<Node, Refused> {
        let types = own.types;
        let mut node = Node {
            types,
            is_draft_4: own.is_draft_4,
            declared: own.declared,
            is_const: own.is_const,
            ..Node::default()
        };
        if types & OBJECT != 0 && !own.objects.is_empty() {
            node.object = self.members(&own.objects, &mut rest)?.map(Box::new);
        }
        if types & ARRAY != 0 && !own.arrays.is_empty() {
            node.array = self.items(&own.arrays)?.map(Box::new);
        }
        if types & STRING != 0 {
            node.text = own.text.map(Box::new);
        }
        if types & NUMBER != 0 {
            node.bounds = own.bounds.map(|bounds| Box::new(own::with_inner(bounds)));
        }
        if let Some(values) = own.values {
            let values = own::values(&values);
            if !values.trees.is_empty() {
                rest.push(Rest::Trees);
            }
            node.values = Some(Box::new(values));
        }
        if node
            .object
            .as_ref()
            .is_some_and(|members| members.known.len() > MOST_IN_PLACE)
        {
            rest.push(Rest::Wide);
        }
        // The unevaluated come last: what they ask holds only if all else does.
        rest.sort_by_key(|rest| {
            matches!(
                rest,
                Rest::UnevaluatedItems { .. } | Rest::UnevaluatedProperties { .. }
            )
        });
        node.on_tape = types & rest.iter().fold(0, |types, rest| types | rest.types());
        node.direct = types & !node.on_tape;
        if node.values.is_none() {
            node.free |= if node.text.is_none() { STRING } else { 0 };
            node.free |= if node.bounds.is_none() { NUMBER } else { 0 };
            node.free &= node.direct;
        }
        node.rest = rest.into();
        Ok(node)
    }

    /// Room to remember which member follows which.
    fn following(&mut self, known: usize) -> Result<u32, Refused> {
        let start = self.nodes.following;
        let count = u32::try_from(known + 1).unwrap_or(u32::MAX);
        if known > usize::from(u16::MAX) - 1 {
            return Err(Refused::unsupported("", "this many members"));
        }
        self.nodes.following = start
            .checked_add(count)
            .ok_or_else(|| Refused::unsupported("", "this many members"))?;
        Ok(start)
    }

    fn add_marks(&mut self) -> MarksId {
        self.nodes.marks.push(Marks::default());
        u32::try_from(self.nodes.marks.len() - 1).unwrap_or(u32::MAX)
    }
}

fn too_large() -> Refused {
    Refused::unsupported("", "a schema that becomes this large")
}

/// So that both ends agree.
fn table(known: &[super::program::Member]) -> Box<[u16]> {
    Members::index(known)
}
