//! Test doubles.
#![forbid(unsafe_code)]
