use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::{FetchError, Reason, Token, TokenSource};

/// [`TokenSource`] that reads a file, and reads it again after a while: a secret that another
/// process renews, as Kubernetes mounts them.
///
/// The path is opened anew each time, so that a file that was replaced and a symbolic link that
/// was pointed elsewhere are seen within the [period](Self::every), and at once after a 401. A
/// byte order mark and white space at both ends are not part of the token. Nothing is read while
/// nobody asks.
///
/// If the file is gone, empty or unreadable, the last good token is kept on, and the feature
/// `tracing` tells of it; unless it was refused, or there is none, and then the fetch fails.
///
/// ```
/// use std::time::Duration;
///
/// use outbound_auth::{FileSource, Tokens};
///
/// let file = FileSource::new("/var/run/secrets/tokens/api").every(Duration::from_secs(10));
/// let tokens = Tokens::new(file);
/// # let _ = tokens;
/// ```
#[derive(Clone)]
pub struct FileSource {
    path: PathBuf,
    period: Duration,
    last: Arc<Mutex<Option<String>>>,
}

impl FileSource {
    /// How long a token is used before the file is read again, by default: 60 seconds.
    pub const DEFAULT_PERIOD: Duration = Duration::from_secs(60);

    /// The longest file that is read: 64 KiB.
    pub const MAX_BYTES: u64 = 64 * 1024;

    /// Reads `path`, again after [`DEFAULT_PERIOD`](Self::DEFAULT_PERIOD).
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            period: Self::DEFAULT_PERIOD,
            last: Arc::default(),
        }
    }

    /// Reads the file again once its token is `period` old. At least a millisecond.
    #[must_use]
    pub fn every(mut self, period: Duration) -> Self {
        self.period = period.max(Duration::from_millis(1));
        self
    }

    fn settle(&self, read: Result<String, FileError>, why: Reason) -> Result<Token, FetchError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = match (read, last.as_ref()) {
            (Ok(secret), _) => secret,
            (Err(error), Some(good)) if why != Reason::Rejected => {
                self.warn(&error);
                good.clone()
            }
            (Err(error), _) => return Err(error.into()),
        };
        *last = Some(secret.clone());
        Ok(Token::new(secret).lives(self.period))
    }

    #[cfg(feature = "tracing")]
    fn warn(&self, error: &FileError) {
        tracing::warn!(
            error = %error,
            "the token file is of no use; the last token is used on"
        );
    }

    #[cfg(not(feature = "tracing"))]
    #[allow(clippy::unused_self)]
    const fn warn(&self, _: &FileError) {}
}

impl TokenSource for FileSource {
    async fn fetch(&self, why: Reason) -> Result<Token, FetchError> {
        let path = self.path.clone();
        let read = if tokio::runtime::Handle::try_current().is_ok() {
            // A mounted secret may lie on a network.
            let read = tokio::task::spawn_blocking(move || read(&path)).await;
            read.map_err(FetchError::new)?
        } else {
            read(&path)
        };
        self.settle(read, why)
    }
}

/// Without the token.
impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSource")
            .field("path", &self.path)
            .field("period", &self.period)
            .finish_non_exhaustive()
    }
}

pub(crate) fn read(path: &Path) -> Result<String, FileError> {
    let failed = |fault| FileError {
        path: path.into(),
        fault,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FileSource::MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| failed(Fault::Unreadable(error)))?;
    if bytes.len() as u64 > FileSource::MAX_BYTES {
        return Err(failed(Fault::TooLong));
    }
    // The error of `from_utf8` would carry the bytes.
    let text = std::str::from_utf8(&bytes).map_err(|_| failed(Fault::NotText))?;
    let token = text.trim_start_matches('\u{feff}').trim();
    if token.is_empty() {
        return Err(failed(Fault::Empty));
    }
    Ok(token.to_owned())
}

#[derive(Debug)]
pub(crate) struct FileError {
    path: PathBuf,
    fault: Fault,
}

#[derive(Debug)]
pub(crate) enum Fault {
    Unreadable(io::Error),
    TooLong,
    NotText,
    Empty,
}

impl FileError {
    /// What is the matter, without the path.
    pub(crate) const fn fault(&self) -> &Fault {
        &self.fault
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token file {} {}", self.path.display(), self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::TooLong => write!(f, "is longer than {} bytes", FileSource::MAX_BYTES),
            Self::NotText => f.write_str("is not UTF-8"),
            Self::Empty => f.write_str("is empty"),
        }
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.fault {
            Fault::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(bytes: &[u8]) -> Result<String, String> {
        let name = format!(
            "outbound-token-{}-{:x}",
            std::process::id(),
            bytes.as_ptr() as usize
        );
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        let read = read(&path).map_err(|error| format!("{error} {error:?}"));
        std::fs::remove_file(&path).unwrap();
        read
    }

    #[test]
    fn line_ends_a_byte_order_mark_and_blanks_are_not_part_of_the_token() {
        for text in [
            "token",
            "token\n",
            "token\r\n",
            "\u{feff}token\n",
            " \ttoken \n\n",
        ] {
            assert_eq!(read_of(text.as_bytes()).as_deref(), Ok("token"), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_token_is_an_error_without_the_bytes() {
        let long = [b"canary".repeat(11_000)].concat();
        for (bytes, fault) in [
            (&b""[..], "is empty"),
            (b"\xef\xbb\xbf \r\n", "is empty"),
            (b"canary\xff", "is not UTF-8"),
            (&long, "is longer than 65536 bytes"),
        ] {
            let error = read_of(bytes).unwrap_err();
            assert!(error.contains(fault), "{error}");
            assert!(
                !error.contains("canary") && !error.contains("97, 110"),
                "{error}"
            );
        }
    }
}
