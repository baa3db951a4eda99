//! A table from (node, place on the tape) to a verdict.

#[derive(Debug, Default)]
pub(super) struct Table {
    slots: Vec<Slot>,
    used: usize,
    /// What was put in an earlier round is forgotten: to empty a table that once was large costs
    /// no more than to empty a small one.
    round: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    node: u32,
    place: u32,
    /// Of [`Table::round`]; that of an empty slot is another.
    round: u32,
    verdict: bool,
}

const FEWEST: usize = 64;

impl Table {
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    /// How many verdicts are in it.
    pub(super) const fn len(&self) -> usize {
        self.used
    }

    pub(super) fn clear(&mut self) {
        if self.used > 0 {
            self.used = 0;
            self.round = self.round.wrapping_add(1);
            if self.round == 0 {
                self.slots.fill(Slot::default());
                self.round = 1;
            }
        }
    }

    /// Where the verdict stands, or would stand.
    fn slot(&self, node: u32, place: u32) -> usize {
        let mask = self.slots.len() - 1;
        let key = u64::from(node) << 32 | u64::from(place);
        let mut slot = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
        loop {
            let found = &self.slots[slot];
            if found.round != self.round || (found.node, found.place) == (node, place) {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }

    pub(super) fn get(&self, node: u32, place: u32) -> Option<bool> {
        if self.used == 0 {
            return None;
        }
        let found = &self.slots[self.slot(node, place)];
        (found.round == self.round).then_some(found.verdict)
    }

    pub(super) fn put(&mut self, node: u32, place: u32, verdict: bool) {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let slot = self.slot(node, place);
        self.used += usize::from(self.slots[slot].round != self.round);
        self.slots[slot] = Slot {
            node,
            place,
            round: self.round,
            verdict,
        };
    }

    fn grow(&mut self) {
        // Only empty slots are of round 0.
        self.round = self.round.max(1);
        let size = (self.slots.len() * 2).max(FEWEST);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); size]);
        for known in old {
            if known.round == self.round {
                let slot = self.slot(known.node, known.place);
                self.slots[slot] = known;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_remembered_until_it_is_cleared() {
        let mut table = Table::default();
        assert_eq!(table.get(0, 0), None);
        for place in 0..1_000 {
            table.put(7, place, place % 3 == 0);
        }
        for place in 0..1_000 {
            assert_eq!(table.get(7, place), Some(place % 3 == 0));
            assert_eq!(table.get(8, place), None);
        }
        table.clear();
        assert_eq!(table.get(7, 3), None);
        table.put(8, 3, true);
        assert_eq!((table.get(7, 3), table.get(8, 3)), (None, Some(true)));
    }

    #[test]
    fn what_is_forgotten_stays_so_when_the_rounds_start_anew() {
        let mut table = Table::default();
        table.put(1, 1, true);
        table.round = u32::MAX;
        table.put(1, 2, true);
        table.clear();
        assert_eq!((table.get(1, 1), table.get(1, 2)), (None, None));
        table.put(1, 3, false);
        assert_eq!((table.get(1, 1), table.get(1, 3)), (None, Some(false)));
    }
}
