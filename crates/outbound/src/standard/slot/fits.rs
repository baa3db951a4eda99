use std::marker::PhantomData;

use outbound_auth::{AuthLayer, StaticAuthLayer};
use outbound_http::{CollectLayer, DeadlineLayer, IdleTimeoutLayer};
use outbound_paginate::PaginateLayer;
use outbound_retry::{IdempotencyKeyLayer, RetryLayer};
use outbound_schema::ValidateLayer;
use tower_layer::Stack;

use super::names::{Auth, Body, Contract, PerCall, PerTry};
use crate::base_url::BaseUrlLayer;
use crate::span::AttemptSpanLayer;

/// A layer that may stand in the slot `P` of the [standard stack](crate::Standard): any, but
/// those of outbound whose place is another.
///
/// There is nothing to implement. `M` is inferred as [`Yours`]; where a layer [`BelongsElsewhere`] as
/// well, or is [`NotStrict`], it cannot be, and the stack does not compile ("type annotations needed").
/// So of retries around the contract, and of a credential that would quietly not be sent:
///
/// ```compile_fail,E0283
/// use outbound::{retry::RetryLayer, standard};
///
/// let _ = standard().per_call(RetryLayer::new()); // its place is `.retry(..)`
/// ```
///
/// ```compile_fail,E0283
/// use outbound::auth::{AuthLayer, Scope};
/// use outbound::standard;
///
/// let scope = Scope::origin("https://api.example.com").unwrap();
/// let _ = standard().auth(AuthLayer::bearer(scope, "token").unwrap()); // without `.strict()`
/// ```
///
/// Which layers do harm where is told by [`guide::order`](crate::guide::order). Who knows better says so:
/// `per_call::<_, Yours>(..)`. Of a layer that is made of several all are looked at, in pairs and triples
/// and in what `ServiceBuilder::into_inner` gives; a longer tuple, the builder itself, a layer that is boxed,
/// optional or made by a function and a type of your own that has one within are not looked into: what is in
/// those is for you to know.
///
/// ```compile_fail,E0283
/// use outbound::{retry::RetryLayer, standard};
/// use tower::ServiceBuilder;
///
/// let layers = ServiceBuilder::new().concurrency_limit(8).layer(RetryLayer::new());
/// let _ = standard().per_call(layers.into_inner());
/// ```
///
/// ```compile_fail,E0283
/// let _ = outbound::standard().per_try(outbound::standard()); // retries of retries
/// ```
///
/// ```compile_fail,E0283
/// use outbound::auth::{AuthLayer, Scope};
/// use outbound::standard;
///
/// let scope = Scope::origin("https://api.example.com").unwrap();
/// let token = AuthLayer::bearer(scope.clone(), "token").unwrap(); // without `.strict()`
/// let key = AuthLayer::header(scope, "x-api-key", "key").unwrap().strict();
/// let _ = standard().auth((token, key));
/// ```
///
/// ```compile_fail,E0283
/// let retry = outbound::retry::RetryLayer::new();
/// let _ = outbound::standard().per_call(&retry); // a reference is a layer too
/// ```
pub trait Fits<P, M> {}

/// How a layer fits: nothing is known against it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Yours;

/// How a layer does not fit: the standard stack has another place for it, or it is [`NotStrict`]. `W` tells
/// which it is in a layer of layers.
#[derive(Debug)]
pub struct BelongsElsewhere<W = Itself>(PhantomData<W>);

/// The layer itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct Itself;

/// The first of a tuple, the inner one of a [`Stack`].
#[derive(Debug)]
pub struct First<W>(PhantomData<W>);

/// The second of a tuple, the outer one of a [`Stack`].
#[derive(Debug)]
pub struct Second<W>(PhantomData<W>);

/// The third of a tuple.
#[derive(Debug)]
pub struct Third<W>(PhantomData<W>);

/// How a static credential fits without [`strict`](StaticAuthLayer::strict): a request out of its scope
/// would go without it, and what one sees is the API's 401.
#[derive(Debug)]
#[non_exhaustive]
pub struct NotStrict;

impl<L, P> Fits<P, Yours> for L {}
// By itself it is refused by a name that says what it lacks.
impl Fits<Auth, NotStrict> for StaticAuthLayer {}
// Two ways to fit are one too many for the compiler to choose from: that is what refuses a layer.
impl<L: Misplaced<P, W>, P, W> Fits<P, BelongsElsewhere<W>> for L {}

/// A layer that would do harm in the slot `P`; `outbound::guide::order` says what. `W` tells where in
/// a layer of layers it is.
#[allow(unnameable_types)] // That is what seals it.
pub trait Misplaced<P, W> {}

macro_rules! misplaced {
    (@ [$($parameter:ident),*] $layer:ty, $slot:ident) => {
        impl<$($parameter),*> Misplaced<$slot, Itself> for $layer {}
    };
    ($($parameters:tt $layer:ty: $($slot:ident)*;)*) => {
        $($(misplaced!(@ $parameters $layer, $slot);)*)*
    };
}

misplaced! {
    [] AttemptSpanLayer: PerCall Contract Auth Body PerTry;
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

// In a layer of layers too.
impl Misplaced<Auth, NotStrict> for StaticAuthLayer {}

impl<L: Misplaced<P, W>, P, W> Misplaced<P, W> for &L {}
impl<A: Misplaced<P, W>, B, P, W> Misplaced<P, First<W>> for (A, B) {}
impl<A, B: Misplaced<P, W>, P, W> Misplaced<P, Second<W>> for (A, B) {}
impl<A: Misplaced<P, W>, B, C, P, W> Misplaced<P, First<W>> for (A, B, C) {}
impl<A, B: Misplaced<P, W>, C, P, W> Misplaced<P, Second<W>> for (A, B, C) {}
impl<A, B, C: Misplaced<P, W>, P, W> Misplaced<P, Third<W>> for (A, B, C) {}
impl<A: Misplaced<P, W>, B, P, W> Misplaced<P, First<W>> for Stack<A, B> {}
impl<A, B: Misplaced<P, W>, P, W> Misplaced<P, Second<W>> for Stack<A, B> {}
