use crate::Contracts;

/// What a selector says of a request.
pub(crate) enum Selected {
    Contracts(Contracts),
    /// Its messages pass.
    Nothing,
    /// They must have a route, and have none.
    Refused,
}
