//! One page on its way: what of it has arrived, and its items as they come out.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;

use bytes::Bytes;
use http::response::Parts;

use crate::config::OnRepeat;
use crate::course::{Arrived, Course};
use crate::error::PageError;
use crate::json;
use crate::place::ALL;
use crate::pointer::Pointer;
use crate::repeat::Fingerprint;
use crate::scan::{Found, ScanError, Scanner};

pub(crate) struct Arrival {
    /// Whether a page may have to be refused for its likeness to the one before.
    compare: bool,
    keep_last: bool,
    max_rest: usize,

    parts: Option<Parts>,
    scanner: Scanner,
    /// Looks for the items of a page that is held back.
    scout: Option<Scanner>,
    /// What the scanner is at, and how far it is.
    chunk: Bytes,
    at: usize,
    item: Found,
    /// What has arrived of a page that does not yet differ from the one before.
    held: VecDeque<Bytes>,
    held_bytes: usize,
    same: bool,
    ended: bool,
    print: Fingerprint,
    previous: Fingerprint,
    /// Whether the page before had items: without any, pages may well look alike.
    comparable: bool,
    last: Option<Vec<u8>>,
    skip: Skip,
}

/// The items at the front of a page that were handed out before.
#[derive(Default)]
struct Skip {
    items: u64,
    /// Of the items that came out of the page, if it may be asked for again.
    digest: Option<DefaultHasher>,
    /// What the digest has to be once they are skipped.
    expected: Option<u64>,
}

/// What a stream of pages has read when it becomes one of items.
pub(crate) struct Read {
    pub(crate) parts: Option<Parts>,
    pub(crate) chunks: Vec<Bytes>,
    pub(crate) previous: Fingerprint,
    pub(crate) index: u64,
}

pub(crate) enum Step<'a> {
    /// An item, by its number in the page; [`Arrival::item`] has its text.
    Item(u64),
    /// The page equals the one before.
    Stalled,
    /// The page does not begin with the items that were handed out.
    Drifted,
    Arrived(Arrived<'a>),
    /// More of the page is needed.
    More,
}

