//! Which members and elements a schema evaluates, for `unevaluated*`.

use serde_json::{Map, Value};

use super::{At, Compiler};
use crate::engine::draft::is_reference;
use crate::engine::program::{Marks, MarksId};
use crate::engine::refused::Refused;

const DEEPEST: usize = 200;

impl Compiler<'_> {
    /// `with_unevaluated`: the schema's own `unevaluated*` count as well, as they do for a schema
    /// around it.
    pub(super) fn marks_of(
        &mut self,
        at: At,
        with_unevaluated: bool,
        depth: usize,
    ) -> Result<MarksId, Refused> {
        // Before what is known: its own marks are, and would make all evaluated.
        if self.is_merging && self.marking.contains(&at) {
            let fault = "an unevaluated* that a schema refers back to for the same value";
            return Err(Refused::unsupported(self.documents.name(at.schema), fault));
        }
        if let Some(known) = self.marks.get(&(at, with_unevaluated)) {
            return Ok(*known);
        }
        if depth > DEEPEST {
            let fault = "a chain of references of this length";
            return Err(Refused::unsupported(self.documents.name(at.schema), fault));
        }
        let id = self.add_marks();
        self.marks.insert((at, with_unevaluated), id);
        self.marking.push(at);
        let marked = self.mark_all(at, with_unevaluated, depth);
        self.marking.pop();
        self.nodes.marks[id as usize] = marked?;
        Ok(id)
    }

    fn mark_all(&mut self, at: At, with_unevaluated: bool, depth: usize) -> Result<Marks, Refused> {
        let Some(keywords) = self.value(at).as_object() else {
            return Ok(Marks::default());
        };
        let mut marks = Marks::default();
        let draft = self.draft(at);
        for keyword in ["$recursiveRef", "$dynamicRef"] {
            if self.is_merging && keywords.contains_key(keyword) && !draft.asserts(keyword) {
                // Validators differ in whether it counts.
                let fault = format!("unevaluated* across a {keyword}, which is of another draft");
                return Err(Refused::unsupported(self.pointer(at, keyword), fault));
            }
        }
        let mut always = Vec::new();
        for target in self.referred(at)? {
            always.push(self.marks_of(target, true, depth + 1)?);
        }
        if !(draft.ref_stands_alone() && is_reference(self.value(at))) {
            self.mark_own(at, keywords, with_unevaluated, &mut marks)?;
            self.mark_applied(at, keywords, &mut always, &mut marks, depth)?;
        }
        marks.always = always.into();
        Ok(marks)
    }

    fn mark_own(
        &mut self,
        at: At,
        keywords: &Map<String, Value>,
        with_unevaluated: bool,
        marks: &mut Marks,
    ) -> Result<(), Refused> {
        let draft = self.draft(at);
        let object = |keyword: &str| keywords.get(keyword).and_then(Value::as_object);
        let names = object("properties").into_iter().flat_map(Map::keys);
        marks.names = names.map(|name| name.as_str().into()).collect();
        let mut patterns = Vec::new();
        for source in object("patternProperties").into_iter().flat_map(Map::keys) {
            let pointer = self.pointer(at, "patternProperties");
            patterns.push(self.pattern(source, || pointer)?);
        }
        marks.patterns = patterns.into();
        let has = |keyword: &str| draft.asserts(keyword) && keywords.contains_key(keyword);
        marks.all_members =
            has("additionalProperties") || with_unevaluated && has("unevaluatedProperties");
        let list = if draft.is_2020() {
            "prefixItems"
        } else {
            "items"
        };
        if has(list) {
            if let Some(Value::Array(list)) = keywords.get(list) {
                marks.first = list.len();
            }
        }
        let items = keywords.get("items");
        marks.all_elements = items.is_some_and(|items| !items.is_array())
            || !draft.is_2020() && items.is_some_and(Value::is_array) && has("additionalItems")
            || with_unevaluated && has("unevaluatedItems");
        if has("contains") {
            let within = self.within(at, "/contains")?;
            marks.contains = Some(self.node_of(within)?);
        }
        Ok(())
    }

    fn mark_applied(
        &mut self,
        at: At,
        keywords: &Map<String, Value>,
        always: &mut Vec<MarksId>,
        marks: &mut Marks,
        depth: usize,
    ) -> Result<(), Refused> {
        let draft = self.draft(at);
        let (mut when, mut unless, mut with) = (Vec::new(), Vec::new(), Vec::new());
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let branches = keywords.get(keyword).and_then(Value::as_array);
            for index in 0..branches.map_or(0, Vec::len) {
                let within = self.within(at, &format!("/{keyword}/{index}"))?;
                let inner = self.marks_of(within, true, depth + 1)?;
                if keyword == "allOf" {
                    always.push(inner);
                } else {
                    when.push((self.node_of(within)?, inner));
                }
            }
        }
        if draft.asserts("if") && keywords.contains_key("if") {
            let condition = self.within(at, "/if")?;
            let node = self.node_of(condition)?;
            when.push((node, self.marks_of(condition, true, depth + 1)?));
            for (keyword, list) in [("then", &mut when), ("else", &mut unless)] {
                if keywords.contains_key(keyword) {
                    let within = self.within(at, &format!("/{keyword}"))?;
                    list.push((node, self.marks_of(within, true, depth + 1)?));
                }
            }
        }
        for (name, within) in self.dependent_schemas(at)? {
            let inner = self.marks_of(within, true, depth + 1)?;
            with.push((name.into(), inner));
        }
        marks.when = when.into();
        marks.unless = unless.into();
        marks.with = with.into();
        Ok(())
    }
}
