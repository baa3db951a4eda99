/// How a JSON Schema is read. The default: draft 2020-12 where `$schema` names none, `format` an
/// annotation, no further documents.
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing until a schema is read with them"]
pub struct SchemaOptions {
    pub(crate) draft: Draft,
    pub(crate) formats: bool,
    pub(crate) documents: Vec<(String, String)>,
}

/// A draft of JSON Schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Draft {
    /// Draft 4.
    V4,
    /// Draft 6.
    V6,
    /// Draft 7.
    V7,
    /// Draft 2019-09.
    V201909,
    /// Draft 2020-12.
    #[default]
    V202012,
}

impl SchemaOptions {
    /// The default.
    pub fn new() -> Self {
        Self::default()
    }

    /// The draft of a schema that has no `$schema`.
    pub const fn draft(mut self, draft: Draft) -> Self {
        self.draft = draft;
        self
    }

    /// Asserts `format`, which otherwise is an annotation in every draft.
    ///
    /// `date`, `time`, `date-time`, `duration`, `ipv4`, `ipv6`, `uuid`, `json-pointer`,
    /// `relative-json-pointer`, `regex`, `uri`, `uri-reference` and, of drafts 4 and 6,
    /// `hostname` are [fused](crate::Engine::Fused). The other formats of the drafts need the feature `full`;
    /// names that a draft does not know say nothing.
    pub const fn assert_formats(mut self, assert: bool) -> Self {
        self.formats = assert;
        self
    }

    /// Registers a document that a `$ref` may name by `uri`. What is not registered is not
    /// found: nothing is ever fetched.
    ///
    /// All that the document refers to must be registered too, and without the feature `full` its
    /// `$schema` must name one of the [drafts](Draft), whether it is used or not. For the rest,
    /// whether it is a schema is checked where references lead into it. An error's pointer begins
    /// with its URI then.
    pub fn document(mut self, uri: impl Into<String>, text: impl Into<String>) -> Self {
        self.documents.push((uri.into(), text.into()));
        self
    }
}
