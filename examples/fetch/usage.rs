//! A command line that cannot be meant: one line, as with any other failure.

use clap::error::ErrorKind;

use crate::outcome::Outcome;
use crate::stderr;

/// Ends the program with a usage error; nothing was sent.
pub(crate) fn end(line: &str) -> ! {
    stderr::tell(&format!("fetch: {line}; see fetch --help"));
    stderr::settle();
    std::process::exit(Outcome::Usage.code().into())
}

/// What clap has to say against a command line: what is wrong, and its tip if it has one.
///
/// Help and version are none, and end the program.
pub(crate) fn line(error: &clap::Error) -> String {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        error.exit();
    }
    let text = error.to_string();
    let paragraphs = text
        .strip_prefix("error: ")
        .unwrap_or(&text)
        .split("\n\n")
        // How it is used, and where more is told.
        .take_while(|paragraph| !paragraph.starts_with("Usage:"))
        .take_while(|paragraph| !paragraph.starts_with("For more information"));
    let words = paragraphs.map(|paragraph| {
        let words: Vec<_> = paragraph.split_whitespace().collect();
        words.join(" ")
    });
    words.collect::<Vec<_>>().join("; ")
}
