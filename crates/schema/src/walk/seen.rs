/// Which members of an object were there.
#[derive(Default)]
pub(super) struct Seen {
    first: u64,
    others: Vec<u64>,
}

impl Seen {
    pub(super) fn insert(&mut self, member: usize) {
        if member < 64 {
            self.first |= 1 << member;
            return;
        }
        let word = member / 64 - 1;
        if self.others.len() <= word {
            self.others.resize(word + 1, 0);
        }
        self.others[word] |= 1 << (member % 64);
    }

    pub(super) fn contains(&self, member: usize) -> bool {
        let word = match member / 64 {
            0 => self.first,
            word => self.others.get(word - 1).copied().unwrap_or_default(),
        };
        word & 1 << (member % 64) != 0
    }
}
