//! Which elements and members are evaluated, for `unevaluated*`.

use super::Eval;
use crate::engine::program::{Marks, MarksId};
use crate::engine::tape::Kind;

impl Eval<'_, '_> {
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
