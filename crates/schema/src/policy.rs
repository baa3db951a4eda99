/// What a violation does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// The message is withheld.
    #[default]
    Enforce,
    /// The message is handed on as if there were no contract, frame by frame as it arrives;
    /// the violation is only [told](crate::ValidateLayer::on_violation).
    Report,
}

/// What becomes of messages to which a contract cannot be applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // There is no third way.
pub enum Otherwise {
    /// They pass as they are, and are [counted](crate::ValidateLayer::on_skip).
    #[default]
    Pass,
    /// They are treated as a violation.
    Refuse,
}

/// What becomes of a body whose content type is missing or not JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtherMedia {
    /// It breaks the contract.
    #[default]
    Refuse,
    /// It passes as it is, and is [counted](crate::ValidateLayer::on_skip). Who chooses the
    /// content type then chooses whether the contract holds.
    Pass,
    /// It is held to the contract all the same, for APIs that label JSON as text.
    Check,
}