/// An item that `scanner` has found in `chunk`.
fn text<'a>(item: &Found, chunk: &'a Bytes, scanner: &'a Scanner) -> &'a [u8] {
    match item {
        Found::Input(range) => &chunk[range.clone()],
        Found::Kept => scanner.kept(),
    }
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
        let again = course.config.refetch > 0;
        let compare = course.needs.by_count && course.config.on_repeat != OnRepeat::Allow;
        let mut arrival = Self {
            compare,
            scout: compare.then(|| Scanner::new(pointer.clone(), max_item, max_rest)),
            keep_last: course.needs.last_item,
            scanner: Scanner::new(pointer, max_item, max_rest),
            max_rest,
            parts: None,
            chunk: Bytes::new(),
            at: 0,
            item: Found::Kept,
            held: VecDeque::new(),
            held_bytes: 0,
            same: false,
            ended: false,
            print: Fingerprint::default(),
            // A stream of pages remembers none but pages with items.
            comparable: !read.previous.is_empty(),
            previous: read.previous,
            last: None,
            skip: Skip {
                items: course.spot.taken,
                digest: again.then(DefaultHasher::new),
                expected: None,
            },
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

    /// How many items of the page were handed on, when it came and when it came before: it may have
    /// broken off before it was as far again.
    pub(crate) const fn taken(&self) -> u64 {
        let items = self.items();
        if items > self.skip.items {
            items
        } else {
            self.skip.items
        }
    }

    /// The text of the item that came out last.
    pub(crate) fn item(&self) -> &[u8] {
        text(&self.item, &self.chunk, &self.scanner)
    }

    /// The same, to be kept; without a copy if it arrived in one piece.
    pub(crate) fn item_bytes(&self) -> Bytes {
        match &self.item {
            Found::Input(range) => self.chunk.slice(range.clone()),
            Found::Kept => Bytes::copy_from_slice(self.scanner.kept()),
        }
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
        self.same = self.compare && self.comparable && index > 0;
    }

    pub(crate) fn data(&mut self, data: Bytes) {
        self.still_same(|arrival| arrival.looks_same(&data));
        self.held_bytes += data.len();
        self.held.push_back(data);
    }

    pub(crate) fn body_ended(&mut self) {
        self.ended = true;
        // A page that ended early is like the beginning of the one before, and differs.
        self.still_same(|arrival| {
            let whole = arrival
                .scout
                .as_ref()
                .is_some_and(|scout| scout.finish().is_ok());
            whole && arrival.print.equals(&arrival.previous)
        });
    }

    /// Looks whether a page that was the same until now still is. Once it differs its items are
    /// taken out from the first one on, and printed then.
    fn still_same(&mut self, look: impl FnOnce(&mut Self) -> bool) {
        if self.same && !look(self) {
            self.same = false;
            self.print.clear();
        }
    }

    /// Whether the items that end in `data` are those of the page before.
    fn looks_same(&mut self, mut data: &[u8]) -> bool {
        let Some(scout) = &mut self.scout else {
            return false;
        };
        loop {
            match scout.next(&mut data) {
                Ok(Some(item)) if self.print.item(item, &self.previous) => {}
                Ok(None) => return self.print.goes_on(scout.begun(), &self.previous),
                // What is wrong with the page is found again where its items are taken out.
                Ok(Some(_)) | Err(_) => return false,
            }
        }
    }

    /// The page was dealt with. If it `stays` at hand, all its items are expected of it when it
    /// comes again.
    pub(crate) fn reset(&mut self, stays: bool) {
        self.comparable = self.items() > 0;
        self.forget();
        std::mem::swap(&mut self.previous, &mut self.print);
        self.print.clear();
        self.skip.items = 0;
        let digest = self.skip.digest.as_ref().filter(|_| stays);
        self.skip.expected = digest.map(DefaultHasher::finish);
        if let Some(digest) = &mut self.skip.digest {
            *digest = DefaultHasher::new();
        }
    }

    /// The page at hand was dealt with and will come again: it is the page before itself, and may
    /// equal it.
    pub(crate) const fn looks_again(&mut self) {
        self.comparable = false;
    }

    /// The page will come again from its beginning; its first `taken` items were handed
    /// out.
    pub(crate) fn again(&mut self, taken: u64) {
        // As far as it is known all its items were handed out.
        if taken == ALL {
            self.looks_again();
        }
        match self.items().cmp(&taken) {
            // What they were expected to be and are not, they are expected to be still.
            Ordering::Equal if self.skip.expected.is_some() && self.skip.items == taken => {}
            Ordering::Equal => {
                self.skip.expected = self.skip.digest.as_ref().map(DefaultHasher::finish);
            }
            // It broke off before they were reached again.
            Ordering::Less => {}
            Ordering::Greater => self.skip.expected = None,
        }
        if let Some(digest) = &mut self.skip.digest {
            *digest = DefaultHasher::new();
        }
        self.skip.items = taken;
        self.forget();
        self.print.clear();
    }

    fn forget(&mut self) {
        self.parts = None;
        self.ended = false;
        self.same = false;
        self.scanner.reset();
        if let Some(scout) = &mut self.scout {
            scout.reset();
        }
        self.chunk = Bytes::new();
        self.at = 0;
        self.item = Found::Kept;
        self.held.clear();
        self.held_bytes = 0;
        if let Some(last) = &mut self.last {
            last.clear();
        }
    }

    /// The next thing that comes out of what has arrived.
    ///
    /// `parse` may parse an item where it stands: see [`Scanner::advance_with`].
    pub(crate) fn step(
        &mut self,
        parse: &mut impl FnMut(&[u8]) -> Option<usize>,
    ) -> Result<Step<'_>, ScanError> {
        if self.same {
            return match self.ended {
                true => Ok(Step::Stalled),
                false if self.held_bytes > self.max_rest => Err(ScanError::RestTooLarge),
                false => Ok(Step::More),
            };
        }
        while let Some(found) = self.advance(parse)? {
            self.item = found;
            let number = self.items() - 1;
            if self.compare {
                let text = text(&self.item, &self.chunk, &self.scanner);
                self.print.item(text, &self.previous);
            }
            if self.keep_last {
                let mut last = self.last.take().unwrap_or_default();
                last.clear();
                last.extend_from_slice(self.item());
                self.last = Some(last);
            }
            if let Some(mut digest) = self.skip.digest.take() {
                digest.write(self.item());
                digest.write_u8(0);
                self.skip.digest = Some(digest);
            }
            if number >= self.skip.items {
                return Ok(Step::Item(number));
            }
            if number + 1 == self.skip.items {
                let digest = self.skip.digest.as_ref().map(DefaultHasher::finish);
                if self.skip.expected.is_some() && self.skip.expected != digest {
                    return Ok(Step::Drifted);
                }
                self.skip.expected = None;
            }
        }
        if self.parts.is_none() || !self.ended {
            return Ok(Step::More);
        }
        self.scanner.finish()?;
        if self.skip.items != ALL && self.items() < self.skip.items {
            return Ok(Step::Drifted);
        }
        let items = self.scanner.items();
        let Some(parts) = &self.parts else {
            return Ok(Step::More);
        };
        Ok(Step::Arrived(Arrived {
            parts,
            rest: self.scanner.rest(),
            items: Some(items),
            counts: None,
            last_item: self.last.as_deref().filter(|_| items > 0),
        }))
    }

    /// The page, if it is whole and `error` is that it has no items where they should be.
    pub(crate) fn without_items(&self, error: ScanError) -> Option<Arrived<'_>> {
        let whole = self.ended && matches!(error, ScanError::Absent | ScanError::NotAnArray);
        Some(Arrived {
            parts: self.parts.as_ref().filter(|_| whole)?,
            rest: self.scanner.rest(),
            items: None,
            counts: None,
            last_item: None,
        })
    }

    /// The next item in what has arrived.
    fn advance(
        &mut self,
        parse: &mut impl FnMut(&[u8]) -> Option<usize>,
    ) -> Result<Option<Found>, ScanError> {
        loop {
            if self.at == self.chunk.len() {
                let Some(chunk) = self.held.pop_front() else {
                    return Ok(None);
                };
                self.held_bytes -= chunk.len();
                self.chunk = chunk;
                self.at = 0;
            }
            let start = self.at;
            let skipping = self.items() < self.skip.items;
            let (taken, found) = if skipping {
                self.scanner.advance(&self.chunk[start..])?
            } else {
                self.scanner.advance_with(&self.chunk[start..], parse)?
            };
            self.at += taken;
            match found {
                Some(Found::Input(Range { start: from, end })) => {
                    return Ok(Some(Found::Input(start + from..start + end)));
                }
                Some(Found::Kept) => return Ok(Some(Found::Kept)),
                None => {}
            }
        }
    }
}
