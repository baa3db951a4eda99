use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::locate::locate;
use crate::required::Required;
use crate::rule::Rule;
use crate::schema::{Engine, Schema};
use crate::settings::Settings;
use crate::strict::Strict;
use crate::{Duplicates, InvalidContract, SchemaOptions, Violation, typed};

/// Violations of which the offset is looked for where only the path is known.
const MOST_LOCATED: usize = 20;

/// What a JSON body has to be. Built once; a clone shares it.
///
/// Whatever the contract, the body must be one strict JSON text: no lone surrogates, no numbers
/// beyond `f64`, at most 127 levels of nesting, no byte order mark, and no
/// [duplicate keys](Duplicates) unless they are allowed.
#[derive(Clone)]
pub struct Contract {
    rule: Arc<Rule>,
    settings: Settings,
}

impl Contract {
    /// Violations that are looked for by default: the first.
    pub const DEFAULT_MAX_VIOLATIONS: usize = 1;

    /// The most violations that [`max_violations`](Self::max_violations) can ask for.
    pub const MOST_VIOLATIONS: usize = 100_000;

    /// Any JSON.
    #[must_use]
    pub fn any() -> Self {
        Self::new(Rule::Strict(Strict::json()))
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
    /// If one of them is no JSON Pointer, its type is none or has no space before it, or an index
    /// is greater than 9999; and if all of them together are too much, by some 10 000 different
    /// places or 100 000 elements that their indices count. The error names the pointer, or counts.
    pub fn required<I>(pointers: I) -> Result<Self, InvalidContract>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        Strict::requiring(Required::compile(pointers)?)
            .map(|strict| Self::new(Rule::Strict(strict)))
    }

    /// A JSON Schema, read as [`SchemaOptions::default`] says.
    ///
    /// ```
    /// use outbound_schema::{Contract, Engine};
    ///
    /// let contract = Contract::schema(r#"{"properties":{"id":{"type":"integer"}}}"#)?;
    /// assert_eq!(contract.engine(), Engine::Fused);
    /// let violation = contract.check(br#"{"id":"1"}"#).unwrap_err();
    /// assert_eq!(violation.schema(), "/properties/id/type");
    /// # Ok::<_, outbound_schema::InvalidContract>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is no JSON, no schema, names a document that is not registered, or asks for
    /// something that needs the feature `full`, which is not there: the error names the keyword.
    pub fn schema(text: &str) -> Result<Self, InvalidContract> {
        Self::schema_with(text, &SchemaOptions::default())
    }

    /// A JSON Schema, read as `options` say.
    ///
    /// # Errors
    ///
    /// As [`schema`](Self::schema).
    pub fn schema_with(text: &str, options: &SchemaOptions) -> Result<Self, InvalidContract> {
        Schema::compile(text, options).map(|schema| Self::new(Rule::Schema(schema)))
    }

