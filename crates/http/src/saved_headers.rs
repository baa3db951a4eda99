use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// A copy of a request's headers.
///
/// It is flat rather than a [`HeaderMap`], whose clone costs two allocations, and one more for
/// each value that was not shared before. Only a resend makes a map of it.
#[derive(Default)]
pub(crate) struct SavedHeaders {
    /// The names of these fields, then those that the memory held before: a client's requests
    /// are much alike, and to compare a name is cheaper than to copy it.
    names: Vec<HeaderName>,
    name_bytes: usize,
    fields: Vec<Field>,
    /// The values, one after the other.
    text: BytesMut,
    /// The text instead, once values of a map share it.
    shared: Bytes,
    /// What the next map is made in.
    spare: HeaderMap,
}

struct Field {
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
        for (name, value) in headers {
            self.name(self.fields.len(), name);
            self.text.extend_from_slice(value.as_bytes());
            self.fields.push(Field {
                value_end: self.text.len(),
                is_sensitive: value.is_sensitive(),
            });
        }
    }

    #[inline]
    fn name(&mut self, position: usize, name: &HeaderName) {
        if self.names.get(position) != Some(name) {
            self.rename(position, name);
        }
    }

    #[cold]
    fn rename(&mut self, position: usize, name: &HeaderName) {
        self.name_bytes += name.as_str().len();
        match self.names.get_mut(position) {
            Some(other) => {
                self.name_bytes -= other.as_str().len();
                other.clone_from(name);
            }
            None => self.names.push(name.clone()),
        }
    }

    pub(crate) fn contains(&self, name: &HeaderName) -> bool {
        self.names[..self.fields.len()].contains(name)
    }

    /// The headers, repeated ones in their order.
    pub(crate) fn map(&mut self) -> HeaderMap {
        let mut map = std::mem::take(&mut self.spare);
        // Repeated names need no room there, and may be more than there can be.
        let _ = map.try_reserve(self.fields.len());
        if !self.text.is_empty() {
            self.shared = self.text.split().freeze();
        }
        let mut start = 0;
        for (name, field) in self.names.iter().zip(&self.fields) {
            let value = self.shared.slice(start..field.value_end);
            start = field.value_end;
            // It was a value before.
            if let Ok(mut value) = HeaderValue::from_maybe_shared(value) {
                value.set_sensitive(field.is_sensitive);
                map.append(name, value);
            }
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

    /// Forgets what it holds, but not its memory, where it is worth keeping, nor the names.
    pub(crate) fn clear(&mut self) {
        let bytes = self.shared.len() + self.text.capacity();
        if bytes.max(self.name_bytes) > MOST_BYTES || self.names.capacity() > MOST_FIELDS {
            *self = Self::default();
            return;
        }
        self.fields.clear();
        self.text.clear();
        // Asked first, as nothing is made in the place of nothing on each call. The text takes the
        // shared bytes back once no request holds a value of them any more.
        if !self.shared.is_empty() {
            self.shared = Bytes::new();
        }
        if self.spare.capacity() > 0 {
            self.spare = HeaderMap::new();
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
    fn its_memory_is_used_again_unless_a_request_holds_it() {
        let mut flat = SavedHeaders::default();
        let mut places = (0..99).map(|_| {
            flat.fill(&odd());
            let place = flat.text.as_ptr().addr();
            drop(flat.map());
            flat.clear();
            place
        });
        // It grows to hold the values of some requests, one after the other, and not of all.
        let settled = places.by_ref().nth(9).unwrap();
        assert!(places.all(|place| place.abs_diff(settled) < 99));

        flat.fill(&odd());
        let held = flat.map();
        for _ in 0..99 {
            flat.clear();
            flat.fill(&odd());
            flat.map();
        }
        assert_eq!(held, odd());
    }

    #[test]
    fn names_are_kept_and_of_another_request_none_is_seen() {
        let mut flat = SavedHeaders::default();
        flat.fill(&odd());
        flat.clear();
        assert!(!flat.names.is_empty() && !flat.contains(&AUTHORIZATION));

        let mut fewer = HeaderMap::new();
        fewer.insert("x-first", HeaderValue::from_static("1"));
        fewer.insert("x-other", HeaderValue::from_static("2"));
        flat.fill(&fewer);
        assert_eq!(flat.map(), fewer);
        assert!(flat.contains(&HeaderName::from_static("x-other")));
        assert!(!flat.contains(&AUTHORIZATION));
        let bytes: usize = flat.names.iter().map(|name| name.as_str().len()).sum();
        assert_eq!(flat.name_bytes, bytes);
    }

    #[test]
    fn of_values_nothing_is_kept() {
        let mut flat = SavedHeaders::default();
        for is_sent_again in [false, true] {
            flat.fill(&odd());
            if is_sent_again {
                flat.recycle(odd());
                flat.map();
                flat.recycle(odd());
            }
            flat.clear();
            assert!(flat.fields.is_empty() && flat.text.is_empty());
            assert!(flat.shared.is_empty() && flat.spare.is_empty());
        }
    }

    #[test]
    fn large_memory_is_not_kept() {
        let (mut many, mut long_name, mut long_value) =
            (HeaderMap::new(), HeaderMap::new(), HeaderMap::new());
        for number in 0..=MOST_FIELDS {
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            many.insert(name, HeaderValue::from_static("v"));
        }
        let text = "x".repeat(MOST_BYTES + 1);
        let value = HeaderValue::from_static("v");
        long_name.insert(HeaderName::try_from(&text).unwrap(), value);
        long_value.insert(ACCEPT, HeaderValue::try_from(&text).unwrap());
        for large in [many, long_name, long_value] {
            for is_sent_again in [false, true] {
                let mut flat = SavedHeaders::default();
                flat.fill(&odd());
                flat.clear();
                flat.fill(&large);
                if is_sent_again {
                    assert_eq!(flat.map(), large);
                }
                flat.clear();
                let kept = (flat.names.capacity(), flat.fields.capacity());
                assert_eq!((kept, flat.text.capacity()), ((0, 0), 0));
            }
        }
    }
}
