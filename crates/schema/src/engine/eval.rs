//! Verdicts over a tape: whether a value, which may be looked at more than once, meets a node.

use super::equal::View;
use super::memo::Memo;
use super::program::{
    ALL, ANY, ARRAY, BOOLEAN, Items, Marks, MarksId, Members, NULL, NUMBER, Node, NodeId, Nodes,
    OBJECT, Rest, STRING, Tag, Types,
};
use super::tape::{Entry, Kind, Tape};
use super::text::Token;
use super::{Seed, digits, scan};

/// The most nodes that are asked within each other. A body is at most 127 levels deep, and each
/// level asks a few; of a schema that asks more no body that deep is accepted.
pub(crate) const MOST_NESTED: usize = 1_000;

pub(crate) struct Eval<'a, 's> {
    pub(crate) body: &'a [u8],
    pub(crate) nodes: &'a Nodes,
    pub(crate) tape: &'s Tape,
    pub(crate) memo: &'s mut Memo,
    pub(crate) order: &'s mut Vec<(u64, u32)>,
    pub(crate) seed: &'a Seed,
    pub(crate) nested: usize,
    /// More were asked, so that no verdict is known.
    pub(crate) is_beyond: bool,
}

/// The bit and the place in a switch of a kind of value.
pub(crate) const fn class_of(kind: Kind) -> (Types, usize) {
    match kind {
        Kind::Null => (NULL, 0),
        Kind::True | Kind::False => (BOOLEAN, 1),
        Kind::Number => (NUMBER, 2),
        Kind::String | Kind::Name => (STRING, 3),
        Kind::Array => (ARRAY, 4),
        Kind::Object => (OBJECT, 5),
    }
}

