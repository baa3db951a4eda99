//! Reads a Rust type out of a tree, to find where it cannot be read and which keys it spells.
//!
//! Only a body that is broken comes here. A wrapper around any deserializer, as there are, cannot
//! tell a field of a struct from a key of a map, which is data; this one can.

use std::cell::RefCell;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

use crate::finding::Step;
use crate::typed::key::Key;

/// A value, and where it is.
#[derive(Clone, Copy)]
pub(super) struct Node<'de, 'p> {
    value: &'de Value,
    place: &'p Place<'p>,
    fault: &'p Fault,
}

/// The path of the innermost value that could not be read.
#[derive(Default)]
pub(super) struct Fault(RefCell<Option<Vec<Step>>>);

/// A path, as a list from its end.
enum Place<'p> {
    Root,
    Within(&'p Self, Step),
}

impl Fault {
    pub(super) fn into_path(self) -> Vec<Step> {
        self.0.into_inner().unwrap_or_default()
    }
}

impl Place<'_> {
    fn path(&self) -> Vec<Step> {
        match self {
            Self::Root => Vec::new(),
            Self::Within(parent, step) => {
                let mut path = parent.path();
                path.push(step.clone());
                path
            }
        }
    }
}

impl<'de, 'p> Node<'de, 'p> {
    pub(super) const fn root(value: &'de Value, fault: &'p Fault) -> Self {
        Self {
            value,
            place: &Place::Root,
            fault,
        }
    }

    /// Reads what is within it, one step further.
    fn read<S: DeserializeSeed<'de>>(
        self,
        step: Step,
        value: &'de Value,
        seed: S,
    ) -> Result<S::Value, Error> {
        let node = Node {
            value,
            place: &Place::Within(self.place, step),
            fault: self.fault,
        };
        // What reads it may refuse what the node gave.
        node.note(seed.deserialize(node))
    }

    /// The first that is noted is the innermost.
    fn note<T>(self, outcome: Result<T, Error>) -> Result<T, Error> {
        if outcome.is_err() {
            let mut fault = self.fault.0.borrow_mut();
            fault.get_or_insert_with(|| self.place.path());
        }
        outcome
    }

    /// Of the keys of an object, those in `fields` are spelled by the type.
    fn visit<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (_, _, number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Value::Array(elements) => {
                let mut rest = Elements {
                    rest: elements.iter().enumerate(),
                    node: self,
                };
                visitor
                    .visit_seq(&mut rest)
                    .and_then(|read| match rest.rest.len() {
                        0 => Ok(read),
                        _ => Err(Error::invalid_length(
                            elements.len(),
                            &"fewer elements in array",
                        )),
                    })
            }
            Value::Object(members) => visitor.visit_map(Members {
                rest: members.iter(),
                next: None,
                fields,
                node: self,
            }),
        })
    }
}

impl<'de> Deserializer<'de> for Node<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit(&[], visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(visitor.visit_newtype_struct(self))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(match self.value {
            Value::String(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            Value::Object(members) if members.len() == 1 => {
                let (name, value) = members.iter().next().expect("it has one member");
                visitor.visit_enum(Variant {
                    name,
                    value,
                    node: self,
                })
            }
            _ => return self.visit(&[], visitor),
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Elements<'de, 'p> {
    rest: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
    node: Node<'de, 'p>,
}

impl<'de> SeqAccess<'de> for &mut Elements<'de, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some((index, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.node.read(Step::Index(index), value, seed).map(Some)
    }
}

struct Members<'de, 'p> {
    rest: serde_json::map::Iter<'de>,
    next: Option<(&'de String, &'de Value)>,
    fields: &'static [&'static str],
    node: Node<'de, 'p>,
}

impl<'de> MapAccess<'de> for Members<'de, '_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        self.next = self.rest.next();
        let key = self.next.map(|(name, _)| seed.deserialize(Key(name)));
        key.transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let (name, value) = self.next.take().expect("a key precedes its value");
        let step = Step::Key {
            name: name.as_str().into(),
            known: self.fields.contains(&name.as_str()),
        };
        self.node.read(step, value, seed)
    }
}

/// A variant that is the only key of an object; the type spells it, or else it is not read.
struct Variant<'de, 'p> {
    name: &'de str,
    value: &'de Value,
    node: Node<'de, 'p>,
}

impl<'de, 'p> EnumAccess<'de> for Variant<'de, 'p> {
    type Error = Error;
    type Variant = Content<'de, 'p>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), Error> {
        let name: StrDeserializer<'_, Error> = self.name.into_deserializer();
        let content = Content {
            step: Step::known(self.name),
            value: self.value,
            node: self.node,
        };
        Ok((seed.deserialize(name)?, content))
    }
}

struct Content<'de, 'p> {
    step: Step,
    value: &'de Value,
    node: Node<'de, 'p>,
}

/// What a variant is read with.
struct Fields<V> {
    fields: &'static [&'static str],
    visitor: V,
}

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Fields<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, node: D) -> Result<V::Value, D::Error> {
        node.deserialize_struct("", self.fields, self.visitor)
    }
}

impl<'de> VariantAccess<'de> for Content<'de, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        let unit = std::marker::PhantomData::<()>;
        self.node.read(self.step, self.value, unit)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        self.node.read(self.step, self.value, seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.struct_variant(&[], visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let fields = Fields { fields, visitor };
        self.node.read(self.step, self.value, fields)
    }
}
