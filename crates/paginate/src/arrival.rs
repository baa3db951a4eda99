//! One page on its way: what of it has arrived, and its items as they come out.

use std::collections::VecDeque;

use bytes::Bytes;
use http::response::Parts;

use crate::config::OnRepeat;
use crate::course::{Arrived, Course};
use crate::error::PageError;
use crate::json;
use crate::pointer::Pointer;
use crate::repeat::Fingerprint;
use crate::scan::{Found, ScanError, Scanner};

pub(crate) struct Arrival {
    pointer: Pointer,
    max_item: usize,
    max_rest: usize,
    /// Whether a page may have to be refused for its likeness to the one before.
    compare: bool,
    keep_last: bool,

    parts: Option<Parts>,
    scanner: Scanner,
    /// What the scanner is at, and how far it is.
    chunk: Bytes,
    at: usize,
    /// What has arrived of a page that does not yet differ from the one before.
    held: VecDeque<Bytes>,
    held_bytes: usize,
    same: bool,
    ended: bool,
    print: Fingerprint,
    previous: Fingerprint,
    last: Option<Vec<u8>>,
    rest: Vec<u8>,
}

/// What a stream of pages has read when it becomes one of items.
pub(crate) struct Read {
    pub(crate) parts: Option<Parts>,
    pub(crate) chunks: Vec<Bytes>,
    pub(crate) previous: Option<Fingerprint>,
    pub(crate) index: u64,
}

pub(crate) enum Step<'a> {
    /// An item, and its number in the page.
    Item(&'a [u8], u64),
    /// The page equals the one before.
    Stalled,
    Arrived(Arrived<'a>),
    /// More of the page is needed.
    More,
}

impl Arrived<'_> {
    /// What surrounds the items was kept as it came; here it is looked at.
    pub(crate) fn check(&self) -> Result<(), serde_json::Error> {
        if self.rest.trim_ascii().is_empty() {
            return Ok(());
        }
        json::check(self.rest)
    }
}

impl Arrival {
    pub(crate) fn new<P, B>(pointer: Pointer, course: &Course<P, B>, read: Read) -> Self {
        let (max_item, max_rest) = (course.config.max_item_bytes, course.config.max_page_bytes);
        let mut arrival = Self {
            scanner: Scanner::new(pointer.clone(), max_item, max_rest),
            pointer,
            max_item,
            max_rest,
            compare: course.needs.by_count && course.config.on_repeat != OnRepeat::Allow,
            keep_last: course.needs.last_item,
            parts: None,
            chunk: Bytes::new(),
            at: 0,
            held: VecDeque::new(),
            held_bytes: 0,
            same: false,
            ended: false,
            print: Fingerprint::default(),
            previous: read.previous.unwrap_or_default(),
            last: None,
            rest: Vec::new(),
        };
        if let Some(parts) = read.parts {
            arrival.head(parts, read.index);
            for chunk in read.chunks {
                arrival.data(chunk);
            }
        }
        arrival
    }

    /// How many items have come out of the page.
    pub(crate) const fn items(&self) -> u64 {
        self.scanner.items()
    }

    /// The number of the next item, while a page's items are on their way.
    fn position(&self) -> Option<u64> {
        let within = self.parts.is_some() && self.scanner.is_at_items();
        within.then(|| self.items())
    }

    /// The same error, with what is known of the page at hand.
    pub(crate) fn explain(&self, error: PageError) -> PageError {
        match &self.parts {
            Some(parts) => error.within(self.position()).of(parts),
            None => error,
        }
    }

    pub(crate) fn head(&mut self, parts: Parts, index: u64) {
        self.parts = Some(parts);
        self.same = self.compare && index > 0;
    }

    pub(crate) fn data(&mut self, data: Bytes) {
        if self.compare {
            // Once it differs it differs, whatever the further blocks say.
            self.same &= self.print.push(&data, &self.previous);
        }
        self.held_bytes += data.len();
        self.held.push_back(data);
    }

    pub(crate) fn body_ended(&mut self) {
        self.ended = true;
        // A page that ended early is like the beginning of the one before, and differs.
        self.same &= self.print.equals(&self.previous);
    }

    /// The page was dealt with.
    pub(crate) fn reset(&mut self) {
        self.parts = None;
        self.ended = false;
        self.same = false;
        self.scanner = Scanner::new(self.pointer.clone(), self.max_item, self.max_rest);
        self.previous = std::mem::take(&mut self.print);
        self.last = None;
    }

    /// The next thing that comes out of what has arrived.
    pub(crate) fn step(&mut self) -> Result<Step<'_>, ScanError> {
        if self.same {
            return match self.ended {
                true => Ok(Step::Stalled),
                false if self.held_bytes > self.max_rest => Err(ScanError::RestTooLarge),
                false => Ok(Step::More),
            };
        }
        let found = loop {
            if self.at == self.chunk.len() {
                let Some(chunk) = self.held.pop_front() else {
                    break None;
                };
                self.held_bytes -= chunk.len();
                self.chunk = chunk;
                self.at = 0;
            }
            let start = self.at;
            let (taken, found) = self.scanner.advance(&self.chunk[start..])?;
            self.at += taken;
            if let Some(found) = found {
                break Some((start, found));
            }
        };
        if let Some((start, found)) = found {
            let number = self.scanner.items() - 1;
            let item = match found {
                Found::Input(range) => &self.chunk[start..][range],
                Found::Kept => self.scanner.kept(),
            };
            if self.keep_last {
                let last = self.last.get_or_insert_default();
                last.clear();
                last.extend_from_slice(item);
            }
            return Ok(Step::Item(item, number));
        }
        let Some(parts) = self.parts.as_ref().filter(|_| self.ended) else {
            return Ok(Step::More);
        };
        self.rest = self.scanner.finish()?;
        Ok(Step::Arrived(Arrived {
            parts,
            rest: &self.rest,
            items: Some(self.scanner.items()),
            last_item: self.last.as_deref(),
        }))
    }
}
