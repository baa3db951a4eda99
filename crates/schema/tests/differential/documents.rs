//! The same verdicts as the `jsonschema` crate on schemas that refer to registered documents, which
//! refer to each other and back.

use jsonschema::{Registry, Validator};
use outbound_schema::{Contract, Duplicates, Engine, SchemaOptions};
use serde_json::Value;

use crate::random::Random;
use crate::schemas::{DRAFTS, Draft, Schemas, value};
use crate::{DEFAULT_PAIRS, MOST_TOLD, mutants, setting};

const URIS: [&str; 2] = ["http://x/one", "http://x/sub/two"];

const REFERENCES: [&str; 12] = [
    "http://x/one",
    "http://x/one#",
    "http://x/sub/two",
    "one#/$defs/d0",
    "one#/definitions/d1",
    "../one",
    "two#/$defs/d2",
    "sub/two#/definitions/d3",
    "http://x/sub/two#/properties/a",
    "three",
    "http://x/one#name",
    "#",
];

/// Lets some references lead to documents, and gives some schemas names.
fn connect(schema: &mut Value, has_anchors: bool, random: &mut Random) {
    match schema {
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|one| connect(one, has_anchors, random)),
        Value::Object(members) => {
            members
                .values_mut()
                .for_each(|one| connect(one, has_anchors, random));
            if members.contains_key("$ref") && random.one_in(2) {
                members.insert("$ref".into(), (*random.pick(&REFERENCES)).into());
            }
            if members.contains_key("type") && random.one_in(40) {
                let anchor = if has_anchors { "$anchor" } else { "$id" };
                let name = if has_anchors { "name" } else { "#name" };
                let names = [("$id", "three"), ("id", "three"), (anchor, name)];
                let (keyword, name) = *random.pick(&names);
                members.insert(keyword.into(), name.into());
            }
        }
        _ => {}
    }
}

fn oracle(schema: &Value, documents: &[Value]) -> Result<Validator, String> {
    let mut registry = Registry::new();
    for (uri, document) in URIS.iter().zip(documents) {
        registry = registry
            .add(*uri, document.clone())
            .map_err(|error| error.to_string())?;
    }
    let registry = registry.prepare().map_err(|error| error.to_string())?;
    jsonschema::options()
        .offline()
        .with_registry(&registry)
        .should_validate_formats(false)
        .build(schema)
        .map_err(|error| format!("{}: {error}", error.instance_path()))
}

#[test]
fn registered_documents() {
    let rounds = setting("DIFFERENTIAL_PAIRS", DEFAULT_PAIRS) / 20;
    let seed = setting("DIFFERENTIAL_SEED", 1) as u64;
    let (mut different, mut fused, mut pairs) = (Vec::new(), 0, 0);
    for round in 0..rounds as u64 {
        let random = &mut Random::new(seed.wrapping_mul(1_000_003).wrapping_add(round));
        let (draft, uri) = *random.pick(&DRAFTS);
        let mut all: Vec<Value> = (0..3)
            .map(|_| {
                let mut schema = Schemas { random, draft }.root(uri);
                connect(&mut schema, draft >= Draft::V2019, random);
                schema
            })
            .collect();
        let schema = all.remove(0);
        let mut options = SchemaOptions::new();
        for (uri, document) in URIS.iter().zip(&all) {
            options = options.document(*uri, document.to_string());
        }
        let contract = Contract::schema_with(&schema.to_string(), &options);
        let told = || format!("{schema}\n  {}\n  {}", all[0], all[1]);
        let (contract, oracle) = match (contract, oracle(&schema, &all)) {
            (Ok(contract), Ok(oracle)) => (contract.duplicates(Duplicates::Allow), oracle),
            (Err(_), Err(_)) => continue,
            (Ok(_), Err(theirs)) => {
                different.push(format!(
                    "{}\n  only jsonschema refuses it: {theirs}",
                    told()
                ));
                continue;
            }
            (Err(ours), Ok(_)) => {
                different.push(format!("{}\n  only we refuse it: {ours}", told()));
                continue;
            }
        };
        fused += usize::from(contract.engine() == Engine::Fused);
        for _ in 0..10 {
            let body = value(random, 4);
            let text = mutants::text(&body, random);
            pairs += 1;
            if contract.check(&text).is_ok() != oracle.is_valid(&body) {
                different.push(format!("{}\n  {body}", told()));
                break;
            }
        }
    }
    println!("seed {seed}: {rounds} schemas with documents, {fused} fused, {pairs} bodies");
    // By the other engine alone nothing would be compared with anything else.
    assert!(fused * 4 > rounds, "{fused} fused of {rounds}");
    assert!(pairs >= 10 * fused || !different.is_empty());
    assert!(
        different.is_empty(),
        "{} differences:\n{}",
        different.len(),
        different[..different.len().min(MOST_TOLD)].join("\n")
    );
}
