use std::fs;
use std::path::{Path, PathBuf};

/// What [`scenarios`] has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scenarios {
    /// Rows of the table.
    pub rows: usize,
    /// Tests that are named there, and exist.
    pub tests: usize,
}

/// Reads a crate's table of scenarios, whose rows are numbered from 1 and name their tests in the
/// last column: ``group: `test`, `test`; group: `test` ``. A group is a file, or a folder of files,
/// in `tests` of the crate at `root`, or of `src/`; one that begins with the first part of an
/// `elsewhere` is a place beneath the second, relative to `root`, which need not be there: a
/// published crate stands alone. What else has a space in it is a sentence.
///
/// # Panics
///
/// If a row is not numbered as it should be, or a group or a test does not exist.
#[must_use]
pub fn scenarios(table: &str, root: &str, elsewhere: &[(&str, &str)]) -> Scenarios {
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut found = Scenarios { rows: 0, tests: 0 };
    for row in rows {
        found.rows += 1;
        assert!(row.starts_with(&format!("| {} |", found.rows)), "{row}");
        let cell = row.rsplit('|').nth(1).expect("a last column");
        for group in cell.split("; ") {
            let Some((group, names)) = group.trim().split_once(": ") else {
                continue;
            };
            let away = elsewhere.iter().find_map(|(begin, place)| {
                let rest = group.strip_prefix(begin)?;
                Some(Path::new(root).join(place).join(rest))
            });
            let place = match (&away, group.strip_prefix("src/")) {
                (Some(place), _) => place.clone(),
                (None, Some(source)) => Path::new(root).join("src").join(source),
                (None, None) => Path::new(root).join("tests").join(group),
            };
            let Some(text) = read(&place) else {
                assert!(away.is_some() || group.contains(' '), "{group} is no file");
                continue;
            };
            for name in names.split('`').skip(1).step_by(2) {
                let test = format!("fn {name}(");
                assert!(text.contains(&test), "{group}: {name} is not there");
                found.tests += 1;
            }
        }
    }
    found
}

/// The text of a file, or of all files in a folder.
fn read(place: &Path) -> Option<String> {
    let file = place.with_extension("rs");
    if file.is_file() {
        return fs::read_to_string(file).ok();
    }
    let entries = fs::read_dir(place).ok()?;
    let files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files
        .iter()
        .map(|file| fs::read_to_string(file).ok())
        .collect()
}
