//! Within each crate modules name each other one way: their graph has no circle.

mod graph;
mod paths;
mod tokens;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Circles that are still there. There is no place for new ones.
const ALLOWED: &[(&str, &[&str])] = &[
    ("auth", &["bearer", "held"]),
    ("auth", &["engine", "tokens"]),
    ("auth", &["layer", "service"]),
    ("retry", &["course", "future", "kept", "service"]),
];

/// The text of a module of the crate at `folder`, which is a file or a folder.
fn read(folder: &Path, module: &[String]) -> String {
    let source = folder.join("src");
    let mut place = module
        .iter()
        .fold(source.clone(), |place, name| place.join(name));
    if module.is_empty() {
        place = source.join("lib");
    }
    let file = place.with_extension("rs");
    let text = fs::read_to_string(&file).or_else(|_| fs::read_to_string(place.join("mod.rs")));
    text.unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn no_crate_s_modules_name_each_other_in_a_circle() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = String::new();
    let mut count = 0;
    let mut unused: BTreeSet<_> = ALLOWED.iter().collect();
    for entry in fs::read_dir(crates).expect("the crates") {
        let folder = entry.expect("a crate").path();
        if !folder.join("Cargo.toml").is_file() {
            continue;
        }
        count += 1;
        let name = folder
            .file_name()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
        let graph = graph::of(&|module| read(&folder, module));
        assert!(graph.len() > 1, "{name} has no modules");
        for circle in graph::circles(&graph) {
            let allowed = ALLOWED.iter().find(|(krate, modules)| {
                *krate == name && circle.iter().eq(modules.iter().copied())
            });
            if !allowed.is_some_and(|allowed| unused.remove(allowed)) {
                write!(found, "\n{name}:\n{}", graph::arrows(&graph, &circle)).expect("a text");
            }
        }
    }
    assert!(count >= 7, "only {count} crates were found");
    assert!(
        found.is_empty(),
        "modules name each other in circles:\n{found}"
    );
    assert!(
        unused.is_empty(),
        "these are mended, and need not be allowed: {unused:?}"
    );
}
