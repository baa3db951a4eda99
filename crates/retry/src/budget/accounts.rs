//! What authorities have, in constant memory and without a lock.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::Uri;
use http::uri::{Authority, Scheme};

pub(super) const COUNT: usize = 256;

/// How many are tried, from the one on that the authority's hash names, for one that is free.
const TRIED: usize = 16;

/// The lower bits of an account's word are a mark of the authority that took it; 0 is none. The
/// largest reserve is far from filling the others.
const MARK: u64 = 0xffff;
const BALANCE: u32 = MARK.count_ones();

/// Of an authority's account.
#[derive(Clone, Copy)]
pub(super) struct Place {
    home: usize,
    mark: u64,
}

pub(super) struct Accounts {
    words: [AtomicU64; COUNT],
    seed: u64,
}

impl Accounts {
    pub(super) fn new(balance: u64) -> Self {
        Self {
            words: std::array::from_fn(|_| (balance << BALANCE).into()),
            // So that whoever has bad luck in one process has none in the next.
            seed: RandomState::new().hash_one(COUNT),
        }
    }

    /// Where the account of this URI's authority is looked for.
    #[inline]
    pub(super) fn place(&self, uri: &Uri) -> Place {
        let hash = hash(self.seed, authority(uri));
        Place {
            home: (hash >> 56) as usize,
            mark: (hash & MARK) | 1,
        }
    }

    /// Whether the account in its first place has this balance.
    #[inline]
    pub(super) fn has(&self, place: Place, balance: u64) -> bool {
        self.words[place.home].load(Relaxed) == (balance << BALANCE) | place.mark
    }

    /// The account of an authority, which it takes at the first time and keeps.
    pub(super) fn take(&self, Place { home, mark }: Place) -> usize {
        let mut tried = (home..home + TRIED).map(|at| at % COUNT);
        let own = tried.find(|&at| {
            let take = |word| (word & MARK == 0).then_some(word | mark);
            let taken = self.words[at].fetch_update(Relaxed, Relaxed, take);
            taken.is_ok() || taken.is_err_and(|word| word & MARK == mark)
        });
        // All are taken by others: one is shared.
        own.unwrap_or(home)
    }

    pub(super) fn balance(&self, account: usize) -> u64 {
        self.words[account].load(Relaxed) >> BALANCE
    }

    /// Changes a balance, if `change` wants to.
    pub(super) fn change(&self, account: usize, change: impl Fn(u64) -> Option<u64>) -> bool {
        let change = |word| Some(change(word >> BALANCE)? << BALANCE | word & MARK);
        self.words[account]
            .fetch_update(Relaxed, Relaxed, change)
            .is_ok()
    }
}

// Eight bits name an account.
const _: () = assert!(COUNT == 1 << 8);

/// Host and port, without the port that the scheme means anyway.
fn authority(uri: &Uri) -> &[u8] {
    let authority = uri.authority().map_or("", Authority::as_str).as_bytes();
    match authority {
        [host @ .., b':', b'4', b'4', b'3'] if uri.scheme() == Some(&Scheme::HTTPS) => host,
        [host @ .., b':', b'8', b'0'] if uri.scheme() == Some(&Scheme::HTTP) => host,
        _ => authority,
    }
}

/// Hashes eight bytes at a time, in lower case. It need not withstand an attacker: the caller
/// chooses the hosts.
fn hash(seed: u64, authority: &[u8]) -> u64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    // Of characters that an authority may have, it changes capital letters and few others.
    const LOWER_CASE: u64 = 0x2020_2020_2020_2020;

    // Both halves of the product, so that each bit depends on all of the text.
    let mix = |hash: u64, word: [u8; 8]| {
        let word = u64::from_le_bytes(word) | LOWER_CASE;
        let product = u128::from(hash ^ word) * u128::from(GOLDEN);
        product as u64 ^ (product >> 64) as u64
    };
    let seed = seed ^ authority.len() as u64;
    let hash = authority.chunks_exact(8).fold(seed, |hash, word| {
        mix(hash, word.try_into().expect("eight bytes"))
    });
    // The last eight may overlap those before.
    let last = authority.last_chunk().copied().unwrap_or_else(|| {
        let mut all = [0; 8];
        all[..authority.len()].copy_from_slice(authority);
        all
    });
    mix(hash, last)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;

    /// The account of the authority in this text.
    fn of(accounts: &Accounts, uri: &str) -> usize {
        accounts.take(accounts.place(&uri.parse().expect("a URI")))
    }

    #[test]
    fn authorities_that_are_many_have_their_own_accounts() {
        // Names that differ in one character, in length, in their port.
        let names = (0..25).flat_map(|n| {
            [
                format!("https://api-{n}.example.com/"),
                format!("https://{}.test/", "a".repeat(n + 1)),
                format!("https://h:{}/", 8000 + n),
            ]
        });
        let names: Vec<_> = names.collect();
        // By chance of the seed one pair may share; of 20 seeds few do.
        let shared: usize = (0..20)
            .map(|_| {
                let accounts = Accounts::new(0);
                let taken: HashSet<_> = names.iter().map(|name| of(&accounts, name)).collect();
                names.len() - taken.len()
            })
            .sum();
        assert!(shared <= 1, "{shared}");
    }

    #[test]
    fn an_account_is_kept_once_it_is_taken() {
        let accounts = Accounts::new(7);
        let names: Vec<_> = (0..2 * COUNT).map(|n| format!("https://h{n}/")).collect();
        let first: Vec<_> = names.iter().map(|name| of(&accounts, name)).collect();
        let again: Vec<_> = names.iter().map(|name| of(&accounts, name)).collect();
        assert_eq!(first, again);
        assert!(first.iter().all(|&account| accounts.balance(account) == 7));
    }

    #[test]
    fn threads_agree_on_an_account() {
        for _ in 0..100 {
            let accounts = Accounts::new(0);
            let taken: HashSet<_> = thread::scope(|scope| {
                let asks = || of(&accounts, "https://api.test/");
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(asks)).collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().expect("an account"))
                    .collect()
            });
            assert_eq!(taken.len(), 1);
        }
    }

    #[test]
    fn the_port_of_the_scheme_and_capital_letters_make_no_other_account() {
        let accounts = Accounts::new(0);
        let same = [
            ["https://h.test/", "https://h.test:443/other"],
            ["http://p.test:80", "http://p.test"],
            ["https://long.name.test/", "https://LONG.name.Test:443/"],
            ["https://[::1]:443", "https://[::1]"],
        ];
        for [one, other] in same {
            assert_eq!(of(&accounts, one), of(&accounts, other), "{one}");
        }
        let others = [
            ["https://h.test/", "https://h.test:80/"],
            ["http://h.test/", "http://h.test:443/"],
            ["https://h.test/", "https://h.test:8443/"],
        ];
        for [one, other] in others {
            assert_ne!(of(&accounts, one), of(&accounts, other), "{other}");
        }
    }
}
