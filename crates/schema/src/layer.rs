use std::fmt;
use std::sync::Arc;

use outbound_http::CollectLayer;
use tower_layer::Layer;

use crate::service::Validate;
use crate::{Contract, Violation};

/// [`Layer`] that applies [`Validate`].
///
/// See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is applied to a service"]
pub struct ValidateLayer {
    config: Arc<Config>,
}

/// What a violation does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// The call fails with the [`Violation`].
    #[default]
    Enforce,
    /// The response is handed out as if there were no contract, frame by frame as it arrives;
    /// the violation is only [told](ValidateLayer::on_violation).
    Report,
}

/// What services share.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) contract: Contract,
    pub(crate) mode: Mode,
    pub(crate) limit: usize,
    on_violation: Option<OnViolation>,
}

type OnViolation = Arc<dyn Fn(&Violation) + Send + Sync>;

impl ValidateLayer {
    /// Largest body that is checked, by default: 64 MiB.
    pub const DEFAULT_LIMIT: usize = CollectLayer::DEFAULT_LIMIT;

    /// Holds responses to `contract`.
    pub fn new(contract: Contract) -> Self {
        Self {
            config: Arc::new(Config {
                contract,
                mode: Mode::Enforce,
                limit: Self::DEFAULT_LIMIT,
                on_violation: None,
            }),
        }
    }

    /// What a violation does; by default the call fails.
    pub fn mode(mut self, mode: Mode) -> Self {
        Arc::make_mut(&mut self.config).mode = mode;
        self
    }

    /// Reads at most `bytes` of a body. A larger one fails with
    /// [`BodyTooLarge`](outbound_http::BodyTooLarge), or is not checked in [`Mode::Report`].
    pub fn limit(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.config).limit = bytes;
        self
    }

    /// Tells `observe` of each violation, in either mode.
    pub fn on_violation(mut self, observe: impl Fn(&Violation) + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.config).on_violation = Some(Arc::new(observe));
        self
    }
}

impl Config {
    pub(crate) fn tell(&self, violation: &Violation) {
        if let Some(on_violation) = &self.on_violation {
            on_violation(violation);
        }
    }
}

impl<S> Layer<S> for ValidateLayer {
    type Service = Validate<S>;

    fn layer(&self, inner: S) -> Validate<S> {
        Validate {
            inner,
            config: Arc::clone(&self.config),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("contract", &self.contract)
            .field("mode", &self.mode)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
