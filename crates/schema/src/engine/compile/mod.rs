//! From a schema to its program.
//!
//! A node is what a value must meet at one place: a *set* of schemas. References, `allOf` and
//! members that several schemas speak of become larger sets, so that one node has all the rules
//! and the scan meets each value once. [`Piece`]s are the members of such sets.

mod build;
mod chains;
mod collect;
mod dispatch;
mod facts;
mod flatten;
mod marks;
mod members;
mod nodes;
mod own;
mod pieces;
mod references;
mod said;
mod scalars;
mod scope;
mod sieve;
mod tags;

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use self::pieces::{At, Constants, GroupId, Key, Names, Piece};
use self::said::ObjectPiece;
use self::scope::Scopes;
use super::documents::{Documents, SchemaId};
use super::pattern::{Pattern, Unusable};
use super::program::{MarksId, Members, NodeId, Nodes, Types};
use super::refused::Refused;
use super::shape;
use crate::Draft;

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
        self.check_applied()?;
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
            self.nodes.is_circular = chains::have_circles(&self.nodes);
        }
        self.nodes.bring_nearer();
        Ok(self.nodes)
    }

    fn check_shape(&mut self, schema: SchemaId) -> Result<(), Refused> {
        let place = schema as usize;
        if self.is_checked.len() <= place {
            self.is_checked.resize(place + 1, false);
        }
        if !std::mem::replace(&mut self.is_checked[place], true) {
            let value = self.documents.place(schema).value;
            let (draft, name) = (self.documents.draft(schema), self.documents.name(schema));
            shape::check(draft, value, &name)?;
            shape::check_ignored(draft, value, &name)?;
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

    /// Refuses what this engine does not do. Only where schemas are merged: if it stands where it
    /// decides nothing, which only merging tells, it is left out of the nodes that tell places.
    fn cannot(&self, at: At, keyword: &str, fault: impl Into<String>) -> Result<(), Refused> {
        if !self.is_merging {
            return Ok(());
        }
        Err(Refused::unsupported(self.pointer(at, keyword), fault))
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

    fn pattern(
        &mut self,
        source: &str,
        pointer: impl FnOnce() -> String,
    ) -> Result<Pattern, Refused> {
        if let Some(known) = self.patterns.get(source) {
            return Ok(known.clone());
        }
        let pattern = Pattern::new(source).map_err(|unusable| {
            let fault = format!("the pattern cannot be used: {unusable}");
            match unusable {
                Unusable::Fault(_) => Refused::invalid(pointer(), fault),
                // Another engine may count what this one would spell out.
                Unusable::TooLarge | Unusable::Ambiguous => Refused::unsupported(pointer(), fault),
            }
        })?;
        self.patterns.insert(source.to_owned(), pattern.clone());
        Ok(pattern)
    }
}

/// So that both ends agree.
fn table(known: &[super::program::Member]) -> Box<[u16]> {
    Members::index(known)
}
