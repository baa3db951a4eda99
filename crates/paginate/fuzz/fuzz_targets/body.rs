//! Any bytes as a request's body, any pointer, any token: what is put in is read back, and
//! what was JSON stays JSON.
#![no_main]

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use outbound_paginate::{Destination, Pointer, json, merge_json};

fuzz_target!(|input: (&[u8], &str, &str)| {
    let (body, pointer, token) = input;
    let Ok(pointer) = pointer.parse::<Pointer>() else {
        return;
    };
    let text = serde_json::to_string(token).expect("a string is JSON");
    let mut request = Request::new(Full::<Bytes>::from(body.to_vec()));
    let place = json(pointer.clone());
    let _ = place.read(&request);
    if place.write(&text, &mut request).is_ok() && !pointer.as_str().contains("/-") {
        let read = place.read(&request).expect("it is JSON");
        assert_eq!(read.as_deref(), Some(token));
    }
    let _ = merge_json(pointer).write(token, &mut request);
});
