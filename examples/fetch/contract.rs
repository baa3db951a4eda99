//! The contracts of a plan: one for whole pages, one for items.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use outbound::BoxError;
use outbound::schema::{Contract, Draft, Mode, SchemaOptions, ValidateLayer, Violation};

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
        contracts.push(schema(path, plan)?);
    }
    if !plan.require.is_empty() {
        let required = Contract::required(plan.require.iter().map(String::as_str));
        contracts.push(required.map_err(|error| format!("--require: {error}"))?);
    }
    if contracts.is_empty() {
        return Ok(None);
    }
    let breaches = Breaches::new(counters, console);
    Ok(Some(
        ValidateLayer::new(Contract::all(contracts))
            .mode(match plan.mode {
                ContractMode::Enforce => Mode::Enforce,
                ContractMode::Report => Mode::Report,
            })
            .on_violation(move |violation: &Violation| breaches.count("a page", violation)),
    ))
}

/// Holds items to their contract, one by one.
pub(crate) struct ItemContract {
    contract: Option<Contract>,
    enforce: bool,
    breaches: Breaches,
}

impl ItemContract {
    pub(crate) fn read(
        plan: &ContractPlan,
        counters: &Counters,
        console: &Console,
    ) -> Result<Self, String> {
        let contract = match &plan.item_schema {
            Some(path) => Some(schema(path, plan)?),
            None => None,
        };
        let enforce = plan.mode == ContractMode::Enforce;
        Ok(Self::new(contract, enforce, counters, console))
    }

    pub(crate) fn new(
        contract: Option<Contract>,
        enforce: bool,
        counters: &Counters,
        console: &Console,
    ) -> Self {
        Self {
            contract,
            enforce,
            breaches: Breaches::new(counters, console),
        }
    }

    /// Fails where the contract is enforced and `item` breaks it.
    pub(crate) fn check(&self, item: &[u8]) -> Result<(), BoxError> {
        let Some(contract) = &self.contract else {
            return Ok(());
        };
        let Err(violation) = contract.check(item) else {
            return Ok(());
        };
        self.breaches.count("an item", &violation);
        if self.enforce {
            return Err(violation.into());
        }
        Ok(())
    }
}

/// Counts and tells what broke.
#[derive(Clone)]
struct Breaches {
    counters: Counters,
    console: Console,
}

impl Breaches {
    fn new(counters: &Counters, console: &Console) -> Self {
        Self {
            counters: counters.clone(),
            console: console.clone(),
        }
    }

    fn count(&self, what: &str, violation: &Violation) {
        self.counters.violations().fetch_add(1, Relaxed);
        self.console
            .note(|| format!("{what} broke the contract; counted and kept: {violation}"));
    }
}

fn schema(path: &Path, plan: &ContractPlan) -> Result<Contract, String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
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
