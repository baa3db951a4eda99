use std::collections::VecDeque;
use std::fmt;

use outbound_http::BoxError;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Makes of the text of an item what [`Items`](crate::Items) hands out.
///
/// A function `FnMut(&[u8]) -> Result<T, BoxError>` is one; so is [`Typed`].
pub trait Decode: sealed::Sealed {
    /// What it makes.
    type Item;

    /// Whether an item has to be known for valid JSON before it is decoded.
    #[doc(hidden)]
    const CHECK: bool = true;

    /// Decodes a whole item.
    ///
    /// # Errors
    ///
    /// The item is not as it was expected.
    fn decode(&mut self, text: &[u8]) -> Result<Self::Item, BoxError>;

    /// Decodes the item at the front of `text`, if it is there as a whole and is as it was
    /// expected, and tells its length. It is kept until it is [taken](Self::take) or
    /// [put by](Self::put_by); a decoder that cannot keep it checks it alone.
    ///
    /// It is kept here and not by the stream, of which `Self::Item` must be no field: a future
    /// that holds such a stream of a boxed function would not be seen to be `Send`.
    #[doc(hidden)]
    fn front(&mut self, text: &[u8]) -> Option<usize> {
        let _ = text;
        None
    }

    /// The item that was decoded last.
    #[doc(hidden)]
    fn take(&mut self) -> Option<Self::Item> {
        None
    }

    /// Puts the item that was decoded last behind those that were put by before.
    #[doc(hidden)]
    fn put_by(&mut self) {}

    /// Brings the first item that was put by back, to be [taken](Self::take).
    #[doc(hidden)]
    fn bring_back(&mut self) {}
}

/// Deserialises items: the [`Decode`] of [`Pages::items`](crate::Pages::items).
pub struct Typed<T> {
    decoded: Option<T>,
    put_by: VecDeque<T>,
    /// Of the item that was decoded last.
    len: usize,
}

/// Up to which length items are known for text before they are parsed: 64 KiB.
const MAX_WINDOW: usize = 64 * 1024;

impl<T> Typed<T> {
    pub(crate) const fn new() -> Self {
        Self {
            decoded: None,
            put_by: VecDeque::new(),
            len: 0,
        }
    }

    /// Decodes the item at the front of what `json` reads, and keeps it.
    fn first<'de, R: serde_json::de::Read<'de>>(
        &mut self,
        json: serde_json::Deserializer<R>,
    ) -> Option<usize>
    where
        T: DeserializeOwned,
    {
        let mut values = json.into_iter();
        // Where this one is not as expected, the one before is not it.
        self.decoded = values.next().and_then(Result::ok);
        self.decoded.as_ref()?;
        self.len = values.byte_offset();
        Some(self.len)
    }
}

/// The text at the front of `bytes`.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes)
        .or_else(|error| std::str::from_utf8(&bytes[..error.valid_up_to()]))
        .unwrap_or_default()
}

impl<T: DeserializeOwned> Decode for Typed<T> {
    type Item = T;

    // Deserialising checks it, and may leave out what it skips over.
    const CHECK: bool = false;

    fn decode(&mut self, text: &[u8]) -> Result<T, BoxError> {
        Ok(serde_json::from_slice(text)?)
    }

    // The parser finds the item's end on its way, so that nobody has to look for it before.
    //
    // Of bytes it would have to make sure string by string that they are text, which costs a sixth
    // of it all. So that is done at once for as many as the item will have if it is like the one
    // before; a longer one is parsed in vain up to there, and then as bytes.
    fn front(&mut self, bytes: &[u8]) -> Option<usize> {
        let window = self.len.saturating_mul(2).saturating_add(64);
        if window <= MAX_WINDOW {
            let text = text(&bytes[..window.min(bytes.len())]);
            let found = self.first(serde_json::Deserializer::from_str(text));
            if found.is_some() || text.len() == bytes.len() {
                return found;
            }
        }
        self.first(serde_json::Deserializer::from_slice(bytes))
    }

    fn take(&mut self) -> Option<T> {
        self.decoded.take()
    }

    fn put_by(&mut self) {
        self.put_by.extend(self.decoded.take());
    }

    fn bring_back(&mut self) {
        self.decoded = self.put_by.pop_front();
    }
}

impl<F, T> Decode for F
where
    F: FnMut(&[u8]) -> Result<T, BoxError>,
{
    type Item = T;

    fn decode(&mut self, text: &[u8]) -> Result<T, BoxError> {
        self(text)
    }

    // The check finds the item's end on its way.
    fn front(&mut self, text: &[u8]) -> Option<usize> {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
        values.next()?.ok()?;
        Some(values.byte_offset())
    }
}

mod sealed {
    #[allow(unnameable_types, reason = "nobody else implements Decode")]
    pub trait Sealed {}

    impl<T> Sealed for super::Typed<T> {}

    impl<F, T> Sealed for F where F: FnMut(&[u8]) -> Result<T, super::BoxError> {}
}

impl<T> fmt::Debug for Typed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is parsed as text is what is parsed as bytes, whatever came before it.
    #[test]
    fn items_of_all_lengths_are_decoded_alike_and_wherever_they_are_cut() {
        let long = |len: usize| format!("[\"{}\"]", "\u{e9}x".repeat(len));
        let mut items = vec!["[]".to_owned(), "[\"\\u00e9\", \"}]\"]".to_owned()];
        items.extend([0, 1, 19, 20, 21, 22, 100, 3, 9_000, 40_000, 10, 30_000].map(long));
        let mut typed = Typed::<Vec<String>>::new();
        for item in &items {
            let value: Vec<String> = serde_json::from_str(item).expect("it is JSON");
            for behind in [&b""[..], b",[1]", b"]", b" \xc3", b"\xff,\xfe"] {
                let text = [item.as_bytes(), behind].concat();
                assert_eq!(typed.front(&text), Some(item.len()));
                assert_eq!(typed.take().as_ref(), Some(&value));
            }
            for cut in [item.len() - 1, item.len() / 2, 1] {
                assert_eq!(typed.front(&item.as_bytes()[..cut]), None);
                assert!(typed.take().is_none(), "none of an item before it");
            }
        }
    }

    #[test]
    fn an_item_of_bytes_that_are_no_text_is_decoded_if_nobody_wants_them() {
        let mut typed = Typed::<serde::de::IgnoredAny>::new();
        for _ in 0..2 {
            assert_eq!(typed.front(b"[\"\xff\"],"), Some(5));
            assert!(typed.take().is_some());
        }
        let mut typed = Typed::<Vec<String>>::new();
        for _ in 0..2 {
            assert_eq!(typed.front(b"[\"\xff\"],"), None);
            assert!(typed.take().is_none());
        }
    }
}
