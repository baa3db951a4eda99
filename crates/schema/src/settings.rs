/// What a key means that stands twice in one object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Duplicates {
    /// A violation: parsers differ in which of the two they read.
    #[default]
    Reject,
    /// Nothing; the contract is held against the last of them. A
    /// [Rust type](crate::Contract::of) refuses two of a field all the same.
    Allow,
}

/// How a text is checked, whatever the rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) duplicates: Duplicates,
    /// Most findings that are looked for.
    pub(crate) most: usize,
    /// Bytes of the value that are shown, if any.
    pub(crate) excerpt: Option<usize>,
}
