//! The file that a drain goes on from.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound::http::Origin;
use outbound::paginate::Checkpoint;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::files::new_beside;
use crate::output::Mark;
use crate::plan::PagesPlan;

/// Within a page, how long what was written may be ahead of the file.
const PERIOD: Duration = Duration::from_secs(1);

/// What a file may hold: a checkpoint, and room for the rest.
const MAX_BYTES: u64 = 2 * outbound::paginate::MAX_CHECKPOINT_BYTES as u64;

/// Keeps a checkpoint file up to date.
pub(crate) struct Book {
    path: PathBuf,
    saved: Saved,
    /// Whether there is a file.
    is_written: bool,
    page: u64,
    last: Instant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    origin: String,
    next: Vec<String>,
    items: Option<String>,
    /// What of the output file `at` covers; without one the lines went to stdout.
    output: Option<Mark>,
    at: Option<Checkpoint>,
}

impl Book {
    /// Reads the file at `path` if there is one; it is not touched.
    ///
    /// # Errors
    ///
    /// It is damaged, or belongs to another drain.
    pub(crate) fn open(
        path: &Path,
        plan: &PagesPlan,
        request: &Request<Full<Bytes>>,
    ) -> Result<Self, String> {
        let named = |what: &str| format!("--checkpoint {}: {what}", path.display());
        let mut saved = Saved {
            origin: Origin::of(request.uri()).map_or_else(String::new, |origin| origin.to_string()),
            next: plan.how.clone(),
            items: plan.items.clone(),
            output: None,
            at: None,
        };
        let mut is_written = false;
        match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(named(&error.to_string())),
            Ok(file) if file.len() > MAX_BYTES => {
                return Err(named("too long for a checkpoint; remove it to begin anew"));
            }
            Ok(_) => {
                let text = fs::read(path).map_err(|error| named(&error.to_string()))?;
                // The file may hold a cursor, so nothing of it is shown.
                let found: Saved = serde_json::from_slice(&text)
                    .map_err(|_| named("not a checkpoint of fetch; remove it to begin anew"))?;
                let same = found.origin == saved.origin
                    && found.next == saved.next
                    && found.items == saved.items
                    && found.at.as_ref().is_none_or(|at| at.belongs_to(request));
                if !same {
                    return Err(named(
                        "it belongs to another request (URL, method, body, --next or --items \
                         differ); name another file, or remove it to begin anew",
                    ));
                }
                saved = found;
                is_written = true;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            saved,
            is_written,
            page: 0,
            last: Instant::now(),
        })
    }

    /// Where to go on, if the file says so.
    pub(crate) const fn at(&self) -> Option<&Checkpoint> {
        self.saved.at.as_ref()
    }

    /// The page that is asked for first, counted from 0.
    pub(crate) fn page(&self) -> u64 {
        self.at().map_or(0, |at| at.position().page)
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file, if there is one to go on from.
    pub(crate) fn written(&self) -> Option<&Path> {
        self.is_written.then_some(&*self.path)
    }

    /// What of the output file is covered, if there was one.
    pub(crate) fn output(&self) -> Option<&Mark> {
        self.saved.at.as_ref().and(self.saved.output.as_ref())
    }

    /// Whether a drain that goes on may write to the file at `path`.
    ///
    /// # Errors
    ///
    /// The lines before went to stdout, and the file holds something: it may be these very lines,
    /// redirected, or those of a run before them. To write there would erase it, and the items of
    /// one run would be missing behind those of another.
    pub(crate) fn admits(&self, path: &Path) -> Result<(), String> {
        let holds = fs::metadata(path).is_ok_and(|file| file.len() > 0);
        if self.output().is_some() || !holds {
            return Ok(());
        }
        Err(format!(
            "-o {}: the file holds something, and --checkpoint {} goes on behind lines that went to \
             stdout; go on without -o (and append with >>), name a new file for the rest, or remove \
             the checkpoint to begin anew",
            path.display(),
            self.path.display(),
        ))
    }

    /// Whether it is time to write: a page is over, or some time has passed.
    pub(crate) fn is_due(&self, page: u64) -> bool {
        page != self.page || self.last.elapsed() >= PERIOD
    }

    /// Writes where the drain is, `page` pages on. What it covers has to be flushed.
    ///
    /// Another file takes the old one's place, so that there is a whole one at any moment. Neither
    /// waits for the disk: what was handed to the system outlives the process, and no more is promised.
    pub(crate) fn write(
        &mut self,
        page: u64,
        at: Checkpoint,
        output: Option<Mark>,
    ) -> io::Result<()> {
        self.saved.at = Some(at);
        self.saved.output = output;
        self.page = page;
        self.last = Instant::now();
        let new = new_beside(&self.path);
        let mut file = fs::File::create(&new)?;
        serde_json::to_writer(&mut file, &self.saved)?;
        file.write_all(b"\n")?;
        drop(file);
        fs::rename(new, &self.path)?;
        self.is_written = true;
        Ok(())
    }
}
