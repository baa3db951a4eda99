//! Splits a page into its items and the rest, as the bytes arrive.

use std::ops::Range;

mod error;
mod nested;
mod structure;

pub(crate) use self::error::ScanError;
use self::nested::Nested;
use self::structure::starts_value;
use crate::json;
use crate::pointer::Pointer;

/// A pointer-directed scanner of one JSON text.
///
/// It is fed the text in pieces of any size and gives out the elements of the array at
/// the pointer one by one; everything else is kept, with the array emptied. It knows
/// strings, brackets and commas and leaves the inside of an item, and of values beside
/// the path, to whoever parses them.
pub(crate) struct Scanner {
    path: Pointer,
    mode: Mode,
    /// The containers that are open and lie on the path, outermost first.
    open: Vec<Container>,
    rest: Vec<u8>,
    /// The beginning of an item (or key) that its piece did not complete.
    partial: Vec<u8>,
    found: bool,
    /// Whether what was found is neither an array nor `null`.
    is_other: bool,
    items: u64,
    /// White space and commas in the array since the last item.
    gap: usize,
    max_item: usize,
    max_rest: usize,
}

#[derive(Clone, Copy)]
enum Container {
    Object,
    Array { index: u64 },
}

#[derive(Clone, Copy)]
enum Mode {
    /// Before a value that lies on the path.
    Value,
    /// Before a key; `first` also allows the end of the object.
    Key { first: bool },
    /// Within a key.
    InKey { escaped: bool },
    /// Between a key and its value.
    Colon { on_path: bool },
    /// Before a value that lies beside the path.
    Beside,
    /// At the beginning of an array on the path, which may be empty.
    FirstElement,
    /// Within a value beside the path.
    Skip(Nested),
    /// After a value in a container on the path.
    After,
    /// In the array of items; `first` allows its end, `comma` asks for one.
    Items { first: bool, comma: bool },
    /// Within an item.
    Item(Nested),
    /// In a literal at the target, which has to be `null`.
    Null { at: usize },
    /// After the text.
    End,
}

/// Where an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// In the text that was given.
    Input(Range<usize>),
    /// In the scanner, since it came in pieces.
    Kept,
}

impl Scanner {
    pub(crate) fn new(path: Pointer, max_item: usize, max_rest: usize) -> Self {
        Self {
            path,
            mode: Mode::Value,
            open: Vec::new(),
            rest: Vec::new(),
            partial: Vec::new(),
            found: false,
            is_other: false,
            items: 0,
            gap: 0,
            max_item,
            max_rest,
        }
    }

    /// How many items have been given out.
    pub(crate) const fn items(&self) -> u64 {
        self.items
    }

    /// Whether it is within the array of items.
    pub(crate) const fn is_at_items(&self) -> bool {
        matches!(self.mode, Mode::Items { .. } | Mode::Item(_))
    }

