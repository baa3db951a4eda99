//! Within each crate modules name each other one way: their graph has no circle.

mod circles;
mod graph;
mod paths;
mod tokens;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// A crate: the file of its root, and the folder of its modules.
struct Crate {
    name: String,
    root: PathBuf,
    folder: PathBuf,
}

impl Crate {
    /// The text of a module, which is a file or a folder.
    fn read(&self, module: &[String]) -> String {
        let place = module
            .iter()
            .fold(self.folder.clone(), |place, name| place.join(name));
        let file = match module {
            [] => self.root.clone(),
            _ => place.with_extension("rs"),
        };
        fs::read_to_string(&file)
            .or_else(|_| fs::read_to_string(place.join("mod.rs")))
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }
}

/// What there is in a folder of the workspace.
fn entries(folder: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let entries = fs::read_dir(workspace.join(folder)).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path())
}

/// The workspace's crates, and its programs, each of which is one.
fn crates() -> Vec<Crate> {
    let name = |path: &Path| {
        let name = path.file_stem().expect("it has a name");
        name.to_string_lossy().into_owned()
    };
    let libraries = entries("crates").map(|folder| Crate {
        name: name(&folder),
        root: folder.join("src/lib.rs"),
        folder: folder.join("src"),
    });
    let sources = entries("examples").filter(|path| path.extension().is_some_and(|rs| rs == "rs"));
    let programs = sources.map(|root| Crate {
        name: name(&root),
        folder: root.with_extension(""),
        root,
    });
    libraries.chain(programs).collect()
}

#[test]
fn no_crate_s_modules_name_each_other_in_a_circle() {
    let mut found = String::new();
    let mut modules = 0;
    for krate in crates() {
        for graph in graph::of(&|module| krate.read(module)) {
            modules += graph.len();
            for circle in circles::of(&graph) {
                let arrows = circles::arrows(&graph, &circle);
                write!(found, "\n{}:\n{arrows}", krate.name).expect("a text");
            }
        }
    }
    assert!(modules > 200, "only {modules} modules were found");
    assert!(
        found.is_empty(),
        "modules name each other in circles:\n{found}"
    );
}
