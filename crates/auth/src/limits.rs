//! Bounds of what is beneath [`Tokens`](crate::Tokens), which publishes and explains them.

use std::time::Duration;

pub(crate) const DEFAULT_MARGIN: Duration = Duration::from_secs(10);
pub(crate) const DEFAULT_REFRESH_AHEAD: Duration = Duration::from_secs(300);
pub(crate) const MAX_JITTER: Duration = Duration::from_secs(60);
pub(crate) const DEFAULT_FETCH_TIMEOUT: Duration = Duration::from_secs(30);
pub(crate) const MIN_BACKOFF: Duration = Duration::from_secs(1);
pub(crate) const MAX_BACKOFF: Duration = Duration::from_secs(60);
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);
pub(crate) const PERMANENT_ERROR_FOR: Duration = Duration::from_secs(5);
pub(crate) const MIN_REJECTION_PAUSE: Duration = Duration::from_secs(10);
pub(crate) const MAX_REJECTION_PAUSE: Duration = Duration::from_secs(300);
pub(crate) const REFUSALS_IN_A_ROW: u32 = 10;
