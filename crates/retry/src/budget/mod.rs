mod accounts;

use std::fmt;
use std::sync::Arc;

use http::Uri;

use self::accounts::Accounts;

/// Bounds retries to a share of first sends, so that an outage is not made worse by them.
///
/// Each first send earns a part of a token, each retry costs a whole one. What is not spent is
/// saved, up to a reserve; at the start the reserve is full. Nothing is renewed by time: a fleet
/// that idles through an outage has no more retries at its end than at its beginning. Of `n`
/// calls to one authority, at most `n * per_mille / 1000 + reserve` are retries, exactly.
///
/// Authorities (host, and port unless it is the scheme's own) have separate accounts, so that one
/// that is down does not take another's tokens. There are [`ACCOUNTS`](Self::ACCOUNTS) of them, so
/// that memory is constant, and each is taken by the first that asks for it. Of a hundred
/// authorities some two share an account in one process of a thousand, of more than there are
/// accounts many do; of any few hardly ever (one pair in millions), and not the same in each
/// process. Clones share their accounts.
///
/// ```
/// use http::Uri;
/// use outbound_retry::Budget;
///
/// let budget = Budget::new(100, 1);
/// let uri = Uri::from_static("https://api.example.com/");
///
/// // The reserve, once.
/// budget.withdraw(&uri).expect("the reserve").spend();
/// assert!(budget.withdraw(&uri).is_none());
/// // One retry for ten first sends.
/// (0..10).for_each(|_| budget.earn(&uri));
/// assert!(budget.withdraw(&uri).is_some());
/// ```
#[derive(Clone)]
pub struct Budget(Arc<Shared>);

struct Shared {
    accounts: Accounts,
    earned: u64,
    reserve: u64,
    /// What an account has when it is full: the reserve, or what a small one has no room for, a token
    /// and a part of it.
    most: u64,
}

/// What a token is divided into: a first send earns so many of a thousandth.
const TOKEN: u64 = 1000;

impl Budget {
    /// Retries for a thousand first sends, by default: 200.
    pub const DEFAULT_PER_MILLE: u32 = 200;

    /// Tokens at the start, and the most that are saved, by default: 5.
    pub const DEFAULT_RESERVE: u32 = 5;

    /// How many accounts there are: 256.
    pub const ACCOUNTS: usize = accounts::COUNT;

    /// At most `per_mille` retries for a thousand first sends, and `reserve` more.
    ///
    /// Above 1000 there may be more retries than first sends. With 0 and 0 there is none.
    #[must_use]
    pub fn new(per_mille: u32, reserve: u32) -> Self {
        let reserve = u64::from(reserve) * TOKEN;
        Self(Arc::new(Shared {
            accounts: Accounts::new(reserve),
            earned: per_mille.into(),
            reserve,
            most: reserve.max(TOKEN + u64::from(per_mille)),
        }))
    }

    /// Counts a first send to the authority of `uri`.
    pub fn earn(&self, uri: &Uri) {
        let Shared {
            accounts,
            earned,
            most,
            ..
        } = &*self.0;
        let place = accounts.place(uri);
        // What is full is only read, which is all that a healthy server costs.
        if !accounts.has(place, *most) {
            self.add(accounts.take(place), *earned);
        }
    }

    /// Takes a token for a retry to the authority of `uri`, if there is one.
    #[must_use]
    pub fn withdraw(&self, uri: &Uri) -> Option<Token> {
        let accounts = &self.0.accounts;
        let account = accounts.take(accounts.place(uri));
        let is_taken = accounts.change(account, |tokens| tokens.checked_sub(TOKEN));
        is_taken.then(|| Token {
            budget: Some(self.clone()),
            account,
        })
    }

    /// What there is for the authority of `uri`, in thousandths of a retry.
    #[must_use]
    pub fn balance(&self, uri: &Uri) -> u64 {
        let accounts = &self.0.accounts;
        accounts.balance(accounts.take(accounts.place(uri)))
    }

    fn add(&self, account: usize, tokens: u64) {
        let most = self.0.most;
        self.0.accounts.change(account, |balance| {
            (balance < most).then(|| (balance + tokens).min(most))
        });
    }
}

/// [`DEFAULT_PER_MILLE`](Budget::DEFAULT_PER_MILLE) and
/// [`DEFAULT_RESERVE`](Budget::DEFAULT_RESERVE).
impl Default for Budget {
    fn default() -> Self {
        Self::new(Self::DEFAULT_PER_MILLE, Self::DEFAULT_RESERVE)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("per_mille", &self.0.earned)
            .field("reserve", &(self.0.reserve / TOKEN))
            .finish_non_exhaustive()
    }
}

