use crate::failure::Failure;
use crate::output::Refused;

/// Why a drain ended early.
pub(super) enum Stop {
    /// Nobody reads the output any more.
    Closed,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Closed => Self::Closed,
            Refused::Failed(error) => Self::Failed(Failure::writing(&error)),
        }
    }
}
