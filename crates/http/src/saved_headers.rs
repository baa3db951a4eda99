use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};

/// A copy of a request's headers.
///
/// It is flat rather than a [`HeaderMap`], whose clone costs two allocations, and one more for
/// each value that was not shared before. Only a resend makes a map of it.
///
/// A client's requests are much alike, and to compare is cheaper than to copy and to parse: names
/// stay from one request to the next, and from a resend on the values of some.
#[derive(Default)]
pub(crate) struct SavedHeaders {
    /// The first so many are of this request, the others of one before.
    slots: Vec<Slot>,
    count: usize,
    /// How long the names are, and the values that are known.
    slot_bytes: usize,
    /// The values that are not known, one after the other.
    text: BytesMut,
    /// The text instead, once values of a map share it.
    shared: Bytes,
    /// What the next map is made in; empty.
    spare: HeaderMap,
}

struct Slot {
    name: HeaderName,
    /// What is known of the name's value.
    known: Option<HeaderValue>,
    is_known: bool,
    is_sensitive: bool,
    /// In the text; nothing of a value that is known.
    value_end: usize,
}

/// A map of more headers is not used again.
const MOST_FIELDS: usize = 128;

/// Headers whose values are no secrets and mostly the same; none that is longer is kept.
const MOST_KNOWN_BYTES: usize = 256;
const PUBLIC: [HeaderName; 4] = [ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT];

impl SavedHeaders {
    /// Copies these headers; there were none before.
    pub(crate) fn fill(&mut self, headers: &HeaderMap) {
        let mut count = 0;
        for (name, value) in headers {
            let slot = match self.slots.get_mut(count) {
                Some(slot) => slot,
                None => push(&mut self.slots, &mut self.slot_bytes, name),
            };
            if slot.name != *name {
                rename(slot, &mut self.slot_bytes, name);
            }
            slot.is_known = slot.known.as_ref().is_some_and(|known| known == value);
            if !slot.is_known {
                self.text.extend_from_slice(value.as_bytes());
            }
            slot.is_sensitive = value.is_sensitive();
            slot.value_end = self.text.len();
            count += 1;
        }
        self.count = count;
    }

    pub(crate) fn contains(&self, name: &HeaderName) -> bool {
        self.slots[..self.count]
            .iter()
            .any(|slot| slot.name == name)
    }

    /// Puts the headers into a map that is empty, repeated ones in their order.
    pub(crate) fn write(&mut self, map: &mut HeaderMap) {
        std::mem::swap(map, &mut self.spare);
        // Repeated names need no room there, and may be more than there can be.
        let _ = map.try_reserve(self.count);
        if !self.text.is_empty() {
            self.shared = self.text.split().freeze();
        }
        let mut start = 0;
        for slot in &mut self.slots[..self.count] {
            let value = if slot.is_known {
                slot.known.clone()
            } else {
                let text = self.shared.slice(start..slot.value_end);
                if slot.known.is_none()
                    && !slot.is_sensitive
                    && text.len() <= MOST_KNOWN_BYTES
                    && PUBLIC.contains(&slot.name)
                {
                    // A copy, as the text is the memory of all values.
                    slot.known = HeaderValue::from_bytes(&text).ok();
                    self.slot_bytes += text.len();
                }
                HeaderValue::from_maybe_shared(text).ok()
            };
            start = slot.value_end;
            // It was a value before.
            if let Some(mut value) = value {
                value.set_sensitive(slot.is_sensitive);
                map.append(slot.name.clone(), value);
            }
        }
    }

    /// Takes the memory of this map, if it is not large, for the next that is written.
    pub(crate) fn recycle(&mut self, map: &mut HeaderMap) {
        if map.capacity() <= MOST_FIELDS {
            map.clear();
            std::mem::swap(map, &mut self.spare);
        }
    }

    /// Forgets what it holds, but not its memory, nor the names; answers how many bytes that is.
    pub(crate) fn clear(&mut self) -> usize {
        self.count = 0;
        self.text.clear();
        let shared = self.shared.len();
        // Asked first, as nothing is made in the place of nothing on each call. The text takes the
        // shared bytes back once no request holds a value of them any more.
        if shared > 0 {
            self.shared = Bytes::new();
        }
        if self.spare.capacity() > 0 {
            self.spare = HeaderMap::new();
        }
        self.slots.capacity() * size_of::<Slot>() + self.slot_bytes + self.text.capacity() + shared
    }
}

#[cold]
fn push<'a>(slots: &'a mut Vec<Slot>, slot_bytes: &mut usize, name: &HeaderName) -> &'a mut Slot {
    *slot_bytes += name.as_str().len();
    slots.push(Slot {
        name: name.clone(),
        known: None,
        is_known: false,
        is_sensitive: false,
        value_end: 0,
    });
    let last = slots.len() - 1;
    &mut slots[last]
}

