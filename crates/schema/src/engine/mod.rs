//! JSON Schema as a program that runs over the bytes of a body.
//!
//! `compile` turns a schema into flat nodes; `scan` runs them in the one pass that checks the
//! grammar. Where a rule must look at a value twice, that value is put on a `tape`, and `eval`
//! tells. Only a body that is refused is looked at again, by `explain`.

mod compile;
pub(crate) mod digits;
mod documents;
mod draft;
mod equal;
mod eval;
mod explain;
mod format;
mod grammar;
mod keys;
mod memo;
mod multiple;
mod number;
mod pattern;
mod program;
mod read;
mod refused;
mod scan;
mod scratch;
mod shape;
mod strings;
mod tape;
#[cfg(test)]
mod tests;
pub(crate) mod text;

use std::cell::Cell;
use std::fmt;
use std::hash::RandomState;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use self::compile::Compiler;
use self::digits::scan_number;
use self::documents::Documents;
#[cfg(feature = "full")]
pub(crate) use self::documents::{decode, resolve, without_fragment};
use self::eval::Eval;
use self::explain::Explain;
use self::program::Nodes;
pub(crate) use self::read::read;
pub(crate) use self::refused::Refused;
use self::scan::Scan;
use self::scratch::{Pool, Scratch};
use self::tape::Builder;
use crate::Draft;
use crate::finding::Finding;

/// Deepest nesting that is accepted: what `serde_json` accepts too.
pub(crate) const MAX_DEPTH: usize = 127;

/// Longer bodies are refused: places in them are 32-bit numbers.
const LONGEST_BODY: usize = u32::MAX as usize - 1;

/// What hashes of values are mixed with.
type Seed = RandomState;

/// Why a pass over a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fail {
    /// It is no JSON, or a number beyond `f64`.
    Syntax,
    /// It is nested too deep.
    Depth,
    /// A name stands twice in an object.
    Twice,
    /// It does not meet the schema.
    Schema,
    /// Enough was read.
    Stopped,
}

/// Why a body is refused.
#[derive(Debug)]
pub(crate) enum Rejected {
    /// It is no strict JSON; what and where is told by a check of that alone.
    Json,
    /// It breaks the schema in these places, of which there is one at least.
    Schema(Vec<Finding>),
}

/// A schema and what it refers to, as it was handed in.
struct Source {
    schema: Value,
    documents: Vec<(String, Value)>,
    draft: Draft,
    assert_formats: bool,
}

/// A compiled schema.
pub(crate) struct Program {
    nodes: Nodes,
    source: Arc<Source>,
    /// Nodes that are each of one place in the schema; built for the first body that is refused.
    places: OnceLock<Option<Nodes>>,
    pool: Pool,
    seed: Seed,
}

impl Program {
    /// Compiles a schema, which may refer to the documents by their URIs.
    pub(crate) fn compile(
        schema: &Value,
        documents: &[(String, Value)],
        draft: Draft,
        assert_formats: bool,
    ) -> Result<Self, Refused> {
        let source = Source {
            schema: schema.clone(),
            documents: documents.to_vec(),
            draft,
            assert_formats,
        };
        Ok(Self {
            nodes: source.nodes(true)?,
            source: Arc::new(source),
            places: OnceLock::new(),
            pool: Pool::default(),
            seed: Seed::new(),
        })
    }

    /// Whether the body is strict JSON that meets the schema, and in which no name stands twice in
    /// one object.
    fn verdict(&self, body: &[u8], scratch: &mut Scratch) -> (Result<(), Fail>, usize) {
        scratch.keys.clear();
        let following = self.nodes.following as usize;
        if scratch.following.len() != following {
            // The first guess is that members come in the order of their names.
            scratch.following = self.nodes.first_guess();
        }
        let mut following = std::mem::take(&mut scratch.following);
        let mut scan = Scan {
            body,
            at: 0,
            nodes: &self.nodes,
            each: &self.nodes.nodes,
            scratch,
            following: Cell::from_mut(&mut following[..]).as_slice_of_cells(),
            seed: &self.seed,
        };
        let verdict = (scan.run(), scan.at);
        scratch.following = following;
        verdict
    }

