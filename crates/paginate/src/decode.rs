use std::fmt;
use std::marker::PhantomData;

use outbound_http::BoxError;
use serde::de::DeserializeOwned;

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
    /// expected, and tells its length. It may be decoded long before it is handed out.
    #[doc(hidden)]
    fn front(&mut self, text: &[u8]) -> Option<(Self::Item, usize)> {
        let _ = text;
        None
    }
}

/// Deserialises items: the [`Decode`] of [`Pages::items`](crate::Pages::items).
pub struct Typed<T>(PhantomData<fn() -> T>);

impl<T> Typed<T> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
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
    fn front(&mut self, text: &[u8]) -> Option<(T, usize)> {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter();
        let item = values.next()?.ok()?;
        Some((item, values.byte_offset()))
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
