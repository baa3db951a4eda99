use outbound::paginate::Checkpoint;

use crate::output::Mark;

/// A place in a stream, between what is written and what is not.
#[derive(Default)]
pub(super) struct Place {
    /// The pages that had arrived.
    pub(super) pages: u64,
    /// The items before it.
    pub(super) items: u64,
    /// How to go on from it, for one who keeps a checkpoint that does not say so yet.
    pub(super) at: Option<(Checkpoint, Option<Mark>)>,
}
