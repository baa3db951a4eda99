//! Any text as a schema, and any as a body: no panic, no overflow of the stack, no endless work.

#![no_main]

use libfuzzer_sys::fuzz_target;
use outbound_schema::Contract;

fuzz_target!(|input: (&str, &[u8])| {
    let (schema, body) = input;
    if let Ok(contract) = Contract::schema(schema) {
        let verdict = contract.check(body);
        let all = contract.max_violations(20).check(body);
        assert_eq!(verdict.is_ok(), all.is_ok());
    }
});
