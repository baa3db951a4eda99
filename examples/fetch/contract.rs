//! The contracts of a plan: one for whole pages, one for items.

use std::cmp::Ordering;
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use http::StatusCode;
use outbound::BoxError;
use outbound::schema::{
    Contract, Contracts, Draft, Mode, OtherMedia, SchemaOptions, ValidateLayer, Violation,
};

use crate::args::{self, ContractMode};
use crate::console::Console;
use crate::plan::ContractPlan;
use crate::summary::Counters;

/// The layer that holds whole pages to their contract, if they have one.
pub(crate) fn page_contract(
    plan: &ContractPlan,
    counters: &Counters,
    console: &Console,
) -> Result<Option<ValidateLayer>, String> {
    let mut contracts = Vec::new();
    if let Some(path) = &plan.schema {
        contracts.push(schema("--schema", path, plan)?);
    }
    if !plan.require.is_empty() {
        let required = Contract::required(plan.require.iter().map(String::as_str));
        contracts.push(required.map_err(|error| format!("--require: {error}"))?);
    }
    if contracts.is_empty() {
        return Ok(None);
    }
    let contract = Contract::all(contracts);
    // A page of a range is a body of its own.
    let contracts = Contracts::from(contract.clone())
        .status(StatusCode::PARTIAL_CONTENT, contract)
        // A page without items, as a 204 is.
        .allow_empty();
    let breaches = Breaches::new(plan.mode, counters, console);
    Ok(Some(
        ValidateLayer::new(contracts)
            .mode(match plan.mode {
                ContractMode::Enforce => Mode::Enforce,
                ContractMode::Report => Mode::Report,
            })
            // Whatever it is labelled as: pages are read as JSON in any case.
            .other_media(OtherMedia::Check)
            // The layer beneath has bounded and collected it.
            .limit(usize::MAX)
            .on_violation(move |violation: &Violation| {
                breaches.count(violation, || "a page".to_owned())
            }),
    ))
}

/// Holds items to their contract, one by one.
pub(crate) struct ItemContract {
    contract: Option<Contract>,
    breaches: Breaches,
    seen: u64,
}

impl ItemContract {
    pub(crate) fn read(
        plan: &ContractPlan,
        counters: &Counters,
        console: &Console,
    ) -> Result<Self, String> {
        let contract = match &plan.item_schema {
            Some(path) => Some(schema("--item-schema", path, plan)?),
            None => None,
        };
        Ok(Self::new(contract, plan.mode, counters, console))
    }

    pub(crate) fn new(
        contract: Option<Contract>,
        mode: ContractMode,
        counters: &Counters,
        console: &Console,
    ) -> Self {
        Self {
            contract,
            breaches: Breaches::new(mode, counters, console),
            seen: 0,
        }
    }

    /// Fails where the contract is enforced and `item` breaks it.
    pub(crate) fn check(&mut self, item: &[u8]) -> Result<(), BoxError> {
        self.seen += 1;
        let Some(contract) = &self.contract else {
            return Ok(());
        };
        let Err(violation) = contract.check(item) else {
            return Ok(());
        };
        let seen = self.seen;
        self.breaches.count(&violation, || format!("item {seen}"));
        match self.breaches.mode {
            ContractMode::Enforce => Err(violation.into()),
            ContractMode::Report => Ok(()),
        }
    }
}

/// Breaches that are told of, so that a long drain does not flood the terminal.
const MOST_TOLD: u64 = 10;

/// Counts what broke, and tells of it where the drain goes on.
#[derive(Clone)]
struct Breaches {
    mode: ContractMode,
    counters: Counters,
    console: Console,
}

impl Breaches {
    fn new(mode: ContractMode, counters: &Counters, console: &Console) -> Self {
        Self {
            mode,
            counters: counters.clone(),
            console: console.clone(),
        }
    }

    fn count(&self, violation: &Violation, what: impl FnOnce() -> String) {
        let before = self.counters.violations().fetch_add(1, Relaxed);
        if self.mode == ContractMode::Report {
            match before.cmp(&MOST_TOLD) {
                Ordering::Less => self.console.remark(&format!(
                    "{} broke the contract; counted and kept: {violation}",
                    what()
                )),
                Ordering::Equal => self
                    .console
                    .remark("further breaches of the contract are only counted"),
                Ordering::Greater => {}
            }
        }
    }
}

fn schema(option: &str, path: &Path, plan: &ContractPlan) -> Result<Contract, String> {
    let named = |error: &dyn std::fmt::Display| format!("{option} {}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| named(&error))?;
    Contract::schema_with(&text, &schema_options(plan)).map_err(|error| named(&error))
}

fn schema_options(plan: &ContractPlan) -> SchemaOptions {
    SchemaOptions::new()
        .assert_formats(plan.formats)
        .draft(match plan.draft {
            args::Draft::Draft4 => Draft::V4,
            args::Draft::Draft6 => Draft::V6,
            args::Draft::Draft7 => Draft::V7,
            args::Draft::Draft201909 => Draft::V201909,
            args::Draft::Draft202012 => Draft::V202012,
        })
}