#[cold]
fn rename(slot: &mut Slot, slot_bytes: &mut usize, name: &HeaderName) {
    let known = slot.known.take().map_or(0, |known| known.len());
    *slot_bytes -= slot.name.as_str().len() + known;
    *slot_bytes += name.as_str().len();
    slot.name.clone_from(name);
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;

    use super::*;

    impl SavedHeaders {
        fn map(&mut self) -> HeaderMap {
            let mut map = HeaderMap::new();
            self.write(&mut map);
            map
        }

        fn bytes_of_slots(&self) -> usize {
            let known = |slot: &Slot| slot.known.as_ref().map_or(0, HeaderValue::len);
            let bytes = |slot: &Slot| slot.name.as_str().len() + known(slot);
            self.slots.iter().map(bytes).sum()
        }
    }

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
        flat.recycle(&mut other);
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
        assert!(!flat.slots.is_empty() && !flat.contains(&AUTHORIZATION));

        let mut fewer = HeaderMap::new();
        fewer.insert("x-first", HeaderValue::from_static("1"));
        fewer.insert("x-other", HeaderValue::from_static("2"));
        flat.fill(&fewer);
        assert_eq!(flat.map(), fewer);
        assert!(flat.contains(&HeaderName::from_static("x-other")));
        assert!(!flat.contains(&AUTHORIZATION));
        assert_eq!(flat.slot_bytes, flat.bytes_of_slots());
    }

    #[test]
    fn a_value_that_is_known_is_not_taken_for_another() {
        let mut flat = SavedHeaders::default();
        let typed = |name: HeaderName, value: &'static str| {
            let mut map = odd();
            map.insert(name, HeaderValue::from_static(value));
            map
        };
        for _ in 0..2 {
            // The same, another value, another name in its place, and the same again.
            for (name, value) in [
                (CONTENT_TYPE, "a"),
                (CONTENT_TYPE, "a"),
                (CONTENT_TYPE, "b"),
                (USER_AGENT, "a"),
                (CONTENT_TYPE, "a"),
            ] {
                let map = typed(name, value);
                flat.fill(&map);
                for _ in 0..2 {
                    let again = flat.map();
                    assert!(again.iter().eq(map.iter()));
                    assert!(again[AUTHORIZATION].is_sensitive() && !again[ACCEPT].is_sensitive());
                }
                flat.clear();
            }
        }
        let mut secret = odd();
        secret
            .iter_mut()
            .for_each(|(_, value)| value.set_sensitive(true));
        flat.fill(&secret);
        assert!(flat.map().values().all(HeaderValue::is_sensitive));
    }

    #[test]
    fn no_value_is_kept_that_may_be_secret() {
        let mut map = odd();
        let mut secret = HeaderValue::from_static("sensitive");
        secret.set_sensitive(true);
        map.insert(CONTENT_TYPE, secret);
        map.insert(USER_AGENT, HeaderValue::try_from("x".repeat(999)).unwrap());

        let mut flat = SavedHeaders::default();
        for is_sent_again in [false, true] {
            flat.fill(&map);
            if is_sent_again {
                flat.recycle(&mut odd());
                flat.map();
                flat.recycle(&mut odd());
            }
            flat.clear();
            assert!(flat.count == 0 && flat.text.is_empty());
            assert!(flat.shared.is_empty() && flat.spare.is_empty());
            // Two values of `Accept`.
            let known: Vec<_> = flat.slots.iter().flat_map(|slot| &slot.known).collect();
            assert_eq!(known, ["b", "a"][..if is_sent_again { 2 } else { 0 }]);
        }
    }

    #[test]
    fn the_memory_that_stays_is_counted() {
        let mut flat = SavedHeaders::default();
        assert_eq!(flat.clear(), 0);
        let mut many = odd();
        for number in 0..300 {
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            many.insert(name, HeaderValue::from_static("of some length"));
        }
        for (map, is_sent_again) in [(&many, false), (&many, true), (&odd(), true)] {
            flat.fill(map);
            if is_sent_again {
                assert_eq!(flat.map(), *map);
            }
            let bytes = flat.clear();
            // The three hundred stay.
            assert!(bytes > 300 * size_of::<Slot>() + flat.bytes_of_slots());
            assert!(bytes < 512 * size_of::<Slot>() + flat.bytes_of_slots() + 32 * 1024);
            assert_eq!(flat.slot_bytes, flat.bytes_of_slots());
        }
    }
}
