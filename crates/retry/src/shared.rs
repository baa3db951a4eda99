use crate::config::Config;
use crate::seeds::Seeds;

/// What clones and requests in flight share.
#[derive(Debug)]
pub(crate) struct Shared<R, C, K> {
    pub(crate) replay: R,
    pub(crate) classify: C,
    pub(crate) backoff: K,
    pub(crate) config: Config,
    pub(crate) seeds: Seeds,
}