    /// Checks a body. Tells at most `most` places where it is broken, of which there is at least
    /// one to tell; with 1, no more of the body is read than that takes.
    pub(crate) fn check(&self, body: &[u8], is_unique: bool, most: usize) -> Result<(), Rejected> {
        if body.len() > LONGEST_BODY {
            return Err(Rejected::Json);
        }
        let mut scratch = self.pool.take();
        let (verdict, at) = self.verdict(body, &mut scratch);
        let verdict = match verdict {
            Ok(()) => Ok(()),
            Err(fail) => self.refuse(body, is_unique, most, (fail, at), &mut scratch),
        };
        self.pool.put(scratch);
        verdict
    }

    /// Looks again at a body that did not pass.
    #[cold]
    fn refuse(
        &self,
        body: &[u8],
        is_unique: bool,
        most: usize,
        (fail, at): (Fail, usize),
        scratch: &mut Scratch,
    ) -> Result<(), Rejected> {
        let is_json = match fail {
            Fail::Syntax | Fail::Depth | Fail::Stopped => false,
            Fail::Twice => !is_unique,
            Fail::Schema => true,
        };
        if !is_json {
            return Err(Rejected::Json);
        }
        // Where the last of two members counts, all must be read.
        let stop = if is_unique && most == 1 {
            at
        } else {
            usize::MAX
        };
        self.record(body, is_unique, stop, scratch)
            .map_err(|_| Rejected::Json)?;
        if !is_unique && self.holds(body, scratch) {
            return Ok(());
        }
        let mut found = self.explain(body, most, scratch);
        if found.is_empty() && stop < usize::MAX {
            self.record(body, is_unique, usize::MAX, scratch)
                .map_err(|_| Rejected::Json)?;
            found = self.explain(body, most, scratch);
        }
        if found.is_empty() {
            found.push(Finding::somewhere());
        }
        Err(Rejected::Schema(found))
    }

    /// Puts the body on the tape, as far as `stop`.
    fn record(
        &self,
        body: &[u8],
        is_unique: bool,
        stop: usize,
        scratch: &mut Scratch,
    ) -> Result<(), Fail> {
        scratch.keys.clear();
        scratch.tape.entries.clear();
        let mut builder = Builder {
            body,
            at: text::skip_space(body, 0),
            tape: &mut scratch.tape,
            keys: &mut scratch.keys,
            is_unique,
            stop,
        };
        match builder.value(0) {
            Err(Fail::Stopped) => Ok(()),
            Err(fail) => Err(fail),
            Ok(()) if stop < usize::MAX || builder.is_at_end() => Ok(()),
            Ok(()) => Err(Fail::Syntax),
        }
    }

    /// The verdict on the body that is on the tape.
    fn holds(&self, body: &[u8], scratch: &mut Scratch) -> bool {
        let mut eval = self.eval(body, &self.nodes, scratch);
        eval.id(self.nodes.root, 0) && !eval.is_beyond
    }

    /// What the body that is on the tape breaks.
    fn explain(&self, body: &[u8], most: usize, scratch: &mut Scratch) -> Vec<Finding> {
        let places = self.places.get_or_init(|| self.source.nodes(false).ok());
        let Some(nodes) = places else {
            return Vec::new();
        };
        let mut explain = Explain::new(self.eval(body, nodes, scratch), most);
        explain.value(nodes.root, 0);
        explain.found
    }

    fn eval<'a, 's>(
        &'a self,
        body: &'a [u8],
        nodes: &'a Nodes,
        scratch: &'s mut Scratch,
    ) -> Eval<'a, 's> {
        scratch.memo.clear(scratch.tape.entries.len());
        Eval {
            body,
            nodes,
            tape: &scratch.tape,
            memo: &mut scratch.memo,
            order: &mut scratch.order,
            seed: &self.seed,
            nested: 0,
            is_beyond: false,
        }
    }
}

impl Source {
    fn nodes(&self, is_merging: bool) -> Result<Nodes, Refused> {
        let others = self
            .documents
            .iter()
            .map(|(uri, value)| (uri.as_str(), value));
        let documents = Documents::new(&self.schema, others, self.draft)?;
        Compiler::new(documents, self.assert_formats, is_merging).compile()
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("nodes", &self.nodes.nodes.len())
            .finish_non_exhaustive()
    }
}
