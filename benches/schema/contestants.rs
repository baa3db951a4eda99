use std::hint::black_box;

use outbound::schema::{Contract, Engine};
use serde::de::IgnoredAny;

use crate::documents::Document;
use crate::typed;

/// One way to look at a body.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    body: Vec<u8>,
    check: Box<dyn Fn(&[u8]) -> bool>,
}

impl Contestant {
    fn new(
        name: &'static str,
        document: &Document,
        check: impl Fn(&[u8]) -> bool + 'static,
    ) -> Self {
        Self {
            name,
            body: document.body.clone(),
            check: Box::new(check),
        }
    }

    pub(crate) fn accepts(&self) -> bool {
        (self.check)(black_box(&self.body))
    }
}

/// All that can look at this document, ours first.
pub(crate) fn contestants(document: &Document) -> Vec<Contestant> {
    let contract = Contract::schema(&document.schema).expect("a schema");
    assert_eq!(contract.engine(), Engine::Fused, "{}", document.name);
    let again = contract.clone();
    let mut all = vec![
        Contestant::new("ours", document, move |body| contract.check(body).is_ok()),
        Contestant::new("floor (IgnoredAny)", document, |body| {
            serde_json::from_slice::<IgnoredAny>(body).is_ok()
        }),
        Contestant::new("parse (Value)", document, |body| {
            serde_json::from_slice::<serde_json::Value>(body).is_ok()
        }),
    ];
    if let Some(read) = typed::reader(document.name) {
        all.push(Contestant::new("typed serde", document, read));
        all.push(Contestant::new(
            "ours + typed serde",
            document,
            move |body| again.check(body).is_ok() && read(body),
        ));
    }
    #[cfg(feature = "peers")]
    peers(document, &mut all);
    all
}

#[cfg(feature = "peers")]
fn peers(document: &Document, all: &mut Vec<Contestant>) {
    let schema: serde_json::Value = serde_json::from_str(&document.schema).expect("a schema");
    let validator = jsonschema::options()
        .should_validate_formats(false)
        .build(&schema)
        .expect("a schema");
    all.push(Contestant::new(
        "parse + jsonschema",
        document,
        move |body| serde_json::from_slice(body).is_ok_and(|body| validator.is_valid(&body)),
    ));
    // It cannot be told to leave `format` alone in the older drafts.
    let mut schema = schema;
    without_formats(&mut schema);
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("schema.json", schema)
        .expect("a resource");
    let id = compiler
        .compile("schema.json", &mut schemas)
        .expect("a schema");
    all.push(Contestant::new("parse + boon", document, move |body| {
        serde_json::from_slice(body).is_ok_and(|body| schemas.validate(&body, id).is_ok())
    }));
}

#[cfg(feature = "peers")]
fn without_formats(schema: &mut serde_json::Value) {
    match schema {
        serde_json::Value::Array(elements) => elements.iter_mut().for_each(without_formats),
        serde_json::Value::Object(members) => {
            if members
                .get("format")
                .is_some_and(serde_json::Value::is_string)
            {
                members.remove("format");
            }
            members.values_mut().for_each(without_formats);
        }
        _ => {}
    }
}