/// The right to one retry. It goes back to its [`Budget`] when it is dropped unspent.
#[derive(Debug)]
#[must_use = "a token that is dropped goes back"]
pub struct Token {
    budget: Option<Budget>,
    account: usize,
}

impl Token {
    /// Keeps it from going back: the retry is sent.
    pub fn spend(mut self) {
        self.budget = None;
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.add(self.account, TOKEN);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const URI: &str = "https://api.test/";

    /// How many retries there are for this many first sends that all fail.
    fn retries(budget: &Budget, sends: u32) -> u32 {
        let uri = Uri::from_static(URI);
        let mut retries = 0;
        for _ in 0..sends {
            budget.earn(&uri);
            while let Some(token) = budget.withdraw(&uri) {
                token.spend();
                retries += 1;
            }
        }
        retries
    }

    #[test]
    fn every_ratio_is_exact() {
        for per_mille in [1, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 2500] {
            let budget = Budget::new(per_mille, 0);
            assert_eq!(retries(&budget, 10_000), per_mille * 10, "{per_mille}");
        }
    }

    #[test]
    fn the_reserve_is_spent_once() {
        let budget = Budget::new(100, 10);
        // What the first send earns finds the reserve full.
        assert_eq!(retries(&budget, 1000), 109);
        assert_eq!(retries(&budget, 1000), 100);
    }

    #[test]
    fn no_more_than_the_reserve_is_saved() {
        let (budget, uri) = (Budget::new(200, 10), Uri::from_static(URI));
        (0..1_000_000).for_each(|_| budget.earn(&uri));
        assert_eq!(budget.balance(&uri), 10_000);
    }

    #[test]
    fn without_ratio_and_reserve_there_is_no_retry() {
        assert_eq!(retries(&Budget::new(0, 0), 1000), 0);
    }

    #[test]
    fn extreme_settings_do_not_overflow() {
        let (budget, uri) = (Budget::new(u32::MAX, u32::MAX), Uri::from_static(URI));
        for _ in 0..9 {
            budget.earn(&uri);
        }
        assert_eq!(budget.balance(&uri), u64::from(u32::MAX) * 1000);
        assert!(budget.withdraw(&uri).is_some());
    }

    #[test]
    fn an_unspent_token_goes_back() {
        let (budget, uri) = (Budget::new(0, 2), Uri::from_static(URI));
        drop(budget.withdraw(&uri));
        assert_eq!(budget.balance(&uri), 2000);
        budget.withdraw(&uri).unwrap().spend();
        assert_eq!(budget.balance(&uri), 1000);
    }

    #[test]
    fn threads_that_withdraw_all_there_is_make_no_token() {
        const EACH: u64 = 10_000;
        let (budget, uri) = (Budget::new(300, 0), Uri::from_static(URI));
        let spent: u64 = thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|_| {
                    scope.spawn(|| {
                        (0..EACH)
                            .filter(|round| {
                                budget.earn(&uri);
                                let token = budget.withdraw(&uri);
                                assert!(budget.balance(&uri) <= 1300);
                                match token {
                                    // Every other one goes back.
                                    Some(token) if round % 2 == 0 => {
                                        token.spend();
                                        true
                                    }
                                    _ => false,
                                }
                            })
                            .count() as u64
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert!(spent <= 16 * EACH * 300 / 1000, "{spent}");
        assert!(spent > 0);
    }

    #[test]
    fn threads_lose_no_token_and_make_none() {
        const EACH: u64 = 100_000;
        // A reserve that is never full, so that nothing is lost at its edge.
        let (budget, uri) = (Budget::new(300, 4_000_000), Uri::from_static(URI));
        let account = budget.0.accounts.take(budget.0.accounts.place(&uri));
        assert!(budget.0.accounts.change(account, |_| Some(1_000_000_000)));
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for round in 0..EACH {
                        budget.earn(&uri);
                        let token = budget.withdraw(&uri).unwrap();
                        if round % 4 == 0 {
                            token.spend();
                        }
                    }
                });
            }
        });
        let (earned, spent) = (16 * EACH * 300, 16 * EACH / 4 * 1000);
        assert_eq!(budget.balance(&uri), 1_000_000_000 + earned - spent);
    }

    #[test]
    fn authorities_have_their_own_accounts_and_ports_too() {
        let budget = Budget::new(0, 1);
        for uri in ["https://a.test/", "https://b.test/", "https://b.test:8443/"] {
            assert!(
                budget
                    .withdraw(&Uri::from_static(uri))
                    .is_some_and(|token| {
                        token.spend();
                        true
                    })
            );
        }
        assert!(
            budget
                .withdraw(&Uri::from_static("http://B.test/other"))
                .is_none()
        );
    }
}
