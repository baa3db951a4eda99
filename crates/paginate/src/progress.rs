use crate::strategy::Total;

/// How far a stream has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Pages that arrived whole.
    pub pages: u64,
    /// Items handed out; in a stream of pages, those of the pages handed out, or the
    /// pages themselves where it is not known where the items are.
    pub items: u64,
    /// Bytes of page bodies that arrived.
    pub bytes: u64,
    /// Items over all pages, as the newest page that told said.
    pub total: Option<Total>,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// With the last page.
    Complete,
    /// At a limit of pages or items, with more to come as far as is known.
    Limited,
    /// Where the server began to repeat itself, under
    /// [`OnRepeat::End`](crate::OnRepeat::End).
    Repeated,
    /// With an error.
    Failed,
}
