//! The official JSON-Schema-Test-Suite, all drafts. It is not part of the repository: where it
//! is absent, the tests say so and end.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use outbound_schema::{Contract, Draft, InvalidContract, SchemaOptions};
use serde::Deserialize;
use serde_json::value::RawValue;

const DRAFTS: [(&str, Draft); 5] = [
    ("draft4", Draft::V4),
    ("draft6", Draft::V6),
    ("draft7", Draft::V7),
    ("draft2019-09", Draft::V201909),
    ("draft2020-12", Draft::V202012),
];

fn suite() -> Option<PathBuf> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/json-schema-test-suite");
    if root.is_dir() {
        return Some(root);
    }
    println!("skipped: there is no {}", root.display());
    None
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    files
}

/// The documents that the tests of a draft refer to, by their URIs: those of no draft, its own,
/// and those of others that say which draft they are of.
fn remotes(root: &Path, draft: &str) -> Vec<(String, String)> {
    let mut folders = vec![root.join("remotes")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let relative = path.strip_prefix(root.join("remotes")).unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let folder = relative.iter().next().unwrap();
            let is_of_other = DRAFTS.iter().any(|(other, _)| *other == folder) && folder != draft;
            let says_draft = text.contains("\"$schema\": \"http");
            if folder == "v1" || folder == "draft3" || is_of_other && !says_draft {
                continue;
            }
            let uri = format!("http://localhost:1234/{}", relative.display());
            found.push((uri, text));
        }
    }
    found
}

/// What came of a part of the suite.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failed: Vec<String>,
    /// Tests of schemas that were refused, with the reasons.
    refused: usize,
    reasons: BTreeMap<String, usize>,
}

impl Tally {
    fn all(&self) -> usize {
        self.passed + self.failed.len() + self.refused
    }
}

/// Schemas and data as they stand: a tree would round their numbers.
#[derive(Deserialize)]
struct Group {
    description: String,
    schema: Box<RawValue>,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    description: String,
    data: Box<RawValue>,
    valid: bool,
}

fn read(
    schema: &RawValue,
    draft: Draft,
    formats: bool,
    remotes: &[(String, String)],
) -> Result<Contract, InvalidContract> {
    let mut options = SchemaOptions::new().draft(draft).assert_formats(formats);
    for (uri, text) in remotes {
        options = options.document(uri, text);
    }
    Contract::schema_with(schema.get(), &options)
}

fn run(folder: &Path, draft: Draft, formats: bool, remotes: &[(String, String)]) -> Tally {
    let mut tally = Tally::default();
    for file in json_files(folder) {
        let groups: Vec<Group> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        for group in groups {
            let tests = &group.tests;
            let contract = match read(&group.schema, draft, formats, remotes) {
                Ok(contract) => contract,
                Err(error) => {
                    tally.refused += tests.len();
                    let reason = format!("{name}: {}: {error}", group.description);
                    *tally.reasons.entry(reason).or_default() += tests.len();
                    continue;
                }
            };
            for test in tests {
                let verdict = contract.check(test.data.get().as_bytes());
                if verdict.is_ok() == test.valid {
                    tally.passed += 1;
                } else {
                    tally.failed.push(format!(
                        "{name}: {}: {}: {verdict:?}",
                        group.description, test.description
                    ));
                }
            }
        }
    }
    tally
}

#[test]
fn every_required_test_that_is_not_refused_passes() {
    let Some(root) = suite() else { return };
    let mut faults = Vec::new();
    for (name, draft) in DRAFTS {
        let remotes = remotes(&root, name);
        let tally = run(&root.join("tests").join(name), draft, false, &remotes);
        println!("{name}: {} of {} pass", tally.passed, tally.all());
        for (reason, tests) in &tally.reasons {
            println!("  {tests} tests fall back: {reason}");
        }
        faults.extend(tally.failed.iter().map(|fault| format!("{name}: {fault}")));
        let least = match name {
            _ if cfg!(feature = "full") => 1.0,
            "draft7" | "draft2020-12" => 0.9,
            _ => 0.8,
        };
        #[allow(clippy::cast_precision_loss)] // A few thousand.
        let share = tally.passed as f64 / tally.all() as f64;
        if share < least {
            faults.push(format!("{name}: only {share:.3} pass"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_optional_tests_pass_as_far_as_jsonschema_passes_them() {
    let Some(root) = suite() else { return };
    let mut faults = Vec::new();
    for (name, draft) in DRAFTS {
        let remotes = remotes(&root, name);
        for (folder, formats) in [("optional", false), ("optional/format", true)] {
            let tally = run(
                &root.join("tests").join(name).join(folder),
                draft,
                formats,
                &remotes,
            );
            println!("{name}/{folder}: {} of {} pass", tally.passed, tally.all());
            for (reason, tests) in &tally.reasons {
                println!("  {tests} tests fall back: {reason}");
            }
            faults.extend(
                tally
                    .failed
                    .iter()
                    .map(|fault| format!("{name}/{folder}: {fault}")),
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
