//! Any bytes as a body: no panic, and what is accepted is what `serde_json` reads.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use outbound_schema::{Contract, Duplicates};

/// Schemas that hold for everything, by ways that look at all of it.
static CONTRACTS: LazyLock<Vec<Contract>> = LazyLock::new(|| {
    [
        "{}",
        r##"{"anyOf":[{"items":{"$ref":"#"}},{"minProperties":0}]}"##,
        r##"{"additionalProperties":{"$ref":"#"},"items":{"$ref":"#"}}"##,
        r##"{"oneOf":[{"type":["object","array"],"unevaluatedItems":{"$ref":"#"}},
            {"type":["null","boolean","number","string"]}]}"##,
    ]
    .map(|schema| {
        let contract = Contract::schema(schema).expect("a schema");
        contract.duplicates(Duplicates::Allow)
    })
    .into()
});

fuzz_target!(|body: &[u8]| {
    let is_json = serde_json::from_slice::<serde_json::Value>(body).is_ok();
    for contract in CONTRACTS.iter() {
        assert_eq!(contract.check(body).is_ok(), is_json, "{contract:?}");
        let strict = contract.clone().duplicates(Duplicates::Reject).max_violations(9);
        assert!(strict.check(body).is_err() || is_json);
    }
});
