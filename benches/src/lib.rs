//! The benches are the `[[bench]]` targets beside this folder.
