//! Which known members of an object were met.

use crate::engine::Fail;
use crate::engine::program::Members;

/// Marks a known member as met, which must not have been.
#[inline(always)]
pub(super) fn note(seen: &mut [u64], found: usize, bit: u64) -> Result<(), Fail> {
    let word = found / 64 % seen.len();
    if seen[word] & bit != 0 {
        return Err(Fail::Twice);
    }
    seen[word] |= bit;
    Ok(())
}

#[inline(always)]
pub(super) fn is_complete(members: &Members, seen: &[u64]) -> bool {
    let has_required = members
        .required
        .iter()
        .zip(seen)
        .all(|(required, seen)| required & !seen == 0);
    has_required && (members.dependents.is_empty() || has_dependents(members, seen))
}

/// Whether the known members that were met and the others are neither too few nor too many.
#[inline(always)]
pub(super) fn is_of_size(members: &Members, seen: &[u64], others: u64) -> bool {
    if members.fewest == 0 && members.most == u64::MAX {
        return true;
    }
    let known: u64 = seen.iter().map(|seen| u64::from(seen.count_ones())).sum();
    (members.fewest..=members.most).contains(&(known + others))
}

#[inline(never)]
fn has_dependents(members: &Members, seen: &[u64]) -> bool {
    let is_seen = |place: u16| {
        let place = usize::from(place);
        seen[place / 64 % seen.len()] >> (place % 64) & 1 == 1
    };
    members
        .dependents
        .iter()
        .all(|(name, others)| !is_seen(*name) || others.iter().all(|other| is_seen(*other)))
}
