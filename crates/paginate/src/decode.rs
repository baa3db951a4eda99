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
}

impl<T> Typed<T> {
    pub(crate) const fn new() -> Self {
        Self {
            decoded: None,
            put_by: VecDeque::new(),
        }
    }
}

impl<T: DeserializeOwned> Decode for Typed<T> {
    type Item = T;

    // Deserialising checks it, and may leave out what it skips over.
    const CHECK: bool = false;

    fn decode(&mut self, text: &[u8]) -> Result<T, BoxError> {
        Ok(serde_json::from_slice(text)?)
    }

    // The parser finds the item's end on its way, so that nobody has to look for it before.
    fn front(&mut self, text: &[u8]) -> Option<usize> {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter();
        // Where this one is not as expected, the one before is not it.
        self.decoded = values.next().and_then(Result::ok);
        self.decoded.is_some().then(|| values.byte_offset())
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
