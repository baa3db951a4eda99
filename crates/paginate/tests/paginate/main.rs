//! Pages: what a user may rely on.

#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "../support/mod.rs"]
mod support;

mod circles;
mod clamped;
mod counted;
mod guards;
mod home;
mod links;
mod pages;
mod ranges;
mod tokens;

use outbound_paginate::Page;

use crate::support::{api, json};

fn bodies(pages: &[Page]) -> Vec<&str> {
    pages
        .iter()
        .map(|page| std::str::from_utf8(&page.body).unwrap())
        .collect()
}

fn numbered(items: &'static [&'static str]) -> support::Api {
    api(move |_, n| json(format!(r#"{{"items":[{}]}}"#, items.get(n).unwrap_or(&""))))
}
