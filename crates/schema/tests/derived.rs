//! Contracts that `schemars` derives of Rust types.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.
#![allow(dead_code)] // The type is only described.

use outbound_schema::Contract;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize, JsonSchema)]
struct User {
    #[schemars(range(min = 1))]
    id: u64,
    #[schemars(length(max = 3))]
    name: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(skip_serializing)]
    password: Option<String>,
}

#[test]
fn what_a_type_is_deserialized_from_is_a_contract_with_its_bounds() {
    let contract = Contract::deserialized::<Vec<User>>().unwrap();
    assert!(contract.check(br#"[{"id":1,"name":"a"}]"#).is_ok());
    for (text, instance, keyword) in [
        (r#"[{"id":0,"name":"a"}]"#, "/0/id", "minimum"),
        (r#"[{"id":1,"name":"abcd"}]"#, "/0/name", "maxLength"),
        (r#"[{"id":1}]"#, "/0", "required"),
        (r#"[{"id":"1","name":"a"}]"#, "/0/id", "type"),
    ] {
        let violation = contract.check(text.as_bytes()).unwrap_err();
        assert_eq!(violation.instance(), instance, "{text}");
        assert_eq!(violation.keyword(), keyword, "{text}");
    }
}

#[test]
fn what_it_is_serialized_to_is_another() {
    let read = Contract::deserialized::<User>().unwrap();
    let written = Contract::serialized::<User>().unwrap();
    // A default may be left out by who writes it for us, but not by us.
    let text = br#"{"id":1,"name":"a"}"#;
    assert!(read.check(text).is_ok());
    assert_eq!(written.check(text).unwrap_err().keyword(), "required");
    let text = serde_json::to_string(&User {
        id: 1,
        name: "a".to_owned(),
        tags: Vec::new(),
        password: Some("canary".to_owned()),
    });
    assert!(written.check(text.unwrap().as_bytes()).is_ok());
}
