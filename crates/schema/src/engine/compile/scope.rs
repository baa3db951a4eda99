//! Dynamic scopes: what each dynamic anchor means, known while compiling, since it depends on
//! nothing but the way that references took.

use std::collections::HashMap;

use crate::engine::documents::SchemaId;

/// By name, the outermost schema with such an anchor.
type Scope = Vec<(String, SchemaId)>;

/// Scopes, each once; number 0 is the empty one.
#[derive(Debug)]
pub(super) struct Scopes {
    scopes: Vec<Scope>,
    ids: HashMap<Scope, u32>,
}

impl Default for Scopes {
    fn default() -> Self {
        Self {
            scopes: vec![Scope::new()],
            ids: HashMap::from([(Scope::new(), 0)]),
        }
    }
}

impl Scopes {
    /// `scope` within which these anchors are met; what it has already stays.
    pub(super) fn extend(&mut self, scope: u32, anchors: &[(String, SchemaId)]) -> u32 {
        let mut extended = self.scopes[scope as usize].clone();
        for (name, schema) in anchors {
            if self.find(scope, name).is_none() {
                extended.push((name.clone(), *schema));
            }
        }
        if extended.len() == self.scopes[scope as usize].len() {
            return scope;
        }
        extended.sort_unstable();
        if let Some(known) = self.ids.get(&extended) {
            return *known;
        }
        let id = u32::try_from(self.scopes.len()).unwrap_or(u32::MAX);
        self.scopes.push(extended.clone());
        self.ids.insert(extended, id);
        id
    }

    /// The outermost schema with this anchor.
    pub(super) fn find(&self, scope: u32, name: &str) -> Option<SchemaId> {
        let scope = self.scopes.get(scope as usize)?;
        let found = scope.iter().find(|(known, _)| known == name)?;
        Some(found.1)
    }
}
