//! Verdicts that were reached already, so that branches that meet again cost nothing.

/// A table from (node, place on the tape) to a verdict.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// Key plus one, so that 0 is empty; the lowest bit of the value is the verdict.
    slots: Vec<(u64, bool)>,
    used: usize,
}

const FEWEST: usize = 64;

impl Memo {
    pub(crate) fn clear(&mut self) {
        if self.used > 0 {
            self.slots.fill((0, false));
            self.used = 0;
        }
    }

    const fn key(node: u32, place: u32) -> u64 {
        ((node as u64) << 32 | place as u64) + 1
    }

    fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize & mask;
        while self.slots[slot].0 != 0 && self.slots[slot].0 != key {
            slot = (slot + 1) & mask;
        }
        slot
    }

    pub(crate) fn get(&self, node: u32, place: u32) -> Option<bool> {
        if self.used == 0 {
            return None;
        }
        let key = Self::key(node, place);
        let (found, verdict) = self.slots[self.slot(key)];
        (found == key).then_some(verdict)
    }

    pub(crate) fn put(&mut self, node: u32, place: u32, verdict: bool) {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let key = Self::key(node, place);
        let slot = self.slot(key);
        self.used += usize::from(self.slots[slot].0 == 0);
        self.slots[slot] = (key, verdict);
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(FEWEST);
        let old = std::mem::replace(&mut self.slots, vec![(0, false); size]);
        for (key, verdict) in old {
            if key != 0 {
                let slot = self.slot(key);
                self.slots[slot] = (key, verdict);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_remembered_until_it_is_cleared() {
        let mut memo = Memo::default();
        assert_eq!(memo.get(0, 0), None);
        for place in 0..1_000 {
            memo.put(7, place, place % 3 == 0);
        }
        for place in 0..1_000 {
            assert_eq!(memo.get(7, place), Some(place % 3 == 0));
            assert_eq!(memo.get(8, place), None);
        }
        memo.clear();
        assert_eq!(memo.get(7, 3), None);
    }
}
