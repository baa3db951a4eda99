//! What a check of a JSON body costs: this crate's, and parsing plus the validators there are.
//!
//! `cargo bench -p outbound-benches --bench schema` compares with typed `serde` and with the
//! scan of `IgnoredAny`, which is the floor; with `--features peers` also with `jsonschema` and
//! `boon` behind `serde_json`. The documents are not part of the repository: where they are
//! absent, it says so and ends.
//!
//! Allocations and instructions repeat exactly and are gates. Times are CPU time of the thread,
//! the median of interleaved rounds, and only their ratios within one run mean anything.

mod contestants;
mod documents;
mod instructions;
mod measure;
mod typed;

use std::process::ExitCode;

use self::contestants::{Contestant, contestants};
use self::documents::{Document, documents};
use self::measure::{allocations, times};

/// Over parse and `jsonschema`, geometric mean over the documents.
const LEAST_SPEEDUP: f64 = 5.0;
/// For the body of about one kilobyte.
const MOST_INSTRUCTIONS_A_BYTE: f64 = 20.0;
/// A check and the typed parse of the page, over that parse alone, by instructions.
const MOST_OVER_TYPED: f64 = 1.18;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [document, contestant, calls] = &arguments[..] {
        instructions::drive(document, contestant, calls);
        return ExitCode::SUCCESS;
    }
    let documents = documents();
    if documents.is_empty() {
        println!("skipped: there is no ../shared/data/json-documents");
        return ExitCode::SUCCESS;
    }
    let mut missed = Vec::new();
    speed(&documents, &mut missed);
    let first = documents.iter().find(|document| document.name == "weather");
    if let Some(weather) = first {
        instructions(weather, &mut missed);
    }
    let page = documents
        .iter()
        .find(|document| document.name.starts_with("page"));
    if let Some(page) = page {
        over_typed(page, &mut missed);
    }
    rejection(&documents);
    for miss in &missed {
        println!("MISSED: {miss}");
    }
    if missed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Times and allocations of every contestant on every document.
fn speed(documents: &[Document], missed: &mut Vec<String>) {
    let mut speedups: Vec<(&str, f64)> = Vec::new();
    for document in documents {
        let contestants = contestants(document);
        for contestant in &contestants {
            assert!(
                contestant.accepts(),
                "{} {}",
                document.name,
                contestant.name
            );
        }
        println!("\n{} ({} bytes)", document.name, document.body.len());
        let times = times(&contestants);
        let ours = times[0];
        for (contestant, time) in contestants.iter().zip(&times) {
            #[allow(clippy::cast_precision_loss)] // Far below 2^53.
            let speed = document.body.len() as f64 / time * 1_000.0;
            let allocations = allocations(contestant);
            println!(
                "  {:24} {time:12.0} ns {speed:8.0} MB/s {:6.2} x ours {allocations:8} allocations",
                contestant.name,
                time / ours,
            );
            if contestant.name == "ours" && allocations > 0 {
                missed.push(format!("{allocations} allocations for {}", document.name));
            }
            if contestant.name == "parse + jsonschema" {
                speedups.push((document.name, time / ours));
            }
        }
    }
    if speedups.is_empty() {
        println!("\nwithout `--features peers` nothing was compared with jsonschema and boon");
        return;
    }
    // The page is a goal of its own; the mean is over the documents as they are.
    let logarithms = speedups
        .iter()
        .filter(|(name, _)| !name.starts_with("page"))
        .map(|(_, speedup)| speedup.ln());
    let (sum, count) = logarithms.fold((0.0, 0.0), |(sum, count), log| (sum + log, count + 1.0));
    let mean = (sum / count).exp();
    let least = speedups
        .iter()
        .map(|(_, speedup)| *speedup)
        .fold(f64::MAX, f64::min);
    println!("\nover parse + jsonschema: {mean:.2} x (geometric mean), at least {least:.2} x");
    if mean < LEAST_SPEEDUP {
        missed.push(format!(
            "{mean:.2} x over parse + jsonschema, not {LEAST_SPEEDUP}"
        ));
    }
    if least < 1.0 {
        missed.push(format!(
            "{least:.2} x over parse + jsonschema on one document"
        ));
    }
}

fn instructions(document: &Document, missed: &mut Vec<String>) {
    println!("\ninstructions a byte, {}", document.name);
    for contestant in contestants(document) {
        let Some(count) = instructions::of(document, &contestant) else {
            println!("  valgrind is not installed here; nothing was counted");
            return;
        };
        #[allow(clippy::cast_precision_loss)] // Far below 2^53.
        let each = count as f64 / document.body.len() as f64;
        println!("  {:24} {each:6.1}", contestant.name);
        if contestant.name == "ours" && each > MOST_INSTRUCTIONS_A_BYTE {
            missed.push(format!(
                "{each:.1} instructions a byte, not {MOST_INSTRUCTIONS_A_BYTE}"
            ));
        }
    }
}

/// What a check adds to reading the page into its type.
fn over_typed(page: &Document, missed: &mut Vec<String>) {
    let contestants = contestants(page);
    let count = |name: &str| {
        let contestant = contestants.iter().find(|known| known.name == name)?;
        instructions::of(page, contestant)
    };
    let (Some(ours), Some(typed)) = (count("ours"), count("typed serde")) else {
        return;
    };
    #[allow(clippy::cast_precision_loss)] // Far below 2^53.
    let ratio = (ours + typed) as f64 / typed as f64;
    println!(
        "\n{}: {ours} instructions, typed serde {typed}; both {ratio:.3} x typed",
        page.name
    );
    if ratio > MOST_OVER_TYPED {
        missed.push(format!(
            "{ratio:.3} x typed serde by instructions, not {MOST_OVER_TYPED}"
        ));
    }
}

/// A body whose first element is wrong: how much of it is read.
fn rejection(documents: &[Document]) {
    let Some(document) = documents
        .iter()
        .find(|document| document.name == "issues_1m")
    else {
        return;
    };
    let mut broken = Document {
        name: "issues_1m, first element wrong",
        schema: document.schema.clone(),
        body: document.body.clone(),
    };
    let at = document
        .body
        .iter()
        .position(|byte| *byte == b'{')
        .unwrap_or(0);
    broken.body.splice(at..at, *b"7,");
    let contestants: Vec<Contestant> = contestants(&broken)
        .into_iter()
        .filter(|contestant| !contestant.accepts())
        .collect();
    println!("\n{}", broken.name);
    for (contestant, time) in contestants.iter().zip(times(&contestants)) {
        println!("  {:24} {time:12.0} ns", contestant.name);
    }
}
