//! What both grants let their user set.

use std::fmt;
use std::time::Duration;

use super::form;

/// A shorter value of a parameter is taken for no secret: it may be a part of any word.
const SHORTEST_SECRET: usize = 8;

#[derive(Clone, Default)]
pub(super) struct Settings {
    pub(super) scope: Option<String>,
    pub(super) parameters: Vec<(String, String)>,
    /// The life of a token whose answer tells none.
    pub(super) assumed: Option<Duration>,
}

impl Settings {
    /// The fields of the form, without those of the client.
    pub(super) fn fields<'a>(&'a self, grant_type: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut fields = vec![("grant_type", grant_type)];
        fields.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        let parameters = self.parameters.iter();
        fields.extend(parameters.map(|(name, value)| (name.as_str(), value.as_str())));
        fields
    }

    /// Whether `text` repeats the value of a parameter, which may be an assertion or a password.
    pub(super) fn leaks(&self, text: &str) -> bool {
        let values = self.parameters.iter().map(|(_, value)| value);
        values
            .filter(|value| value.len() >= SHORTEST_SECRET)
            .any(|value| text.contains(value) || text.contains(&form::encode(value)))
    }
}

/// Without the values of parameters, one of which may be an assertion.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("Settings")
            .field("scope", &self.scope)
            .field("parameters", &parameters)
            .field("assumed", &self.assumed)
            .finish()
    }
}
