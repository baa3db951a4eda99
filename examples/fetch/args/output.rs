use std::path::PathBuf;

use super::values::Progress;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Write to this file instead of stdout; - is stdout
    #[arg(short = 'o', value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Progress on stderr; auto is where that is a terminal and the items go elsewhere
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub(crate) progress: Progress,
    /// Write a JSON account of the run to this file; - is stdout, and then -o with a file is
    /// required
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) summary: Option<String>,
}
