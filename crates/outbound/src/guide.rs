//! What to choose when, and what goes wrong: prose, and nothing to call.
//!
//! Four chapters, one for each concern:
//!
//! - [`credentials`]: which kind, where it may go, when it is renewed;
//! - [`retries`]: what is sent again, how often, and how to say otherwise;
//! - [`pages`]: how an API tells of its next page, and how a walk ends, fails and goes on;
//! - [`contracts`]: what a body is held to, and what a breach does.
//!
//! And what concerns all of them: [`order`] of the layers, [`testing`] without a socket,
//! [`migration`] from what you have now, and questions that are often asked: [`faq`].
//!
//! All code in here is compiled and run.

#[doc = include_str!("docs/guide/contracts.md")]
pub mod contracts {}

#[doc = include_str!("docs/guide/credentials.md")]
pub mod credentials {}

#[doc = include_str!("docs/guide/faq.md")]
pub mod faq {}

#[doc = include_str!("docs/guide/migration.md")]
pub mod migration {}

#[doc = include_str!("docs/guide/order.md")]
pub mod order {}

#[doc = include_str!("docs/guide/pages.md")]
pub mod pages {}

#[doc = include_str!("docs/guide/retries.md")]
pub mod retries {}

#[doc = include_str!("docs/guide/testing.md")]
pub mod testing {}
