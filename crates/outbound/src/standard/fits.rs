use outbound_auth::{AuthLayer, StaticAuthLayer};
use outbound_http::{CollectLayer, DeadlineLayer, IdleTimeoutLayer};
use outbound_paginate::PaginateLayer;
use outbound_retry::{IdempotencyKeyLayer, RetryLayer};
use outbound_schema::ValidateLayer;

use super::slot::{Auth, Body, Contract, PerCall, PerTry};
use crate::base_url::BaseUrlLayer;

/// A layer that may stand in the slot `P` of the [standard stack](crate::Standard): any, but
/// those of outbound whose place is another.
///
/// There is nothing to implement. `M` is inferred as [`Yours`]; where it [`BelongsElsewhere`] as well,
/// it cannot be, and the stack does not compile ("type annotations needed"). So of retries around the
/// contract:
///
/// ```compile_fail,E0283
/// use outbound::{retry::RetryLayer, standard};
///
/// let _ = standard().per_call(RetryLayer::new()); // its place is `.retry(..)`
/// ```
///
/// Which layers do harm where is told by [`guide::order`](crate::guide::order). Who knows better says so:
/// `per_call::<_, Yours>(..)`. A layer that is made of several (a `ServiceBuilder`, a tuple) is not
/// looked into.
pub trait Fits<P, M> {}

/// How a layer fits: nothing is known against it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Yours;

/// How a layer does not fit: the standard stack has another place for it.
#[derive(Debug)]
#[non_exhaustive]
pub struct BelongsElsewhere;

impl<L, P> Fits<P, Yours> for L {}
// Two ways to fit are one too many for the compiler to choose from: that is what refuses a layer.
impl<L: Misplaced<P>, P> Fits<P, BelongsElsewhere> for L {}

/// A layer that would do harm in the slot `P`; `outbound::guide::order` says what.
#[allow(unnameable_types)] // That is what seals it.
pub trait Misplaced<P> {}

macro_rules! misplaced {
    (@ [$($parameter:ident),*] $layer:ty, $slot:ident) => {
        impl<$($parameter),*> Misplaced<$slot> for $layer {}
    };
    ($($parameters:tt $layer:ty: $($slot:ident)*;)*) => {
        $($(misplaced!(@ $parameters $layer, $slot);)*)*
    };
}

misplaced! {
    [] BaseUrlLayer: PerCall Contract Auth Body PerTry;
    [P, X] PaginateLayer<P, X>: PerCall Contract Auth Body PerTry;
    [M, R] ValidateLayer<M, R>: PerCall Auth Body PerTry;
    [] DeadlineLayer: Contract Auth Body;
    [] IdempotencyKeyLayer: PerCall Contract Auth Body PerTry;
    [R, C, K] RetryLayer<R, C, K>: PerCall Contract Auth Body PerTry;
    [A, R] AuthLayer<A, R>: PerCall Contract Body PerTry;
    [] StaticAuthLayer: PerCall Contract Body PerTry;
    [] CollectLayer: PerCall Contract Auth PerTry;
    [] IdleTimeoutLayer: PerCall Contract Auth PerTry;
}
