use std::cell::RefCell;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// A copy of a request's headers, for the case that it is sent again.
///
/// It is flat rather than a [`HeaderMap`], whose clone costs two allocations, and one more for
/// each name that is not a standard one. Its memory is used again by the thread's next request.
/// Only a resend makes a map of it.
#[derive(Default)]
pub(crate) struct Headers(Flat);

#[derive(Default)]
struct Flat {
    /// Names and values, one after the other.
    text: Vec<u8>,
    fields: Vec<Field>,
}

struct Field {
    name_end: usize,
    value_end: usize,
    is_sensitive: bool,
}

/// Memory of no request, for the next ones: at most this many a thread.
const POOL: usize = 32;

/// Memory of more headers, or of more bytes, is not kept, so that one odd request does not hold
/// it for good.
const POOLED_FIELDS: usize = 128;
const POOLED_BYTES: usize = 8 * 1024;

thread_local! {
    static FREE: RefCell<Vec<Flat>> = const { RefCell::new(Vec::new()) };
}

impl Headers {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        if headers.is_empty() {
            return Self::default();
        }
        let pooled = FREE.try_with(|free| free.borrow_mut().pop());
        let mut flat = pooled.ok().flatten().unwrap_or_default();
        for (name, value) in headers {
            flat.text.extend_from_slice(name.as_str().as_bytes());
            let name_end = flat.text.len();
            flat.text.extend_from_slice(value.as_bytes());
            flat.fields.push(Field {
                name_end,
                value_end: flat.text.len(),
                is_sensitive: value.is_sensitive(),
            });
        }
        Self(flat)
    }

    pub(crate) fn to_map(&self) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.0.fields.len());
        // All values share one copy.
        let text = Bytes::copy_from_slice(&self.0.text);
        let mut start = 0;
        for field in &self.0.fields {
            let name = HeaderName::from_bytes(&text[start..field.name_end]);
            let value = HeaderValue::from_maybe_shared(text.slice(field.name_end..field.value_end));
            // They were a name and a value before.
            if let (Ok(name), Ok(mut value)) = (name, value) {
                value.set_sensitive(field.is_sensitive);
                map.append(name, value);
            }
            start = field.value_end;
        }
        map
    }
}

/// Gives the memory back, without what it held.
impl Drop for Headers {
    fn drop(&mut self) {
        if !(1..=POOLED_FIELDS).contains(&self.0.fields.capacity())
            || self.0.text.capacity() > POOLED_BYTES
        {
            return;
        }
        let mut flat = std::mem::take(&mut self.0);
        flat.text.clear();
        flat.fields.clear();
        // At the thread's end there is no pool any more.
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            if free.len() < POOL {
                free.push(flat);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled() -> usize {
        FREE.with_borrow(Vec::len)
    }

    #[test]
    fn what_is_pooled_is_empty_and_bounded() {
        let mut map = HeaderMap::new();
        map.insert("authorization", HeaderValue::from_static("secret"));
        let headers: Vec<_> = (0..2 * POOL).map(|_| Headers::of(&map)).collect();
        assert_eq!(pooled(), 0);
        drop(headers);
        assert_eq!(pooled(), POOL);
        assert!(FREE.with_borrow(|free| {
            free.iter()
                .all(|flat| flat.text.is_empty() && flat.fields.is_empty())
        }));

        drop(Headers::of(&map));
        assert_eq!(pooled(), POOL, "it was taken and given back");
        FREE.with_borrow_mut(Vec::clear);
        for number in 0..=POOLED_FIELDS {
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            map.insert(name, HeaderValue::from_static("v"));
        }
        drop(Headers::of(&map));
        assert_eq!(pooled(), 0);
    }

    #[test]
    fn no_headers_need_no_memory() {
        drop(Headers::of(&HeaderMap::new()));
        assert_eq!(pooled(), 0);
        assert!(Headers::default().to_map().is_empty());
    }
}
