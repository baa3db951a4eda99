//! Files that options name, of which no two may be the same.

use std::fs;
use std::path::{Path, PathBuf};

use crate::args::Args;

/// A file that a run reads, or writes alone.
struct Named {
    /// As people know it: the option and what follows it.
    name: String,
    file: Identity,
    is_written: bool,
}

/// What a path leads to, however it is spelled.
#[derive(PartialEq, Eq)]
enum Identity {
    /// Device and inode of a file that is there.
    #[cfg(unix)]
    Known(u64, u64),
    /// Of one that is not there yet, all links followed.
    Path(PathBuf),
}

/// Where what shall take the place of the file at `path` is written first.
pub(crate) fn new_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

/// Refuses a file that one option writes and another names: what one does there, the other undoes.
///
/// Pipes, terminals and `/dev/null` can be shared.
///
/// # Errors
///
/// Names both, for a usage error.
pub(crate) fn refuse_shared(args: &Args) -> Result<(), String> {
    let files = files(args);
    for (n, second) in files.iter().enumerate() {
        let shared =
            |first: &&Named| first.file == second.file && (first.is_written || second.is_written);
        if let Some(first) = files[..n].iter().find(shared) {
            return Err(format!(
                "{} and {} are the same file; name another for one of them",
                first.name, second.name
            ));
        }
    }
    Ok(())
}

fn files(args: &Args) -> Vec<Named> {
    let mut files = Vec::new();
    let mut add = |name: String, file: Option<Identity>, is_written| {
        files.extend(file.map(|file| Named {
            name,
            file,
            is_written,
        }));
    };
    let summary = args.output.summary.as_deref();
    let data = args.data.as_deref().and_then(|data| data.strip_prefix('@'));
    for (option, path, is_written) in [
        ("-o ", args.output.output.as_deref(), true),
        ("--checkpoint ", args.checkpoint.as_deref(), true),
        (
            "--summary ",
            summary.filter(|path| *path != "-").map(Path::new),
            true,
        ),
        ("--schema ", args.schema.as_deref(), false),
        ("--item-schema ", args.item_schema.as_deref(), false),
        ("--bearer-file ", args.bearer_file.as_deref(), false),
        ("-d @", data.map(Path::new), false),
    ] {
        if let Some(path) = path {
            let name = format!("{option}{}", path.display());
            add(name, Identity::at(path), is_written);
        }
    }
    if let Some(path) = &args.checkpoint {
        let new = new_beside(path);
        let name = format!("{}, where --checkpoint is written first,", new.display());
        add(name, Identity::at(&new), true);
    }
    add("stdout".to_owned(), Identity::of_stdout(), true);
    files
}

impl Identity {
    /// `None` for what can be shared.
    fn at(path: &Path) -> Option<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_file() => Some(Self::of(path, &found)),
            Ok(_) => None,
            Err(_) => Some(Self::Path(resolved(path, MOST_LINKS))),
        }
    }

    #[cfg(unix)]
    fn of(_: &Path, found: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;

        Self::Known(found.dev(), found.ino())
    }

    #[cfg(not(unix))]
    fn of(path: &Path, _: &fs::Metadata) -> Self {
        Self::Path(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
    }

    /// The file that stdout was redirected to, if it was.
    #[cfg(unix)]
    fn of_stdout() -> Option<Self> {
        use std::os::fd::AsFd;

        let stdout = std::io::stdout().as_fd().try_clone_to_owned().ok()?;
        let found = fs::File::from(stdout).metadata().ok()?;
        found.is_file().then(|| Self::of(Path::new("-"), &found))
    }

    #[cfg(not(unix))]
    fn of_stdout() -> Option<Self> {
        None
    }
}

/// As many as systems follow.
const MOST_LINKS: usize = 40;

/// Where a file would be made that is not there, up to so many `links` away.
fn resolved(path: &Path, links: usize) -> PathBuf {
    let Some(name) = path.file_name() else {
        return path.to_owned();
    };
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let path = folder.join(name);
    match fs::read_link(&path) {
        Ok(target) if links > 0 => resolved(&folder.join(target), links - 1),
        _ => path,
    }
}