impl<'a, 's> Eval<'a, 's> {
    pub(crate) const fn view(&self) -> View<'_> {
        View {
            body: self.body,
            tape: self.tape,
        }
    }

    fn entry(&self, place: u32) -> Option<&'s Entry> {
        self.tape.entry(place)
    }

    /// Whether the value at `place` meets the node of this number.
    pub(crate) fn id(&mut self, id: NodeId, place: u32) -> bool {
        let (Some(node), Some(entry)) = (self.nodes.get(id), self.entry(place)) else {
            return id == ANY;
        };
        if node.on_tape & class_of(entry.kind).0 == 0 {
            return self.node(node, place);
        }
        if let Some(known) = self.memo.get(id, place) {
            return known;
        }
        let verdict = self.node(node, place);
        self.memo.put(id, place, verdict);
        verdict
    }

    /// Whether the value at `place` meets the node.
    pub(crate) fn node(&mut self, node: &'a Node, place: u32) -> bool {
        if self.nested >= MOST_NESTED {
            self.is_beyond = true;
            return false;
        }
        self.nested += 1;
        let verdict = self.meets(node, place);
        self.nested -= 1;
        verdict
    }

    fn meets(&mut self, node: &'a Node, place: u32) -> bool {
        let Some(entry) = self.entry(place) else {
            return false;
        };
        let (class, index) = class_of(entry.kind);
        if node.types & class == 0 {
            return false;
        }
        if let Some(switch) = &node.switch {
            return self.id(switch[index], place);
        }
        if let (Some(tag), Kind::Object) = (&node.tag, entry.kind) {
            let node = self.tagged(tag, place);
            return self.id(node, place);
        }
        let holds = match entry.kind {
            Kind::Null => node.values.as_ref().is_none_or(|values| values.null),
            Kind::True => node.values.as_ref().is_none_or(|values| values.yes),
            Kind::False => node.values.as_ref().is_none_or(|values| values.no),
            Kind::Number => {
                node.free & NUMBER == NUMBER || {
                    let number = self.view().number(entry);
                    number.is_some_and(|number| digits::meets(number, node))
                }
            }
            Kind::String | Kind::Name => {
                node.free & STRING != 0 || scan::meets(self.body, entry.token(), node)
            }
            Kind::Array => {
                let items = node.array.as_ref();
                items.is_none_or(|items| self.array(items, entry, place))
            }
            Kind::Object => {
                let members = node.object.as_ref();
                members.is_none_or(|members| self.object(members, entry, place))
            }
        };
        if !holds || node.on_tape & class == 0 {
            return holds;
        }
        // Loops rather than iterators where nodes ask nodes: each closure takes stack of its own.
        for rest in &node.rest {
            if rest.types() & class != 0 && !self.rest(rest, node, place) {
                return false;
            }
        }
        true
    }

    /// The node that an object's tag tells.
    pub(crate) fn tagged(&self, tag: &Tag, place: u32) -> NodeId {
        let Some(member) = self.tape.member(self.body, place, &tag.name) else {
            return tag.absent;
        };
        match self.entry(member) {
            Some(entry) if entry.kind == Kind::String => tag.of(&entry.token().decode(self.body)),
            _ => tag.other,
        }
    }

    fn array(&mut self, items: &Items, entry: &Entry, place: u32) -> bool {
        let count = u64::from(entry.count);
        if count < items.fewest || count > items.most {
            return false;
        }
        if items.prefix.is_empty() && items.rest == ANY {
            return true;
        }
        let tape = self.tape;
        for (index, (element, _)) in tape.elements(place).enumerate() {
            if !self.id(items.at(index), element) {
                return false;
            }
        }
        true
    }

    fn object(&mut self, members: &'a Members, entry: &Entry, place: u32) -> bool {
        let count = u64::from(entry.count);
        if count < members.fewest || count > members.most {
            return false;
        }
        let words = members.required.len();
        let mut few = [0_u64; 4];
        let mut many = Vec::new();
        let seen = if words <= few.len() {
            &mut few[..words]
        } else {
            many.resize(words, 0);
            &mut many[..]
        };
        let tape = self.tape;
        for (name, value) in tape.members(place) {
            let token = name.token();
            if members.names != ANY && !self.name(members.names, token) {
                return false;
            }
            let node = match self.find(members, token) {
                Some(found) => {
                    seen[found / 64] |= 1 << (found % 64);
                    members.known[found].node
                }
                None => self.unknown(members, token),
            };
            if node != ANY && !self.id(node, value) {
                return false;
            }
        }
        has_required(members, seen)
    }

    pub(crate) fn find(&self, members: &Members, name: Token) -> Option<usize> {
        if name.is_escaped {
            members.find(name.decode(self.body).as_bytes())
        } else {
            members.find(name.raw(self.body))
        }
    }

    fn unknown(&self, members: &Members, name: Token) -> NodeId {
        match &*members.by_patterns {
            [only] => *only,
            _ => members.unknown(&name.decode(self.body)),
        }
    }

    /// The node that a member of this name is held to.
    pub(crate) fn node_of_member(&self, members: &Members, name: Token) -> NodeId {
        match self.find(members, name) {
            Some(found) => members.known[found].node,
            None => self.unknown(members, name),
        }
    }

    /// Whether a branch may hold: it is not of another type, and lacks no member that it needs.
    /// That is cheap to tell, and most branches fall by it.
    fn may_hold(&self, id: NodeId, place: u32) -> bool {
        let (Some(node), Some(entry)) = (self.nodes.get(id), self.entry(place)) else {
            return id == ANY;
        };
        if node.types & class_of(entry.kind).0 == 0 {
            return false;
        }
        let Some(members) = node.object.as_ref().filter(|_| entry.kind == Kind::Object) else {
            return true;
        };
        if members.required.len() != 1 {
            return true;
        }
        let mut seen = [0_u64];
        for (name, _) in self.tape.members(place) {
            if let Some(found) = self.find(members, name.token()) {
                seen[0] |= 1 << found;
            }
        }
        has_required(members, &seen)
    }

    /// How many of the branches hold; not more than `most` are looked for.
    fn holding(&mut self, branches: &[NodeId], most: usize, place: u32) -> usize {
        let mut found = 0;
        for branch in branches {
            if self.may_hold(*branch, place) && self.id(*branch, place) {
                found += 1;
                if found == most {
                    break;
                }
            }
        }
        found
    }

    /// Whether a member's name meets a node.
    pub(crate) fn name(&mut self, id: NodeId, name: Token) -> bool {
        let mut tape = Tape::default();
        let start = u32::try_from(name.start - 1).unwrap_or(u32::MAX);
        let end = u32::try_from(name.end + 1).unwrap_or(u32::MAX);
        let Some(node) = self.nodes.get(id) else {
            return id == ANY;
        };
        if node.on_tape & STRING == 0 && node.switch.is_none() {
            return node.types & STRING != 0 && scan::meets(self.body, name, node);
        }
        tape.entries.push(Entry {
            start,
            end,
            next: 1,
            count: 0,
            kind: Kind::String,
            is_escaped: name.is_escaped,
            is_ascii: name.is_ascii,
            is_replaced: false,
            is_open: false,
        });
        // Places on this tape are not those that are remembered.
        let mut eval = Eval {
            body: self.body,
            nodes: self.nodes,
            tape: &tape,
            memo: &mut Memo::default(),
            order: &mut Vec::new(),
            seed: self.seed,
            nested: self.nested + 1,
            is_beyond: false,
        };
        let verdict = eval.id(id, 0);
        self.is_beyond |= eval.is_beyond;
        verdict
    }

    /// One rule of a node.
    pub(crate) fn rest(&mut self, rest: &'a Rest, node: &Node, place: u32) -> bool {
        match rest {
            Rest::And(id) => self.id(*id, place),
            Rest::AnyOf(branches) => self.holding(branches, 1, place) == 1,
            Rest::OneOf(branches) => self.holding(branches, 2, place) == 1,
            Rest::Not(id) => !self.id(*id, place),
            Rest::If {
                condition,
                then,
                otherwise,
            } => {
                let branch = if self.id(*condition, place) {
                    then
                } else {
                    otherwise
                };
                self.id(*branch, place)
            }
            Rest::Dependent { name, node } => {
                self.tape.member(self.body, place, name).is_none() || self.id(*node, place)
            }
            Rest::Contains { node, fewest, most } => {
                let tape = self.tape;
                let mut found = 0;
                for (element, _) in tape.elements(place) {
                    found += u64::from(self.id(*node, element));
                    if found >= *fewest && *most == u64::MAX {
                        return true;
                    }
                }
                *fewest <= found && found <= *most
            }
            Rest::Unique => {
                let view = View {
                    body: self.body,
                    tape: self.tape,
                };
                view.is_unique(place, self.order, self.seed)
            }
            Rest::Trees => {
                let view = View {
                    body: self.body,
                    tape: self.tape,
                };
                let trees = node.values.as_ref().map(|values| &values.trees);
                trees.is_none_or(|trees| trees.iter().any(|tree| view.equals_value(place, tree)))
            }
            Rest::Patterns {
                declared,
                patterns,
                additional,
            } => {
                let tape = self.tape;
                for (name, value) in tape.members(place) {
                    let name = name.token().decode(self.body);
                    let mut is_known = declared.iter().any(|known| **known == *name);
                    for (pattern, node) in patterns {
                        if pattern.matches(&name) {
                            is_known = true;
                            if !self.id(*node, value) {
                                return false;
                            }
                        }
                    }
                    if !is_known && !self.id(*additional, value) {
                        return false;
                    }
                }
                true
            }
            Rest::UnevaluatedItems { marks, node }
            | Rest::UnevaluatedProperties { marks, node } => {
                for value in self.unevaluated(*marks, place) {
                    if !self.id(*node, value) {
                        return false;
                    }
                }
                true
            }
            // The members were looked at.
            Rest::Wide => true,
        }
    }

    /// The elements or members that nothing evaluated.
    pub(crate) fn unevaluated(&mut self, marks: MarksId, place: u32) -> Vec<u32> {
        let tape = self.tape;
        let values: Vec<u32> = match self.entry(place).map(|entry| entry.kind) {
            Some(Kind::Array) => tape.elements(place).map(|(element, _)| element).collect(),
            Some(Kind::Object) => tape.members(place).map(|(_, value)| value).collect(),
            _ => return Vec::new(),
        };
        let mut is_marked = vec![false; values.len()];
        self.mark(marks, place, &mut is_marked, &mut Vec::new());
        values
            .into_iter()
            .zip(is_marked)
            .filter_map(|(value, is_marked)| (!is_marked).then_some(value))
            .collect()
    }

    fn mark(
        &mut self,
        id: MarksId,
        place: u32,
        is_marked: &mut [bool],
        visited: &mut Vec<MarksId>,
    ) {
        let Some(marks) = self.nodes.marks.get(id as usize) else {
            return;
        };
        if visited.contains(&id) {
            return;
        }
        visited.push(id);
        match self.entry(place).map(|entry| entry.kind) {
            Some(Kind::Array) => self.mark_elements(marks, place, is_marked),
            _ => self.mark_members(marks, place, is_marked),
        }
        for inner in &marks.always {
            self.mark(*inner, place, is_marked, visited);
        }
        for (node, inner) in &marks.when {
            if self.id(*node, place) {
                self.mark(*inner, place, is_marked, visited);
            }
        }
        for (node, inner) in &marks.unless {
            if !self.id(*node, place) {
                self.mark(*inner, place, is_marked, visited);
            }
        }
        for (name, inner) in &marks.with {
            if self.tape.member(self.body, place, name).is_some() {
                self.mark(*inner, place, is_marked, visited);
            }
        }
    }

    fn mark_elements(&mut self, marks: &Marks, place: u32, is_marked: &mut [bool]) {
        if marks.all_elements {
            is_marked.fill(true);
        }
        for mark in is_marked.iter_mut().take(marks.first) {
            *mark = true;
        }
        if let Some(node) = marks.contains {
            let tape = self.tape;
            for ((element, _), mark) in tape.elements(place).zip(is_marked) {
                *mark = *mark || self.id(node, element);
            }
        }
    }

    fn mark_members(&mut self, marks: &Marks, place: u32, is_marked: &mut [bool]) {
        if marks.all_members {
            is_marked.fill(true);
            return;
        }
        if marks.names.is_empty() && marks.patterns.is_empty() {
            return;
        }
        for ((name, _), mark) in self.tape.members(place).zip(is_marked) {
            if !*mark {
                let name = name.token().decode(self.body);
                *mark = marks.names.iter().any(|known| **known == *name)
                    || marks.patterns.iter().any(|pattern| pattern.matches(&name));
            }
        }
    }
}

/// Whether the members that must be there were seen.
fn has_required(members: &Members, seen: &[u64]) -> bool {
    let is_seen = |place: u16| seen[usize::from(place) / 64] >> (place % 64) & 1 == 1;
    members
        .required
        .iter()
        .zip(seen)
        .all(|(required, seen)| required & !seen == 0)
        && members
            .dependents
            .iter()
            .all(|(name, others)| !is_seen(*name) || others.iter().all(|other| is_seen(*other)))
}

const _: () = assert!(ALL == NULL | BOOLEAN | NUMBER | STRING | ARRAY | OBJECT);
