use serde_json::{Map, Value, json};

use crate::engine::{Program, Refused};
use crate::finding::Finding;
use crate::required::{Kind, Required, State};
use crate::settings::Settings;
use crate::{Draft, Duplicates, InvalidContract, walk};

/// Strict JSON, that may have to have what some pointers require.
///
/// The engine decides, by a schema that says the same; what is wrong with a body that it refuses
/// is looked for in the words of the pointers.
#[derive(Debug)]
pub(crate) struct Strict {
    program: Program,
    required: Option<Required>,
}

impl Strict {
    /// Nothing is required.
    pub(crate) fn json() -> Self {
        Self {
            program: compile(&Value::Bool(true)).expect("`true` is a schema"),
            required: None,
        }
    }

    pub(crate) fn requiring(required: Required) -> Result<Self, InvalidContract> {
        Ok(Self {
            program: compile(&schema(&required)).map_err(|_| required.too_much())?,
            required: Some(required),
        })
    }

    pub(crate) const fn required(&self) -> Option<&Required> {
        self.required.as_ref()
    }

    /// What is wrong with `body`; nothing if it is as it has to be.
    pub(crate) fn findings(&self, body: &[u8], settings: Settings) -> Vec<Finding> {
        let is_unique = settings.duplicates == Duplicates::Reject;
        if self.program.check(body, is_unique, 1).is_ok() {
            return Vec::new();
        }
        let mut found = walk::findings(body, self.required(), settings);
        if found.is_empty() {
            // Only a body that is too long to be looked at.
            found.push(Finding::somewhere());
        }
        found
    }
}

fn compile(schema: &Value) -> Result<Program, Refused> {
    Program::compile(schema, &[], Draft::V202012, false)
}

/// What the pointers say, as a schema: one definition for each state.
fn schema(required: &Required) -> Value {
    let states = required.states().iter().enumerate();
    let definitions: Map<_, _> = states
        .map(|(index, state)| (index.to_string(), definition(state)))
        .collect();
    json!({ "$ref": "#/$defs/0", "$defs": definitions })
}

fn definition(state: &State) -> Value {
    let refer = |state: usize| json!({ "$ref": format!("#/$defs/{state}") });
    let mut schema = Map::new();
    if let Some(types) = types(state) {
        if types.is_empty() {
            return Value::Bool(false);
        }
        schema.insert("type".to_owned(), json!(types));
    }
    if !state.keys.is_empty() {
        let names: Vec<_> = state.keys.iter().map(|member| &*member.name).collect();
        schema.insert("required".to_owned(), json!(names));
        let members = state.keys.iter();
        let members: Map<_, _> = members
            .map(|member| (member.name.to_string(), refer(member.state)))
            .collect();
        schema.insert("properties".to_owned(), members.into());
    }
    let others = state.elements.map_or(Value::Bool(true), refer);
    let count = state.elements();
    if count > 0 {
        let mut elements = vec![others.clone(); count];
        for element in &state.indices {
            elements[element.index] = refer(element.state);
        }
        schema.insert("prefixItems".to_owned(), elements.into());
        schema.insert("minItems".to_owned(), json!(count));
    }
    schema.insert("items".to_owned(), others);
    schema.into()
}

/// The types in which a value can be what is asked of it; `None` if that is any.
fn types(state: &State) -> Option<Vec<&'static str>> {
    let mut allowed: Vec<Kind> = Kind::ALL.into();
    let is_free = state.kinds.is_empty() && state.every.is_none() && state.keys.is_empty();
    if is_free {
        return None;
    }
    for (kind, _) in &state.kinds {
        allowed.retain(|allowed| {
            allowed == kind || (*allowed, *kind) == (Kind::Integer, Kind::Number)
        });
    }
    if state.every.is_some() {
        allowed.retain(|kind| *kind == Kind::Array);
    }
    if !state.keys.is_empty() {
        let is_array_allowed = state.keys.iter().all(|member| member.is_index);
        allowed.retain(|kind| match kind {
            Kind::Object => true,
            Kind::Array => is_array_allowed,
            _ => false,
        });
    }
    Some(allowed.iter().map(|kind| kind.name()).collect())
}
