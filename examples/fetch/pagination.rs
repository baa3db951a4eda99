//! The layer of pages, as the options want it.

use outbound::paginate::{OnRepeat, OriginPolicy, PaginateLayer};

use crate::args::{self, OriginRule};
use crate::plan::{PagesPlan, Plan};
use crate::strategy::AnyStrategy;

/// How many pages in a row may be without items: the fiftieth is refused.
const MOST_EMPTY_PAGES: u64 = 49;

/// The layer of pages, with its limits and guards.
pub(crate) fn layer(plan: &Plan, strategy: AnyStrategy) -> PaginateLayer<AnyStrategy> {
    let PagesPlan {
        max_pages,
        max_items,
        max_body,
        origin,
        on_repeat,
        ..
    } = &plan.pages;
    let origin = match origin {
        OriginRule::Rebase => OriginPolicy::Rebase,
        OriginRule::Deny if plan.credential.allow_origins.is_empty() => OriginPolicy::Deny,
        OriginRule::Deny => OriginPolicy::Allow(plan.credential.allow_origins.clone()),
    };
    // What the server repeats of a key in its next URLs is not for the disk.
    let keys = plan
        .credential
        .query_keys
        .iter()
        .map(|(name, _)| name.as_str());
    // A page whose body broke was processed.
    let refetches = match plan.request.is_repeatable(plan.retry.idempotent) {
        true => plan.retry.retries,
        false => 0,
    };
    let mut layer = PaginateLayer::new(strategy)
        .refetch(refetches)
        .secret_query(keys)
        .max_page_bytes(*max_body)
        .max_item_bytes(*max_body)
        .origin(origin)
        .max_empty_pages(MOST_EMPTY_PAGES)
        .allow_empty()
        .on_repeat(match on_repeat {
            args::OnRepeat::Error => OnRepeat::Error,
            args::OnRepeat::End => OnRepeat::End,
            args::OnRepeat::Allow => OnRepeat::Allow,
        });
    if let Some(pages) = max_pages {
        layer = layer.max_pages(*pages);
    }
    if let Some(items) = max_items {
        layer = layer.max_items(*items);
    }
    layer
}
