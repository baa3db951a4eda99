//! The library's words for who calls a program.

/// What the library says to who writes a program with it, and what that is here: an option, or nothing
/// where a hint of our own follows.
const WORDS: [(&str, &str); 9] = [
    ("; allow it with OriginPolicy if it is meant", ""),
    (
        "; raise the limit of the layer that collects it, or stream it",
        "",
    ),
    (", so put a decompression layer beneath", ""),
    (
        "; if it goes through the same client, mark its request NoAuth",
        "",
    ),
    (", or mark the request NoAuth", ""),
    (
        "; widen the scope by that origin",
        "; allow that origin with --allow-origin",
    ),
    (
        "; allow that origin if it is right, and plain http only explicitly",
        "; allow it with --allow-origin, if it is right, and plain http with --allow-http",
    ),
    (", or permit it explicitly", ", or --allow-http"),
    (", or allow http explicitly", ", or --allow-http"),
];

/// The same line with hints that can be followed.
pub(crate) fn of_the_program(line: String) -> String {
    WORDS
        .iter()
        .fold(line, |line, (theirs, ours)| line.replace(theirs, ours))
}
