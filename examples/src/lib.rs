//! The examples are the `[[example]]` targets beside this folder.
