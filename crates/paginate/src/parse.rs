//! Makes values of a page's text, and says what is wrong where there are none.

use std::fmt;

use outbound_http::BoxError;
use serde::de::DeserializeOwned;

use crate::error::{PageError, PageErrorKind};
use crate::json;
use crate::page::Page;
use crate::pointer::Pointer;
use crate::position::Position;
use crate::scan::{ScanError, Scanner};

impl Page {
    /// Decodes the page.
    ///
    /// # Errors
    ///
    /// [`PageErrorKind::NotJson`] if the body is not JSON,
    /// [`PageErrorKind::Truncated`] if it ends too early and [`PageErrorKind::Decode`] if
    /// it does not fit `T`. The source is `serde_json`'s error, which may quote a value.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, PageError> {
        serde_json::from_slice(&self.body)
            .map_err(|error| decode(&self.body, Position::page(self.index), error.into()))
    }

    /// Decodes the items of the array at `pointer`; `""` is the page itself.
    ///
    /// A page without a body, and `null` in the place of the array, have no items.
    ///
    /// # Errors
    ///
    /// As with [`json`](Self::json), and [`PageErrorKind::Malformed`] if there is no
    /// array.
    ///
    /// # Panics
    ///
    /// `pointer` is a text that is no JSON Pointer.
    pub fn items<T: DeserializeOwned>(
        &self,
        pointer: impl TryInto<Pointer, Error: fmt::Display>,
    ) -> Result<Vec<T>, PageError> {
        let mut items = Vec::new();
        let mut scanner = Scanner::new(Pointer::expect(pointer), usize::MAX, usize::MAX);
        let mut input = &self.body[..];
        let failed = |error| scan_error(error, Position::page(self.index));
        while let Some(item) = scanner.next(&mut input).map_err(failed)? {
            let position = Position::item(self.index, items.len() as u64);
            items.push(
                serde_json::from_slice(item)
                    .map_err(|error| decode(item, position, error.into()))?,
            );
        }
        scanner.finish().map_err(failed)?;
        Ok(items)
    }
}

/// Tells what is no JSON from what is not as it was expected.
pub(crate) fn decode(text: &[u8], position: Position, error: BoxError) -> PageError {
    let what = if position.item.is_some() {
        "item"
    } else {
        "page"
    };
    let (kind, detail) = match json::check(text) {
        Err(fault) if position.item.is_none() && json::ends_early(text, &fault) => {
            (PageErrorKind::Truncated, "ended in the middle of its JSON")
        }
        Err(_) => (PageErrorKind::NotJson, "is not valid JSON"),
        Ok(()) => (PageErrorKind::Decode, "is not as it was expected"),
    };
    PageError::new(kind, position, format!("the {what} {detail}"), Some(error))
}

/// A page that cannot be split into items.
pub(crate) fn scan_error(error: ScanError, position: Position) -> PageError {
    let kind = match error {
        ScanError::Syntax => PageErrorKind::NotJson,
        ScanError::Truncated => PageErrorKind::Truncated,
        ScanError::Absent | ScanError::NotAnArray | ScanError::Twice => PageErrorKind::Malformed,
        ScanError::ItemTooLarge | ScanError::RestTooLarge => PageErrorKind::TooLarge,
    };
    PageError::new(kind, position, error.to_string(), None)
}
