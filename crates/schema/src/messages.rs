/// Responses are held to their contracts.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Responses;

/// Requests are held to their contracts.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Requests;
