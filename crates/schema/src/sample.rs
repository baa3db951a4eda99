use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Picks one message in so many, at random, so that no rhythm of the traffic escapes it.
#[derive(Debug)]
pub(crate) struct Sampler {
    one_in: NonZeroU32,
    state: AtomicU64,
}

impl Sampler {
    pub(crate) fn new(one_in: NonZeroU32, seed: Option<u64>) -> Self {
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(()));
        Self {
            one_in,
            state: AtomicU64::new(seed),
        }
    }

    pub(crate) const fn one_in(&self) -> NonZeroU32 {
        self.one_in
    }

    pub(crate) fn picks(&self) -> bool {
        // SplitMix64 (Steele, Lea, Flood 2014): a counter, mixed. One atomic step, no lock.
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.state.fetch_add(STEP, Relaxed);
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        mixed % u64::from(self.one_in.get()) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(sampler: &Sampler, messages: usize) -> usize {
        (0..messages).filter(|_| sampler.picks()).count()
    }

    #[test]
    fn about_one_in_so_many_is_picked() {
        let of = |one_in| Sampler::new(NonZeroU32::new(one_in).unwrap(), Some(7));
        assert_eq!(picked(&of(1), 1000), 1000);
        let picked = picked(&of(100), 100_000);
        assert!((900..1100).contains(&picked), "{picked}");
    }

    #[test]
    fn a_seed_fixes_the_choice_and_without_one_samplers_differ() {
        let choice = |seed| {
            let sampler = Sampler::new(NonZeroU32::new(2).unwrap(), seed);
            (0..128).map(|_| sampler.picks()).collect::<Vec<_>>()
        };
        assert_eq!(choice(Some(1)), choice(Some(1)));
        assert_ne!(choice(Some(1)), choice(Some(2)));
        assert_ne!(choice(None), choice(None));
    }
}
