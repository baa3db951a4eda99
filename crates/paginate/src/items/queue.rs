//! What was read ahead of the consumer.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::error::PageError;
use crate::place::Spot;

pub(super) enum Entry {
    /// If it was decoded on the way, the decoder has put it by.
    Item {
        number: u64,
        text: Bytes,
        decoded: bool,
    },
    /// The page is over.
    Turn(Spot),
    Failed(PageError),
}

pub(super) struct Queue {
    entries: VecDeque<Entry>,
    /// What an item weighs beside its text; one of a few bytes takes its place too.
    each: usize,
    weight: usize,
}

impl Queue {
    /// A queue of items that take `item` bytes when they are decoded.
    pub(super) const fn new(item: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            each: item + size_of::<Entry>(),
            weight: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many bytes its items take.
    pub(super) const fn weight(&self) -> usize {
        self.weight
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.weight += self.weighs(&entry);
        self.entries.push_back(entry);
    }

    pub(super) fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.weight -= self.weighs(&entry);
        Some(entry)
    }

    const fn weighs(&self, entry: &Entry) -> usize {
        match entry {
            Entry::Item { text, .. } => text.len() + self.each,
            Entry::Turn(_) | Entry::Failed(_) => 0,
        }
    }
}
