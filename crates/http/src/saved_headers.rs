use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// A copy of a request's headers.
///
/// It is flat rather than a [`HeaderMap`], whose clone costs two allocations, and one more for
/// each value that was not shared before. Only a resend makes a map of it.
#[derive(Default)]
pub(crate) struct SavedHeaders {
    /// Names and values, one after the other.
    text: Vec<u8>,
    /// The text instead, once values of a map share it.
    shared: Bytes,
    fields: Vec<Field>,
    /// What the next map is made in.
    spare: HeaderMap,
}

struct Field {
    name_end: usize,
    value_end: usize,
    is_sensitive: bool,
}

/// Memory of more headers, or of more bytes, is not kept, so that one odd request does not hold
/// it for good.
const MOST_FIELDS: usize = 128;
const MOST_BYTES: usize = 8 * 1024;

impl SavedHeaders {
    /// Copies these headers; there were none before.
    pub(crate) fn fill(&mut self, headers: &HeaderMap) {
        let mut text = std::mem::take(&mut self.text);
        self.fields.extend(headers.iter().map(|(name, value)| {
            text.extend_from_slice(name.as_str().as_bytes());
            let name_end = text.len();
            text.extend_from_slice(value.as_bytes());
            Field {
                name_end,
                value_end: text.len(),
                is_sensitive: value.is_sensitive(),
            }
        }));
        self.text = text;
    }

    pub(crate) fn contains(&self, name: &HeaderName) -> bool {
        let name = name.as_str().as_bytes();
        let text = self.text();
        let starts = std::iter::once(0).chain(self.fields.iter().map(|field| field.value_end));
        starts
            .zip(&self.fields)
            .any(|(start, field)| &text[start..field.name_end] == name)
    }

    /// The headers, repeated ones in their order.
    pub(crate) fn map(&mut self) -> HeaderMap {
        let mut map = std::mem::take(&mut self.spare);
        // Repeated names need no room there, and may be more than there can be.
        let _ = map.try_reserve(self.fields.len());
        if !self.text.is_empty() {
            self.shared = std::mem::take(&mut self.text).into();
        }
        let mut start = 0;
        for field in &self.fields {
            let name = HeaderName::from_bytes(&self.shared[start..field.name_end]);
            let value = self.shared.slice(field.name_end..field.value_end);
            // They were a name and a value before.
            if let (Ok(name), Ok(mut value)) = (name, HeaderValue::from_maybe_shared(value)) {
                value.set_sensitive(field.is_sensitive);
                map.append(name, value);
            }
            start = field.value_end;
        }
        map
    }

    /// Makes the next map in the memory of this one, if it is not large.
    pub(crate) fn recycle(&mut self, mut map: HeaderMap) {
        if map.capacity() <= MOST_FIELDS {
            map.clear();
            self.spare = map;
        }
    }

    /// Forgets what it holds, but not its memory, where it is worth keeping.
    pub(crate) fn clear(&mut self) {
        if !self.shared.is_empty() {
            let shared = std::mem::take(&mut self.shared);
            // Unique once no request holds a value of it any more.
            if let Ok(text) = shared.try_into_mut() {
                self.text = text.into();
            }
        }
        self.text.clear();
        self.fields.clear();
        // Asked first, as an empty map is not made for nothing on each call.
        if self.spare.capacity() > 0 {
            self.spare = HeaderMap::new();
        }
        if self.text.capacity() > MOST_BYTES || self.fields.capacity() > MOST_FIELDS {
            *self = Self::default();
        }
    }

    fn text(&self) -> &[u8] {
        if self.text.is_empty() {
            &self.shared
        } else {
            &self.text
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, AUTHORIZATION};

    use super::*;

    fn odd() -> HeaderMap {
        let mut map = HeaderMap::new();
        let mut secret = HeaderValue::from_static("secret");
        secret.set_sensitive(true);
        map.insert("x-first", HeaderValue::from_static("1"));
        map.append(ACCEPT, HeaderValue::from_static("b"));
        map.append(ACCEPT, HeaderValue::from_static("a"));
        map.insert(AUTHORIZATION, secret);
        map.insert("x-empty", HeaderValue::from_static(""));
        map.insert("x-opaque", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        map
    }

    #[test]
    fn what_is_copied_is_the_same_each_time() {
        let mut flat = SavedHeaders::default();
        for _ in 0..3 {
            flat.fill(&odd());
            for _ in 0..2 {
                let map = flat.map();
                assert_eq!(map, odd());
                assert!(map.iter().eq(odd().iter()));
                assert!(map[AUTHORIZATION].is_sensitive());
                assert!(!map[ACCEPT].is_sensitive());
            }
            flat.clear();
            assert!(flat.map().is_empty());
        }
    }

    #[test]
    fn a_name_is_found_before_and_after_a_map_was_made() {
        let mut flat = SavedHeaders::default();
        flat.fill(&odd());
        for _ in 0..2 {
            assert!(flat.contains(&AUTHORIZATION));
            assert!(flat.contains(&HeaderName::from_static("x-opaque")));
            // A value, a part of a name, and nothing of it.
            for name in ["secret", "x-first1", "accep", "upgrade"] {
                assert!(!flat.contains(&HeaderName::from_static(name)), "{name}");
            }
            flat.map();
        }
    }

    #[test]
    fn a_map_that_is_made_in_another_s_memory_has_nothing_of_it() {
        let mut flat = SavedHeaders::default();
        flat.fill(&odd());
        let mut other = HeaderMap::new();
        other.insert("retry-after", HeaderValue::from_static("1"));
        other.append("x-first", HeaderValue::from_static("other"));
        flat.recycle(other);
        assert_eq!(flat.map(), odd());
        assert_eq!(flat.map(), odd(), "the memory is gone with the first");
    }

    #[test]
    fn more_values_than_a_map_has_room_for_names_are_copied_too() {
        let mut many = HeaderMap::new();
        for _ in 0..25_000 {
            many.append(ACCEPT, HeaderValue::from_static("a"));
        }
        let mut flat = SavedHeaders::default();
        flat.fill(&many);
        assert_eq!(flat.map(), many);
    }

    #[test]
    fn its_memory_is_used_again_unless_it_is_large_or_held_by_a_request() {
        let mut flat = SavedHeaders::default();
        flat.fill(&odd());
        let start = flat.text.as_ptr();
        drop(flat.map());
        flat.clear();
        assert_eq!(flat.text.as_ptr(), start);

        flat.fill(&odd());
        let held = flat.map();
        flat.clear();
        assert_eq!((flat.text.capacity(), &held), (0, &odd()));

        let mut map = HeaderMap::new();
        for number in 0..=MOST_FIELDS {
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            map.insert(name, HeaderValue::from_static("v"));
        }
        flat.fill(&map);
        flat.clear();
        assert_eq!(flat.fields.capacity(), 0);
    }
}
