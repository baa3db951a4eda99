//! Equality as JSON Schema has it: numbers by value, members in any order.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};

use serde_json::Value;

use super::number::Number;
use super::tape::{Entry, Kind, Tape};

/// Whether two values of a schema are equal.
pub(crate) fn values_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => match (Number::of(left), Number::of(right)) {
            (Some(left), Some(right)) => left.equals(right),
            _ => false,
        },
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| values_equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| {
                    right
                        .get(name)
                        .is_some_and(|other| values_equal(value, other))
                })
        }
        (left, right) => left == right,
    }
}

/// Whether no two of them are equal.
pub(crate) fn are_distinct(values: &[Value]) -> bool {
    // Names are by far the most usual.
    if values.iter().all(Value::is_string) {
        let mut names: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        names.sort_unstable();
        return names.windows(2).all(|pair| pair[0] != pair[1]);
    }
    values.iter().enumerate().all(|(index, value)| {
        values[..index]
            .iter()
            .all(|other| !values_equal(value, other))
    })
}

/// A tape with the body that it is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) tape: &'a Tape,
}

impl View<'_> {
    fn entry(&self, place: u32) -> Option<&Entry> {
        self.tape.entry(place)
    }

    pub(crate) fn number(&self, entry: &Entry) -> Option<Number> {
        Number::parse(entry.raw(self.body))
    }

    /// Whether the value at `place` equals one of a schema.
    pub(crate) fn equals_value(&self, place: u32, value: &Value) -> bool {
        let Some(entry) = self.entry(place) else {
            return false;
        };
        match (entry.kind, value) {
            (Kind::Null, Value::Null)
            | (Kind::True, Value::Bool(true))
            | (Kind::False, Value::Bool(false)) => true,
            (Kind::Number, Value::Number(_)) => match (self.number(entry), Number::of(value)) {
                (Some(left), Some(right)) => left.equals(right),
                _ => false,
            },
            (Kind::String, Value::String(text)) => entry.token().equals(self.body, text),
            (Kind::Array, Value::Array(values)) => {
                entry.count as usize == values.len()
                    && self
                        .tape
                        .elements(place)
                        .zip(values)
                        .all(|((element, _), value)| self.equals_value(element, value))
            }
            (Kind::Object, Value::Object(values)) => {
                entry.count as usize == values.len()
                    && self.tape.members(place).all(|(name, member)| {
                        values
                            .get(&*name.token().decode(self.body))
                            .is_some_and(|value| self.equals_value(member, value))
                    })
            }
            _ => false,
        }
    }

    /// Whether the values at two places are equal.
    pub(crate) fn equal(&self, left: u32, right: u32) -> bool {
        let (Some(one), Some(other)) = (self.entry(left), self.entry(right)) else {
            return false;
        };
        if one.kind != other.kind || one.count != other.count {
            return false;
        }
        match one.kind {
            Kind::Null | Kind::True | Kind::False => true,
            Kind::Number => match (self.number(one), self.number(other)) {
                (Some(one), Some(other)) => one.equals(other),
                _ => false,
            },
            Kind::String | Kind::Name => self.text(one) == self.text(other),
            Kind::Array => self
                .tape
                .elements(left)
                .zip(self.tape.elements(right))
                .all(|((left, _), (right, _))| self.equal(left, right)),
            Kind::Object => self.equal_objects(left, right),
        }
    }

    fn text(&self, entry: &Entry) -> Cow<'_, str> {
        entry.token().decode(self.body)
    }

    /// Sorted, so that the work does not grow with the square of the members.
    fn equal_objects(&self, left: u32, right: u32) -> bool {
        let sorted = |place| {
            let mut members: Vec<_> = self
                .tape
                .members(place)
                .map(|(name, value)| (self.text(name), value))
                .collect();
            members.sort_unstable();
            members
        };
        sorted(left)
            .iter()
            .zip(&sorted(right))
            .all(|(left, right)| left.0 == right.0 && self.equal(left.1, right.1))
    }

    /// Whether no two elements of the array at `place` are equal.
    pub(crate) fn is_unique(
        &self,
        place: u32,
        order: &mut Vec<(u64, u32)>,
        seed: &impl BuildHasher,
    ) -> bool {
        order.clear();
        order.extend(self.tape.elements(place).map(|(element, _)| {
            let mut hasher = seed.build_hasher();
            self.hash(element, &mut hasher, seed);
            (hasher.finish(), element)
        }));
        order.sort_unstable();
        // Of equal hashes there are few but equal values: the seed is secret.
        order
            .chunk_by(|left, right| left.0 == right.0)
            .all(|alike| {
                alike.iter().enumerate().all(|(index, (_, element))| {
                    alike[..index]
                        .iter()
                        .all(|(_, other)| !self.equal(*element, *other))
                })
            })
    }

    /// Equal values have equal hashes.
    fn hash(&self, place: u32, hasher: &mut impl Hasher, seed: &impl BuildHasher) {
        let Some(entry) = self.entry(place) else {
            return;
        };
        match entry.kind {
            Kind::Null => hasher.write_u8(0),
            Kind::False => hasher.write_u8(1),
            Kind::True => hasher.write_u8(2),
            Kind::Number => {
                hasher.write_u8(3);
                hasher.write_u64(self.number(entry).map_or(0, Number::bits));
            }
            Kind::String | Kind::Name => {
                hasher.write_u8(4);
                let text = self.text(entry);
                hasher.write(text.as_bytes());
                hasher.write_u8(0xff);
            }
            Kind::Array => {
                hasher.write_u8(5);
                for (element, _) in self.tape.elements(place) {
                    self.hash(element, hasher, seed);
                }
                hasher.write_u8(0xff);
            }
            Kind::Object => {
                // The order of members does not matter.
                let mut sum = 0_u64;
                for (name, value) in self.tape.members(place) {
                    let mut member = seed.build_hasher();
                    member.write(self.text(name).as_bytes());
                    member.write_u8(0xff);
                    self.hash(value, &mut member, seed);
                    sum = sum.wrapping_add(member.finish());
                }
                hasher.write_u8(6);
                hasher.write_u64(sum);
            }
        }
    }
}
