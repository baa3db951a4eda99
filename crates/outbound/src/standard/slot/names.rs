/// [`Standard::per_call`](crate::Standard::per_call).
#[derive(Debug)]
#[non_exhaustive]
pub struct PerCall;

/// [`Standard::contract`](crate::Standard::contract).
#[derive(Debug)]
#[non_exhaustive]
pub struct Contract;

/// [`Standard::auth`](crate::Standard::auth).
#[derive(Debug)]
#[non_exhaustive]
pub struct Auth;

/// [`Standard::body`](crate::Standard::body).
#[derive(Debug)]
#[non_exhaustive]
pub struct Body;

/// [`Standard::per_try`](crate::Standard::per_try).
#[derive(Debug)]
#[non_exhaustive]
pub struct PerTry;