    /// As [`advance`](Self::advance), for a text that is there as a whole.
    #[allow(single_use_lifetimes, reason = "the bound is the second use")]
    pub(crate) fn next<'a, 'b: 'a>(
        &'a mut self,
        input: &mut &'b [u8],
    ) -> Result<Option<&'a [u8]>, ScanError> {
        let (taken, found) = self.advance(input)?;
        let (text, rest) = input.split_at(taken);
        *input = rest;
        Ok(found.map(|found| match found {
            Found::Input(range) => &text[range],
            Found::Kept => self.kept(),
        }))
    }

    /// The last item, if it was [`Found::Kept`].
    pub(crate) fn kept(&self) -> &[u8] {
        &self.partial
    }

    /// What has arrived of an item whose end has not.
    pub(crate) fn begun(&self) -> &[u8] {
        match self.mode {
            Mode::Item(_) => &self.partial,
            _ => &[],
        }
    }

    /// Takes from the front of `text` up to the end of the next item, or all of it if
    /// that completes none: how many bytes were taken, and the item.
    ///
    /// # Errors
    ///
    /// The text cannot be split any further; nothing may be asked of the scanner then.
    pub(crate) fn advance(&mut self, text: &[u8]) -> Result<(usize, Option<Found>), ScanError> {
        self.advance_with(text, &mut |_| None)
    }

    /// The same, where `parse` is asked first how long the item is that stands at the
    /// front of a text, if it is there as a whole. A parser that reads the item anyway
    /// spares the scan for its end.
    pub(crate) fn advance_with(
        &mut self,
        text: &[u8],
        parse: &mut impl FnMut(&[u8]) -> Option<usize>,
    ) -> Result<(usize, Option<Found>), ScanError> {
        let mut input = text;
        while let Some(&byte) = input.first() {
            match self.mode {
                Mode::Item(mut nested) => {
                    let (taken, complete) = nested.take(input);
                    let start = text.len() - input.len();
                    if self.partial.len() + taken > self.max_item {
                        return Err(ScanError::ItemTooLarge);
                    }
                    if !complete {
                        self.partial.extend_from_slice(input);
                        self.mode = Mode::Item(nested);
                        return Ok((text.len(), None));
                    }
                    self.item_complete();
                    let end = start + taken;
                    if self.partial.is_empty() {
                        return Ok((end, Some(Found::Input(start..end))));
                    }
                    self.partial.extend_from_slice(&input[..taken]);
                    return Ok((end, Some(Found::Kept)));
                }
                Mode::Skip(mut nested) => {
                    let (taken, complete) = nested.take(input);
                    let (value, rest) = input.split_at(taken);
                    input = rest;
                    self.keep(value)?;
                    self.mode = if complete {
                        self.after()
                    } else {
                        Mode::Skip(nested)
                    };
                }
                Mode::Items { first, comma } => {
                    match byte {
                        b' ' | b'\t' | b'\n' | b'\r' => {}
                        b',' if comma => {
                            self.mode = Mode::Items {
                                first: false,
                                comma: false,
                            };
                        }
                        b']' if first || comma => {
                            self.keep(b"]")?;
                            self.mode = self.after();
                        }
                        byte if !comma && starts_value(byte) => {
                            self.partial.clear();
                            // Of a number at the end of a text more may follow.
                            let parsed = match byte {
                                b'{' | b'[' | b'"' => parse(input),
                                _ => None,
                            };
                            if let Some(len) = parsed.filter(|len| *len <= self.max_item) {
                                let start = text.len() - input.len();
                                self.item_complete();
                                return Ok((start + len, Some(Found::Input(start..start + len))));
                            }
                            self.mode = Mode::Item(Nested::START);
                            continue;
                        }
                        _ => return Err(ScanError::Syntax),
                    }
                    self.gap += 1;
                    if self.gap > self.max_item {
                        return Err(ScanError::ItemTooLarge);
                    }
                    input = &input[1..];
                }
                _ => {
                    if self.step(byte)? {
                        self.keep(&[byte])?;
                        input = &input[1..];
                    }
                }
            }
        }
        Ok((text.len(), None))
    }

    /// Begins another text, with the same buffers.
    pub(crate) fn reset(&mut self) {
        self.mode = Mode::Value;
        self.open.clear();
        self.rest.clear();
        self.partial.clear();
        self.found = false;
        self.is_other = false;
        self.items = 0;
        self.gap = 0;
    }

    /// What the text holds beside its items; nothing, if it is white space alone.
    pub(crate) fn rest(&self) -> &[u8] {
        if matches!(self.mode, Mode::Value) {
            return b"";
        }
        &self.rest
    }

    /// Ends the text.
    ///
    /// # Errors
    ///
    /// The text is not complete, or has no items where they should be. A text of nothing
    /// but white space has none, and that is no error.
    pub(crate) fn finish(&self) -> Result<(), ScanError> {
        if matches!(self.mode, Mode::Value) && self.rest.trim_ascii().is_empty() {
            return Ok(());
        }
        // Only what follows a bare value tells that it is over, and at the top level
        // nothing has to.
        let bare = matches!(self.mode, Mode::Skip(nested) if nested.is_bare());
        let complete = matches!(self.mode, Mode::End)
            || (bare || matches!(self.mode, Mode::Null { at: 4 })) && self.open.is_empty();
        // What is wrong before its end is wrong however it ends.
        let early =
            |text| json::check(text).map_or_else(|error| json::ends_early(text, &error), |()| true);
        if !complete {
            return Err(match early(&self.rest) && early(self.begun()) {
                true => ScanError::Truncated,
                false => ScanError::Syntax,
            });
        }
        if !self.found || self.is_other {
            // A page of HTML lacks its items for another reason.
            return Err(match json::check(&self.rest) {
                Ok(()) if self.is_other => ScanError::NotAnArray,
                Ok(()) => ScanError::Absent,
                Err(error) if json::ends_early(&self.rest, &error) => ScanError::Truncated,
                Err(_) => ScanError::Syntax,
            });
        }
        Ok(())
    }

    fn item_complete(&mut self) {
        self.items += 1;
        self.gap = 0;
        self.mode = Mode::Items {
            first: false,
            comma: true,
        };
    }

    fn keep(&mut self, text: &[u8]) -> Result<(), ScanError> {
        if self.rest.len() + text.len() > self.max_rest {
            return Err(ScanError::RestTooLarge);
        }
        self.rest.extend_from_slice(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
