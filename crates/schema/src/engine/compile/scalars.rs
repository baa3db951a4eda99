//! Bounds of numbers, and values that are listed.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::said::Own;
use crate::engine::equal::values_equal;
use crate::engine::multiple::Divisor;
use crate::engine::number::Number;
use crate::engine::program::{Bounds, Interval, Limit, Values};

/// What two lists share. Strings and numbers, of which lists may be long, are looked up.
pub(super) fn listed_in_both<'d>(mut left: Vec<&'d Value>, right: &[&Value]) -> Vec<&'d Value> {
    let strings: HashSet<&str> = right.iter().filter_map(|value| value.as_str()).collect();
    let mut numbers: Vec<Number> = right.iter().filter_map(|value| Number::of(value)).collect();
    numbers.sort_unstable_by(|one, other| one.compare(*other));
    left.retain(|value| match (value, Number::of(value)) {
        (Value::String(text), _) => strings.contains(&**text),
        (_, Some(number)) => {
            let order = |known: &Number| known.compare(number);
            numbers.binary_search_by(order).is_ok()
        }
        _ => right.iter().any(|other| values_equal(value, other)),
    });
    left
}

/// What `enum` and `const` list.
pub(super) fn listed(is_draft_4: bool, keywords: &Map<String, Value>) -> Option<Vec<&Value>> {
    let all = keywords.get("enum").and_then(Value::as_array);
    let one = keywords.get("const").filter(|_| !is_draft_4);
    match (all, one) {
        (None, None) => None,
        (Some(all), None) => Some(all.iter().collect()),
        (None, Some(one)) => Some(vec![one]),
        (Some(all), Some(one)) => Some(
            all.iter()
                .filter(|value| values_equal(value, one))
                .collect(),
        ),
    }
}

pub(super) fn add_bounds(is_draft_4: bool, keywords: &Map<String, Value>, own: &mut Own<'_>) {
    let number = |keyword: &str| keywords.get(keyword).and_then(Number::of);
    let is_true = |keyword: &str| keywords.get(keyword) == Some(&Value::Bool(true));
    let mut bounds = Bounds::default();
    for (keyword, exclusive, is_least) in [
        ("minimum", "exclusiveMinimum", true),
        ("maximum", "exclusiveMaximum", false),
    ] {
        let limits = if is_draft_4 {
            let is_exclusive = is_true(exclusive);
            [
                number(keyword).map(|value| Limit {
                    value,
                    is_exclusive,
                }),
                None,
            ]
        } else {
            [
                number(keyword).map(|value| Limit {
                    value,
                    is_exclusive: false,
                }),
                number(exclusive).map(|value| Limit {
                    value,
                    is_exclusive: true,
                }),
            ]
        };
        for limit in limits.into_iter().flatten() {
            bounds.tighten(limit, is_least);
        }
    }
    let divisor = keywords.get("multipleOf").and_then(Value::as_f64);
    bounds.divisors = divisor.map(Divisor::new).into_iter().collect();
    if bounds.least.is_none() && bounds.most.is_none() && bounds.divisors.is_empty() {
        return;
    }
    let all = own.bounds.get_or_insert_default();
    if let Some(least) = bounds.least {
        all.tighten(least, true);
    }
    if let Some(most) = bounds.most {
        all.tighten(most, false);
    }
    all.divisors = all
        .divisors
        .iter()
        .chain(&bounds.divisors)
        .copied()
        .collect();
}

impl Bounds {
    fn tighten(&mut self, limit: Limit, is_least: bool) {
        let slot = if is_least {
            &mut self.least
        } else {
            &mut self.most
        };
        let is_tighter = slot.is_none_or(|known| {
            let order = limit.value.compare(known.value);
            let order = if is_least { order } else { order.reverse() };
            order.is_gt() || order.is_eq() && limit.is_exclusive
        });
        if is_tighter {
            *slot = Some(limit);
        }
    }
}

/// Notes what lies between the limits.
pub(super) fn with_inner(mut bounds: Bounds) -> Bounds {
    let edge = |limit: Option<Limit>, none: f64| {
        let edge = limit.map_or(none, |limit| limit.value.as_f64());
        // A limit that no float holds is rounded, and not its own edge.
        let is_edge = limit
            .is_some_and(|limit| !limit.is_exclusive && limit.value.equals(Number::Float(edge)));
        (edge, is_edge)
    };
    let (low, has_low) = edge(bounds.least, f64::NEG_INFINITY);
    let (high, has_high) = edge(bounds.most, f64::INFINITY);
    bounds.inner = Interval {
        low,
        high,
        has_low,
        has_high,
    };
    bounds
}

/// Sorts the values by what they are.
pub(super) fn values(listed: &[&Value]) -> Values {
    let mut values = Values::default();
    let (mut numbers, mut strings, mut trees) = (Vec::new(), Vec::new(), Vec::new());
    for value in listed {
        match value {
            Value::Null => values.null = true,
            Value::Bool(true) => values.yes = true,
            Value::Bool(false) => values.no = true,
            Value::Number(_) => numbers.extend(Number::of(value)),
            Value::String(text) => strings.push(text.as_str().into()),
            Value::Array(_) | Value::Object(_) => trees.push((*value).clone()),
        }
    }
    numbers.sort_unstable_by(|one: &Number, other| one.compare(*other));
    strings.sort_unstable();
    strings.dedup();
    values.numbers = numbers.into();
    values.strings = strings.into();
    values.trees = trees.into();
    values
}
