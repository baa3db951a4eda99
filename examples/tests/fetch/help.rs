//! `--help`, and whether its examples are meant.

use std::fs;

use clap::Parser;

use crate::args::Args;
use crate::support::fetch;

/// What stands on stdout, in a folder that holds what the examples need.
fn help() -> String {
    let output = fetch().arg("--help").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

/// The examples as a shell would read them, without `fetch` itself.
fn examples(help: &str) -> Vec<Vec<String>> {
    let from = help.find("\nExamples").expect("examples");
    let to = help.find("\nExit:").expect("exit codes");
    let joined = help[from..to].replace("\\\n", " ");
    joined
        .lines()
        .filter_map(|line| line.strip_prefix("  fetch"))
        .map(words)
        .collect()
}

/// Splits at spaces outside single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted) = (None::<String>, false);
    for letter in line.chars() {
        match letter {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    assert!(!quoted, "{line}");
    words.extend(word);
    words
}

#[test]
fn it_offers_what_there_is_and_nothing_else() {
    let help = help();
    for option in [
        "--bearer-env",
        "--idempotent",
        "--next",
        "--require",
        "--progress",
        "--summary",
        "130 interrupted",
    ] {
        assert!(help.contains(option), "{option}: {help}");
    }
    for absent in ["openapi", "OpenAPI", "`"] {
        assert!(!help.contains(absent), "{absent}: {help}");
    }
    let stands_for = "fetch stands for: cargo run --release --example fetch --";
    assert_eq!(help.matches(stands_for).count(), 1);
    // The rest is wrapped to the terminal by clap, these lines are not.
    let own = &help[help.find("\nExamples").unwrap()..];
    assert!(own.lines().all(|line| line.len() <= 100), "{own}");
}

#[test]
fn its_examples_show_each_part_and_all_are_understood() {
    let help = help();
    let examples = examples(&help);
    assert_eq!(examples.len(), 8, "{examples:?}");
    assert_eq!(examples[0], Vec::<String>::new());
    let flat = examples.concat();
    for shown in [
        "--bearer-env",
        "--oauth2-token-url",
        "--checkpoint",
        "-o",
        "@query.json",
        "--idempotent",
        "--summary",
        "--require",
    ] {
        assert!(flat.iter().any(|word| word == shown), "{shown}");
    }

    let folder = std::env::temp_dir().join(format!("fetch-help-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("query.json"), "{}").unwrap();
    for words in &examples {
        let parsed = Args::try_parse_from([&["fetch".to_owned()], &**words].concat());
        assert!(parsed.is_ok(), "{words:?}: {}", parsed.unwrap_err());
        if words.is_empty() {
            continue;
        }
        // So far that it goes to send; nobody listens at port 1.
        let local = words
            .iter()
            .map(|word| word.replace("https://", "http://127.0.0.1:1/"));
        let ended = fetch()
            .current_dir(&folder)
            .args(local)
            .args(["--retries", "0"])
            .envs([("TOKEN", "t"), ("KEY", "k")])
            .output()
            .unwrap();
        let told = String::from_utf8(ended.stderr).unwrap();
        let code = if told.contains("token") { 7 } else { 5 };
        assert_eq!(ended.status.code(), Some(code), "{words:?}: {told}");
    }
    fs::remove_dir_all(&folder).unwrap();
}
