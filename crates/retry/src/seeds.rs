use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Hands out seeds, each once: a SplitMix64 that all clones share.
///
/// Clones of a service, and requests in flight at the same time, therefore never share a jitter
/// sequence, which is the one thing jitter is for.
#[derive(Clone, Debug)]
pub(crate) struct Seeds(Arc<AtomicU64>);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Seeds {
    /// Seeds that are the same in every run.
    pub(crate) fn fixed(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// Seeds that nobody can foresee.
    pub(crate) fn random() -> Self {
        Self::fixed(RandomState::new().build_hasher().finish())
    }

    pub(crate) fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(GOLDEN, Relaxed).wrapping_add(GOLDEN);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
