use std::collections::{BTreeSet, HashMap};

use crate::InvalidContract;
use crate::pointer::split;

/// The greatest index that a pointer may name.
const MAX_INDEX: usize = 9_999;

/// Most states that a list of pointers may need; only many that mix `*` with indices come near.
const MAX_STATES: usize = 10_000;

/// JSON Pointers that a body must have, compiled to states: one for each place in a body at
/// which something is asked for.
#[derive(Debug)]
pub(crate) struct Required {
    pointers: Vec<Pointer>,
    /// The first is that of the whole body.
    states: Vec<State>,
}

/// One JSON Pointer, in which `*` is every element of an array.
#[derive(Debug)]
pub(crate) struct Pointer {
    /// As it was written.
    pub(crate) text: String,
    segments: Vec<String>,
    kind: Option<Kind>,
}

/// What is asked of a value.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Types that it must have, and the pointers that say so.
    pub(crate) kinds: Vec<(Kind, usize)>,
    /// The pointer that asks for every element, hence for an array.
    pub(crate) every: Option<usize>,
    pub(crate) keys: Vec<Member>,
    /// What is asked of an element that `indices` does not name.
    pub(crate) elements: Option<usize>,
    pub(crate) indices: Vec<Element>,
}

/// A key that must be there.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: Box<str>,
    /// Whether it names an element of an array as well.
    pub(crate) is_index: bool,
    pub(crate) state: usize,
    pub(crate) pointer: usize,
}

/// An element that must be there if the value is an array.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) index: usize,
    pub(crate) state: usize,
    pub(crate) pointer: usize,
}

/// A type, as JSON Schema names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Null,
        Self::Boolean,
        Self::Integer,
        Self::Number,
        Self::String,
        Self::Array,
        Self::Object,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

impl Required {
    pub(crate) fn compile<I>(pointers: I) -> Result<Self, InvalidContract>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let pointers = pointers
            .into_iter()
            .map(|pointer| Pointer::parse(pointer.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        let states = Compiler::run(&pointers)?;
        Ok(Self { pointers, states })
    }

    pub(crate) fn states(&self) -> &[State] {
        &self.states
    }

    pub(crate) fn state(&self, index: usize) -> &State {
        &self.states[index]
    }

    /// More than can be checked at once.
    pub(crate) fn too_much(&self) -> InvalidContract {
        let segments = self.pointers.iter().map(|pointer| pointer.segments.len());
        let elements: usize = self.states.iter().map(State::elements).sum();
        InvalidContract::new(
            "",
            format!(
                "too much is required: {} pointers, of up to {} segments, with indices that \
                 count {elements} elements; ask for less, for lower indices, or for `*`",
                self.pointers.len(),
                segments.max().unwrap_or(0),
            ),
        )
    }

    pub(crate) fn pointer(&self, index: usize) -> &Pointer {
        &self.pointers[index]
    }
}

impl State {
    /// How many elements an array must have for its indices.
    pub(crate) fn elements(&self) -> usize {
        let indices = self.indices.iter().map(|element| element.index + 1);
        indices.max().unwrap_or(0)
    }
}

impl Pointer {
    /// Reads `/pointer` or `/pointer: type`.
    fn parse(text: &str) -> Result<Self, InvalidContract> {
        let invalid = |fault: &str| InvalidContract::new(text, fault);
        let (pointer, kind) = match text.rsplit_once(": ") {
            Some((pointer, name)) => {
                let kind = Kind::ALL.iter().find(|kind| kind.name() == name.trim());
                let kind = kind.ok_or_else(|| {
                    invalid(
                        "not a type; use null, boolean, integer, number, string, array or object",
                    )
                })?;
                (pointer.trim_end(), Some(*kind))
            }
            // Nobody names a key like that; the space was forgotten.
            None if ends_in_a_type(text) => {
                return Err(invalid("write a space between the colon and the type"));
            }
            None => (text, None),
        };
        let segments = split(pointer).ok_or_else(|| {
            invalid("not a JSON Pointer; it starts with / and writes ~ as ~0 and / as ~1")
        })?;
        let mut indices = segments.iter().filter_map(|segment| array_index(segment));
        if indices.any(|index| index > MAX_INDEX) {
            return Err(invalid("an index is at most 9999"));
        }
        Ok(Self {
            text: text.to_owned(),
            segments,
            kind,
        })
    }

    /// What is asked for where it is missing.
    pub(crate) fn missing(&self) -> String {
        match self.kind {
            Some(kind) => format!("a value of type {}, there is none", kind.name()),
            None => "a value, there is none".to_owned(),
        }
    }
}

fn ends_in_a_type(text: &str) -> bool {
    let name = text.rsplit_once(':').map(|(_, name)| name.trim());
    Kind::ALL.iter().any(|kind| name == Some(kind.name()))
}

/// A pointer, and how many of its segments led here.
type Position = (usize, usize);

/// Builds states for sets of positions: an element is where `*` leads and where its index leads.
#[derive(Default)]
struct Compiler {
    known: HashMap<BTreeSet<Position>, usize>,
    waiting: Vec<BTreeSet<Position>>,
}

impl Compiler {
    fn run(pointers: &[Pointer]) -> Result<Vec<State>, InvalidContract> {
        let mut compiler = Self::default();
        compiler.state((0..pointers.len()).map(|pointer| (pointer, 0)).collect());
        let mut states = Vec::new();
        while let Some(positions) = compiler.waiting.get(states.len()).cloned() {
            states.push(compiler.build(pointers, &positions));
            if compiler.waiting.len() > MAX_STATES {
                return Err(InvalidContract::new(
                    "",
                    "the required pointers mix `*` and indices in too many ways",
                ));
            }
        }
        Ok(states)
    }

    fn state(&mut self, positions: BTreeSet<Position>) -> usize {
        let next = self.waiting.len();
        if let Some(known) = self.known.get(&positions) {
            return *known;
        }
        self.known.insert(positions.clone(), next);
        self.waiting.push(positions);
        next
    }

    fn build(&mut self, pointers: &[Pointer], positions: &BTreeSet<Position>) -> State {
        let mut state = State::default();
        // In the order in which they were written.
        let mut steps: Vec<(&str, BTreeSet<Position>)> = Vec::new();
        let mut every = BTreeSet::new();
        for &(index, depth) in positions {
            let pointer = &pointers[index];
            match pointer.segments.get(depth).map(String::as_str) {
                None => state.kinds.extend(pointer.kind.map(|kind| (kind, index))),
                Some("*") => {
                    state.every.get_or_insert(index);
                    every.insert((index, depth + 1));
                }
                Some(segment) => match steps.iter_mut().find(|(known, _)| *known == segment) {
                    Some((_, next)) => drop(next.insert((index, depth + 1))),
                    None => steps.push((segment, BTreeSet::from([(index, depth + 1)]))),
                },
            }
        }
        for (segment, next) in steps {
            let pointer = next.first().map_or(0, |(pointer, _)| *pointer);
            let index = array_index(segment);
            if let Some(index) = index {
                let both = next.union(&every).copied().collect();
                state.indices.push(Element {
                    index,
                    state: self.state(both),
                    pointer,
                });
            }
            state.keys.push(Member {
                name: segment.into(),
                is_index: index.is_some(),
                state: self.state(next),
                pointer,
            });
        }
        if !every.is_empty() {
            state.elements = Some(self.state(every));
        }
        state
    }
}

/// RFC 6901, section 4: digits without leading zeros.
fn array_index(segment: &str) -> Option<usize> {
    let is_canonical = segment == "0" || !segment.starts_with(['0', '+']);
    segment.parse().ok().filter(|_| is_canonical)
}
