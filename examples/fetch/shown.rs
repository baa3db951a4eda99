//! What is shown of the progress.

use crate::args::Progress;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Nothing,
    /// A line now and then.
    Lines,
    /// A bar that is drawn in place.
    Bar,
}

impl Shown {
    /// For `progress`, with stderr and the items on a terminal or not.
    ///
    /// Where items scroll by there is no bar: they would be appended to one that is half drawn.
    pub(crate) const fn of(progress: Progress, stderr: bool, items: bool) -> Self {
        match (progress, stderr, items) {
            (Progress::Auto | Progress::Always, true, false) => Self::Bar,
            (Progress::Always, ..) => Self::Lines,
            (Progress::Auto | Progress::Never, ..) => Self::Nothing,
        }
    }
}
