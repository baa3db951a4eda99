//! The same verdicts as the `jsonschema` crate, on schemas and bodies at random, on mutants of both,
//! and on what both hardly come upon.
//!
//! `cargo test --release -p outbound-schema --features full --test differential -- --nocapture`
//! runs it; `DIFFERENTIAL_PAIRS` says how many pairs of schema and body (default 20 000), and
//! `DIFFERENTIAL_SEED` with which seed (default 1).

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod corners;
mod documents;
mod embedded;
mod invalid;
mod mutants;
mod numbers;
mod patterns;
mod random;
mod schemas;
mod texts;

use jsonschema::{PatternOptions, Validator};
use outbound_schema::{Contract, Duplicates, Engine, SchemaOptions};
use serde_json::Value;

use self::random::Random;
use self::schemas::{DRAFTS, Schemas, value};

const DEFAULT_PAIRS: usize = 20_000;
const BODIES_OF_A_SCHEMA: usize = 24;
/// So many are told of.
const MOST_TOLD: usize = 12;

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[derive(Debug, Default)]
struct Tally {
    schemas: usize,
    invalid_schemas: usize,
    fallen_back: usize,
    pairs: usize,
    accepted: usize,
    texts: usize,
    /// Refused without telling where.
    unplaced: Vec<String>,
    mismatches: Vec<String>,
}

fn oracle(schema: &Value, formats: bool) -> Result<Validator, String> {
    jsonschema::options()
        .offline()
        .should_validate_formats(formats)
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .map_err(|error| format!("{}: {error}", error.instance_path()))
}

#[test]
fn every_verdict_is_that_of_jsonschema() {
    let pairs = setting("DIFFERENTIAL_PAIRS", DEFAULT_PAIRS);
    let seed = setting("DIFFERENTIAL_SEED", 1) as u64;
    let mut tally = Tally::default();
    let mut round = 0;
    while tally.pairs + tally.texts < pairs && tally.mismatches.len() < MOST_TOLD {
        round += 1;
        let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(round));
        check_one(&mut random, &mut tally);
    }
    println!(
        "seed {seed}: {} schemas ({} invalid, {} fall back), {} bodies ({} accepted) and {} damaged texts, \
         {} refused without a place, {} mismatches",
        tally.schemas,
        tally.invalid_schemas,
        tally.fallen_back,
        tally.pairs,
        tally.accepted,
        tally.texts,
        tally.unplaced.len(),
        tally.mismatches.len()
    );
    tally.unplaced.truncate(MOST_TOLD);
    assert!(tally.unplaced.is_empty(), "{}", tally.unplaced.join("\n"));
    assert!(
        tally.mismatches.is_empty(),
        "{}",
        tally.mismatches.join("\n")
    );
}

fn check_one(random: &mut Random, tally: &mut Tally) {
    let (draft, uri) = *random.pick(&DRAFTS);
    let mut schema = Schemas { random, draft }.root(uri);
    if random.one_in(8) {
        mutants::change_schema(&mut schema, random);
    }
    tally.schemas += 1;
    let formats = random.one_in(3);
    let options = SchemaOptions::new().assert_formats(formats);
    let contract = Contract::schema_with(&schema.to_string(), &options);
    let oracle = oracle(&schema, formats);
    let (contract, oracle) = match (contract, oracle) {
        (Ok(contract), Ok(oracle)) => (contract, oracle),
        (Err(_), Err(_)) => {
            tally.invalid_schemas += 1;
            return;
        }
        (Ok(_), Err(error)) => {
            tally
                .mismatches
                .push(format!("{schema}: only jsonschema refuses it: {error}"));
            return;
        }
        (Err(error), Ok(_)) => {
            tally
                .mismatches
                .push(format!("{schema}: only we refuse it: {error}"));
            return;
        }
    };
    if contract.engine() != Engine::Fused {
        tally.fallen_back += 1;
        return;
    }
    let contract = contract.duplicates(Duplicates::Allow);
    let before = tally.mismatches.len();
    let mut body = value(random, 4);
    for _ in 0..BODIES_OF_A_SCHEMA {
        if random.one_in(4) {
            body = value(random, 4);
        } else {
            mutants::change(&mut body, random);
        }
        tally.pairs += 1;
        let expected = oracle.is_valid(&body);
        tally.accepted += usize::from(expected);
        let mut text = mutants::text(&body, random);
        compare(&contract, &schema, &text, expected, tally);
        tally.texts += 1;
        mutants::damage(&mut text, random);
        let expected =
            serde_json::from_slice::<Value>(&text).is_ok_and(|body| oracle.is_valid(&body));
        compare(&contract, &schema, &text, expected, tally);
        if tally.mismatches.len() > before {
            return;
        }
    }
}

fn compare(contract: &Contract, schema: &Value, text: &[u8], expected: bool, tally: &mut Tally) {
    let verdict = contract.check(text);
    let told = || {
        format!(
            "{schema}\n  {}\n  expected {expected}",
            String::from_utf8_lossy(text)
        )
    };
    if verdict.is_ok() != expected {
        tally.mismatches.push(format!("{}: {verdict:?}", told()));
    }
    // A stricter reader accepts no more, and one that tells more tells the same.
    let strict = contract.clone().duplicates(Duplicates::Reject).check(text);
    if strict.is_ok() && !expected {
        tally
            .mismatches
            .push(format!("{}: accepted where names are unique", told()));
    }
    let all = contract.clone().max_violations(20).check(text);
    if all.is_ok() != verdict.is_ok() {
        tally
            .mismatches
            .push(format!("{}: not with all violations", told()));
    }
    if let (Err(violation), Err(strict)) = (&verdict, &strict) {
        let is_placed = violation.keyword() != "schema" && strict.keyword() != "schema";
        if !is_placed {
            tally.unplaced.push(told());
        }
    }
}