    /// What checks a body; of [all](Self::all) of several contracts, the slowest of theirs.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.rule.engine()
    }

    /// Refuses what [`Engine::Fused`] does not check, so that a later change of the schema
    /// cannot silently make checks slow.
    ///
    /// # Errors
    ///
    /// If the [engine](Self::engine) is another; the error names the keyword that asks for it.
    pub fn require_fused(self) -> Result<Self, InvalidContract> {
        self.rule.why_not_fused().map_or(Ok(self), Err)
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
            strict: Strict::json(),
            name: std::any::type_name::<T>(),
            check: typed::check::<T>,
        })
    }

    /// The JSON Schema (draft 2020-12) of what `T` is deserialized from, as `schemars` derives it.
    ///
    /// Unlike [`of`](Self::of) it need not read the text into a `T` to check it, and knows bounds,
    /// patterns and formats that the type does not say.
    ///
    /// # Errors
    ///
    /// As [`schema`](Self::schema).
    #[cfg(feature = "schemars")]
    #[cfg_attr(docsrs, doc(cfg(feature = "schemars")))]
    pub fn deserialized<T: schemars::JsonSchema>() -> Result<Self, InvalidContract> {
        Self::derived::<T>(|settings| settings.for_deserialize())
    }

    /// The JSON Schema (draft 2020-12) of what `T` is serialized to, as `schemars` derives it: for
    /// the answers of a server of its own.
    ///
    /// # Errors
    ///
    /// As [`schema`](Self::schema).
    #[cfg(feature = "schemars")]
    #[cfg_attr(docsrs, doc(cfg(feature = "schemars")))]
    pub fn serialized<T: schemars::JsonSchema>() -> Result<Self, InvalidContract> {
        Self::derived::<T>(|settings| settings.for_serialize())
    }

    #[cfg(feature = "schemars")]
    fn derived<T: schemars::JsonSchema>(
        side: fn(schemars::generate::SchemaSettings) -> schemars::generate::SchemaSettings,
    ) -> Result<Self, InvalidContract> {
        let settings = side(schemars::generate::SchemaSettings::draft2020_12());
        let schema = settings.into_generator().into_root_schema_for::<T>();
        Self::schema(&schema.as_value().to_string())
    }

    /// All of `contracts` at once.
    #[must_use]
    pub fn all(contracts: impl IntoIterator<Item = Self>) -> Self {
        let rules: Vec<_> = contracts
            .into_iter()
            .map(|contract| contract.rule)
            .collect();
        if rules.is_empty() {
            return Self::any();
        }
        Self::new(Rule::All(rules))
    }

    /// Says what a key means that stands twice; by default it is a violation.
    ///
    /// It applies to the whole text. A [Rust type](Self::of) refuses a field that stands twice by
    /// itself, whatever is said here: serde does. Of the contracts within [`all`](Self::all) it is not asked,
    /// no more than the other settings.
    #[must_use]
    pub const fn duplicates(mut self, duplicates: Duplicates) -> Self {
        self.settings.duplicates = duplicates;
        self
    }

    /// Looks for up to `most` violations in a body that has one, at least for the first; the
    /// others are [`Violation::further`].
    ///
    /// By default [one](Self::DEFAULT_MAX_VIOLATIONS), behind which nothing is read. A hostile body
    /// may have as many as it has values, each of which takes half a kilobyte: more than
    /// [100 000](Self::MOST_VIOLATIONS) are never looked for, whatever `most` says. A Rust type tells
    /// but the first.
    #[must_use]
    pub const fn max_violations(mut self, most: usize) -> Self {
        self.settings.most = if most == 0 {
            1
        } else if most > Self::MOST_VIOLATIONS {
            Self::MOST_VIOLATIONS
        } else {
            most
        };
        self
    }

    /// Shows up to `bytes` of each value at fault, and of each key that is data.
    ///
    /// By default a violation shows nothing of a body but the keys that the contract spells
    /// itself: values are other people's data, and errors end in logs.
    #[must_use]
    pub const fn excerpt(mut self, bytes: usize) -> Self {
        self.settings.excerpt = Some(bytes);
        self
    }

    const fn new_with(rule: Arc<Rule>) -> Self {
        Self {
            rule,
            settings: Settings {
                duplicates: Duplicates::Reject,
                most: Self::DEFAULT_MAX_VIOLATIONS,
                excerpt: None,
            },
        }
    }

    fn new(rule: Rule) -> Self {
        Self::new_with(Arc::new(rule))
    }

    /// Checks one JSON text: a body, or an item of a list.
    ///
    /// A text that meets a list of pointers or a schema is read once, and nothing is allocated for
    /// it beyond what was allocated for one before.
    ///
    /// # Errors
    ///
    /// The first violation, with as many [further](Violation::further) ones as were
    /// [asked for](Self::max_violations).
    pub fn check(&self, body: &[u8]) -> Result<(), Violation> {
        let mut findings = self.rule.findings(body, self.settings);
        // An engine that works on a tree knows the path alone. Each is looked for from the start.
        for finding in findings.iter_mut().take(MOST_LOCATED) {
            if finding.value.is_none() && !finding.is_syntax() {
                finding.value = locate(body, &finding.path);
            }
        }
        Violation::of_all(findings, body, self.settings.excerpt).map_or(Ok(()), Err)
    }
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(f)
    }
}
