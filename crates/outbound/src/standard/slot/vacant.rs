use tower_layer::Identity;

/// What stands in a slot of the [standard stack](crate::Standard) that was given nothing yet.
///
/// There is nothing to implement: a second layer would quietly replace the first.
#[diagnostic::on_unimplemented(
    message = "this slot of the standard stack has a layer already",
    label = "a second layer would replace the first",
    note = "several go in at once: as a pair, or by `ServiceBuilder::into_inner`"
)]
pub trait Vacant {}

impl Vacant for Identity {}
