use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

#[cfg(feature = "full")]
use crate::full::Schema;
use crate::required::Required;
use crate::{InvalidContract, SchemaOptions, Violation, json};

/// What a JSON body has to be. Built once; a clone shares it.
///
/// Whatever the contract, the body must be one strict JSON text: no lone surrogates, no numbers
/// beyond `f64`, at most 127 levels of nesting, no byte order mark, and no
/// [duplicate keys](Duplicates) unless they are allowed.
#[derive(Clone)]
pub struct Contract {
    rule: Arc<Rule>,
    duplicates: Duplicates,
}

/// What a key means that stands twice in one object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Duplicates {
    /// A violation: parsers differ in which of the two they read.
    #[default]
    Reject,
    /// Nothing; the contract is held against the last of them.
    Allow,
}

enum Rule {
    Any,
    Required(Vec<Required>),
    #[cfg(feature = "full")]
    Schema(Schema),
    Type {
        name: &'static str,
        check: fn(&[u8]) -> Result<(), Violation>,
    },
    All(Vec<Contract>),
}

impl Contract {
    /// Any JSON.
    #[must_use]
    pub fn any() -> Self {
        Self::new(Rule::Any)
    }

    /// JSON Pointers (RFC 6901) that the body must have, each with an optional type behind a
    /// colon and a space: `"/items/*/id: integer"`.
    ///
    /// `*` stands for every element of an array, of which there may be none. A `null` that is
    /// there counts as there, unless a type says otherwise.
    ///
    /// ```
    /// use outbound_schema::Contract;
    ///
    /// let contract = Contract::required(["/total", "/items/*/id: integer"])?;
    /// assert!(contract.check(br#"{"total":null,"items":[{"id":1}]}"#).is_ok());
    ///
    /// let violation = contract.check(br#"{"total":1,"items":[{"id":1},{}]}"#).unwrap_err();
    /// assert_eq!(violation.instance(), "/items/1/id");
    /// # Ok::<_, outbound_schema::InvalidContract>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If one of them is no JSON Pointer, or its type is none.
    pub fn required<I>(pointers: I) -> Result<Self, InvalidContract>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let required = pointers
            .into_iter()
            .map(|pointer| Required::parse(pointer.as_ref()))
            .collect::<Result<_, _>>()?;
        Ok(Self::new(Rule::Required(required)))
    }

    /// A JSON Schema, read as [`SchemaOptions::default`] says. Needs the feature `full`.
    ///
    /// # Errors
    ///
    /// If it is no JSON, no schema, names a document that is not registered, or the feature is
    /// not there.
    pub fn schema(text: &str) -> Result<Self, InvalidContract> {
        Self::schema_with(text, &SchemaOptions::default())
    }

    /// A JSON Schema, read as `options` say. Needs the feature `full`.
    ///
    /// # Errors
    ///
    /// As [`schema`](Self::schema).
    #[cfg(feature = "full")]
    pub fn schema_with(text: &str, options: &SchemaOptions) -> Result<Self, InvalidContract> {
        Schema::compile(text, options).map(|schema| Self::new(Rule::Schema(schema)))
    }

    /// A JSON Schema, read as `options` say. Needs the feature `full`.
    ///
    /// # Errors
    ///
    /// Always: the feature is not there.
    #[cfg(not(feature = "full"))]
    pub fn schema_with(text: &str, options: &SchemaOptions) -> Result<Self, InvalidContract> {
        let _ = (text, options);
        Err(InvalidContract::new(
            "",
            "JSON Schema needs the feature `full` of outbound-schema",
        ))
    }

    /// What the Rust type `T` can be read from; the error names the place.
    ///
    /// ```
    /// use outbound_schema::Contract;
    ///
    /// let contract = Contract::of::<Vec<u8>>();
    /// assert!(contract.check(b"[1, 2]").is_ok());
    /// assert_eq!(contract.check(b"[1, 256]").unwrap_err().instance(), "/1");
    /// ```
    #[must_use]
    pub fn of<T: DeserializeOwned>() -> Self {
        Self::new(Rule::Type {
            name: std::any::type_name::<T>(),
            check: read::<T>,
        })
    }

    /// All of `contracts` at once.
    #[must_use]
    pub fn all(contracts: impl IntoIterator<Item = Self>) -> Self {
        Self::new(Rule::All(contracts.into_iter().collect()))
    }

    /// Says what a key means that stands twice; by default it is a violation.
    ///
    /// It applies to the whole text. Of the contracts within [`all`](Self::all) it is not asked.
    #[must_use]
    pub const fn duplicates(mut self, duplicates: Duplicates) -> Self {
        self.duplicates = duplicates;
        self
    }

    fn new(rule: Rule) -> Self {
        Self {
            rule: Arc::new(rule),
            duplicates: Duplicates::Reject,
        }
    }

    /// Checks one JSON text: a body, or an item of a list.
    ///
    /// # Errors
    ///
    /// The first violation that is found.
    pub fn check(&self, body: &[u8]) -> Result<(), Violation> {
        json::check(body, self.duplicates).map_err(|fault| Violation::syntax(&fault))?;
        self.check_parts(body, &mut None)
    }

    /// The text is strict JSON; the tree is built by the first rule that needs one.
    fn check_parts(&self, body: &[u8], tree: &mut Option<Value>) -> Result<(), Violation> {
        match &*self.rule {
            Rule::Any => Ok(()),
            Rule::Type { check, .. } => check(body),
            Rule::All(contracts) => contracts
                .iter()
                .try_for_each(|contract| contract.check_parts(body, tree)),
            Rule::Required(required) => {
                let tree = parse(body, tree)?;
                required.iter().try_for_each(|pointer| pointer.check(tree))
            }
            #[cfg(feature = "full")]
            Rule::Schema(schema) => schema.check(parse(body, tree)?),
        }
    }
}

fn parse<'a>(body: &[u8], tree: &'a mut Option<Value>) -> Result<&'a Value, Violation> {
    if tree.is_none() {
        let parsed = serde_json::from_slice(body)
            .map_err(|_| Violation::new("json", String::new(), String::new(), "a JSON text"))?;
        *tree = Some(parsed);
    }
    Ok(tree.as_ref().expect("parsed above"))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<(), Violation> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => Ok(()),
        Err(error) => {
            let segments = error.path().iter().map(segment);
            let instance = crate::pointer::join(segments);
            let expected = crate::typed::expected(error.inner());
            let name = std::any::type_name::<T>().to_owned();
            Err(Violation::new("type", instance, name, expected))
        }
    }
}

fn segment(segment: &serde_path_to_error::Segment) -> String {
    match segment {
        serde_path_to_error::Segment::Seq { index } => index.to_string(),
        serde_path_to_error::Segment::Map { key } => key.clone(),
        serde_path_to_error::Segment::Enum { variant } => variant.clone(),
        serde_path_to_error::Segment::Unknown => "?".to_owned(),
    }
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.rule {
            Rule::Any => f.write_str("Contract::any"),
            Rule::Required(required) => {
                f.debug_tuple("Contract::required").field(required).finish()
            }
            #[cfg(feature = "full")]
            Rule::Schema(schema) => f.debug_tuple("Contract::schema").field(schema).finish(),
            Rule::Type { name, .. } => f.debug_tuple("Contract::of").field(name).finish(),
            Rule::All(contracts) => f.debug_tuple("Contract::all").field(contracts).finish(),
        }
    }
}
