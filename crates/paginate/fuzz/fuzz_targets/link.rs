//! Any bytes as a `Link` field: no panic, and every target is a part of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outbound_paginate::link;

fuzz_target!(|field: &[u8]| {
    let outer = field.as_ptr_range();
    let mut links = 0;
    for link in link::parse(field) {
        links += 1;
        let target = link.target().as_bytes().as_ptr_range();
        assert!(outer.start <= target.start && target.end <= outer.end);
        let rel = link.param("rel");
        let first = link
            .params()
            .find(|(name, _)| name.eq_ignore_ascii_case("rel"));
        assert_eq!(rel, first.map(|(_, value)| value));
        for rel in rel.iter().flat_map(|rels| rels.split_ascii_whitespace()) {
            assert!(link.has_rel(rel));
        }
    }
    assert!(links <= field.len());
});
