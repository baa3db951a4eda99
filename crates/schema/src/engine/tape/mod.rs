//! A flat list of the values in a part of a body, for rules that must look at it twice.

mod builder;

pub(crate) use self::builder::Builder;
use super::text::Token;

/// A value, or the name of the member that follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Its bytes: of a string, with its quotes.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The entry behind it and all within it.
    pub(crate) next: u32,
    /// Elements or members.
    pub(crate) count: u32,
    pub(crate) kind: Kind,
    pub(crate) is_escaped: bool,
    pub(crate) is_ascii: bool,
    /// A member that another of the same name behind it replaces; only on names.
    pub(crate) is_replaced: bool,
    /// The tape ended within it.
    pub(crate) is_open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
    /// Of a member.
    Name,
}

impl Entry {
    /// Of a string or a name.
    pub(crate) const fn token(&self) -> Token {
        Token {
            start: self.start as usize + 1,
            end: self.end as usize - 1,
            is_escaped: self.is_escaped,
            is_ascii: self.is_ascii,
        }
    }

    pub(crate) fn raw<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Tape {
    pub(crate) entries: Vec<Entry>,
}

impl Tape {
    pub(crate) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }

    pub(crate) fn entry(&self, place: u32) -> Option<&Entry> {
        self.entries.get(place as usize)
    }

    /// The elements of the array at `place`.
    pub(crate) fn elements(&self, place: u32) -> impl Iterator<Item = (u32, &Entry)> {
        let end = self.entry(place).map_or(0, |entry| entry.next);
        let mut at = place + 1;
        std::iter::from_fn(move || {
            let entry = self.entry(at).filter(|_| at < end)?;
            let own = at;
            at = entry.next;
            Some((own, entry))
        })
    }

    /// The members of the object at `place`: name, and the place of the value.
    pub(crate) fn members(&self, place: u32) -> impl Iterator<Item = (&Entry, u32)> {
        let end = self.entry(place).map_or(0, |entry| entry.next);
        let mut at = place + 1;
        std::iter::from_fn(move || {
            loop {
                let name = self.entry(at).filter(|_| at < end)?;
                let value = at + 1;
                // A tape that ended behind a name has no value for it.
                at = self.entry(value).filter(|_| value < end)?.next;
                if !name.is_replaced {
                    return Some((name, value));
                }
            }
        })
    }

    /// The member of this name of the value at `place`, if that is an object and has it.
    pub(crate) fn member(&self, body: &[u8], place: u32, name: &str) -> Option<u32> {
        self.entry(place)
            .filter(|entry| entry.kind == Kind::Object)?;
        self.members(place)
            .find(|(key, _)| key.token().equals(body, name))
            .map(|(_, value)| value)
    }
}
