use std::time::Duration;

use super::numbers::{milliseconds, seconds, whole};

/// The options that also apply to the embedded API.
#[derive(Debug, clap::Args)]
pub(crate) struct RetryArgs {
    /// How often a page may be sent for again
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = whole::<u32>, allow_negative_numbers = true, help_heading = "Retry")]
    pub(crate) retries: u32,
    /// The first pause is random and at most this long, in milliseconds; each may be twice as long
    /// as the one before
    #[arg(long, value_name = "MS", default_value = "100", value_parser = milliseconds, allow_negative_numbers = true, help_heading = "Retry")]
    pub(crate) retry_base: Duration,
    /// No pause is longer, in milliseconds, unless the server asks for it
    #[arg(long, value_name = "MS", default_value = "5000", value_parser = milliseconds, allow_negative_numbers = true, help_heading = "Retry")]
    pub(crate) retry_cap: Duration,
    /// The longest pause that the server may ask for, in seconds; one that asks for more is not
    /// tried again
    #[arg(long, value_name = "S", default_value = "60", value_parser = seconds, allow_negative_numbers = true, help_heading = "Retry")]
    pub(crate) retry_after_max: Duration,
    /// Give up an attempt for another after this time, in seconds; the last one goes on
    #[arg(long, value_name = "S", default_value = "30", value_parser = seconds, allow_negative_numbers = true, help_heading = "Retry")]
    pub(crate) attempt_timeout: Duration,
    /// The limit of one page with its retries, in seconds
    #[arg(long, value_name = "S", default_value = "120", value_parser = seconds, allow_negative_numbers = true, help_heading = "Retry")]
    pub(crate) page_deadline: Duration,
    /// The limit of the whole drain, in seconds [default: none]
    #[arg(long, value_name = "S", value_parser = seconds, allow_negative_numbers = true, help_heading = "Retry")]
    pub(crate) deadline: Option<Duration>,
    /// The request may be sent again, whatever its method; GET, PUT and their like always may be
    #[arg(long, help_heading = "Retry")]
    pub(crate) idempotent: bool,
}
