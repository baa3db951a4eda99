use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use http::Extensions;

/// Request extension: settings for this request instead of the layer's.
///
/// ```
/// use std::time::Duration;
/// use http::Request;
/// use outbound_retry::Override;
///
/// let hasty = Override::new().retries(1).deadline(Duration::from_secs(2));
/// let request = Request::get("https://api.example.com/").extension(hasty).body(())?;
/// # let _ = request;
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "it has an effect among a request's extensions"]
pub struct Override {
    pub(crate) retries: Option<u32>,
    pub(crate) deadline: Option<Duration>,
}

impl Override {
    /// Changes nothing.
    pub const fn new() -> Self {
        Self {
            retries: None,
            deadline: None,
        }
    }

    /// Sends the request once.
    pub const fn off() -> Self {
        Self::new().retries(0)
    }

    /// Instead of [`RetryLayer::retries`](crate::RetryLayer::retries).
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(retries);
        self
    }

    /// Instead of [`RetryLayer::deadline`](crate::RetryLayer::deadline), but no later than
    /// [`deadline_at_most`](crate::RetryLayer::deadline_at_most). It does not move a
    /// [`DeadlineLayer`](outbound_http::DeadlineLayer) further out, which drops the call at its
    /// own limit: to have less time, use [`DeadlineAt`](outbound_http::DeadlineAt), which both heed.
    pub const fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    pub(crate) fn retries_of(settings: Option<&Self>, default: u32) -> u32 {
        settings
            .and_then(|settings| settings.retries)
            .unwrap_or(default)
    }
}

/// Request extension: tells how often the request was sent, also where the call failed or was
/// dropped, and no response can tell.
///
/// ```
/// use http::{Request, Response};
/// use http_body_util::Empty;
/// use outbound_retry::{Report, RetryLayer};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let refused = service_fn(async |_: Request<String>| {
///     Err::<Response<Empty<&[u8]>>, _>(std::io::Error::from(std::io::ErrorKind::ConnectionRefused))
/// });
///
/// let (mut request, report) = (Request::default(), Report::new());
/// request.extensions_mut().insert(report.clone());
/// let outcome = RetryLayer::new().retries(2).layer(refused).oneshot(request).await;
/// assert!(outcome.is_err());
/// assert_eq!(report.attempts(), 3);
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Report(Arc<AtomicU32>);

impl Report {
    /// Of a request that has not been sent.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How often the request was sent, by all retry layers that it passed; 0 before it was.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.load(Relaxed)
    }

    pub(crate) fn sent(extensions: &Extensions) {
        if let Some(Self(count)) = extensions.get() {
            count.fetch_max(1, Relaxed);
        }
    }

    pub(crate) fn resent(extensions: &Extensions) {
        if let Some(Self(count)) = extensions.get() {
            count.fetch_add(1, Relaxed);
        }
    }
}
