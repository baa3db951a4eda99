//! Rust's source as tokens: what of it can name a module.

/// Words, `::` and single signs; comments, strings, characters, lifetimes and numbers are none, and what
/// is compiled for tests alone is left out.
pub(crate) fn of(source: &str) -> Vec<&str> {
    without_tests(&all(source))
}

fn all(source: &str) -> Vec<&str> {
    let bytes = source.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &source[at..];
        let start = at;
        match byte(at) {
            b'/' if byte(at + 1) == b'/' => at += rest.find('\n').unwrap_or(rest.len()),
            b'/' if byte(at + 1) == b'*' => at += block_comment(rest),
            b'"' => at += string(rest),
            b'\'' => at += quote(rest),
            b':' if byte(at + 1) == b':' => at += 2,
            b'0'..=b'9' => at += word(rest),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => match raw_string(rest) {
                Some(len) => at += len,
                None => at += word(rest),
            },
            _ => at += rest.chars().next().map_or(1, char::len_utf8),
        }
        let token = &source[start..at];
        let names = token.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic());
        let signs = token.len() == 1 && token.starts_with(|sign: char| sign.is_ascii_punctuation());
        if token == "::" || names && !token.ends_with(['"', '#']) || signs {
            tokens.push(token);
        }
    }
    tokens
}

fn word(rest: &str) -> usize {
    let ends = |next: char| next != '_' && !next.is_ascii_alphanumeric();
    rest.find(ends).unwrap_or(rest.len())
}

/// A comment may hold others.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let open = rest[at..].find("/*").unwrap_or(usize::MAX);
        let Some(close) = rest[at..].find("*/") else {
            return rest.len();
        };
        depth = if open < close { depth + 1 } else { depth - 1 };
        at += open.min(close) + 2;
        if depth == 0 {
            return at;
        }
    }
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, next) in rest.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Of `r"…"`, `br#"…"#` and the like.
fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"]
        .into_iter()
        .find(|prefix| rest[..word(rest)] == **prefix)?;
    let hashes = rest[prefix.len()..]
        .bytes()
        .take_while(|next| *next == b'#');
    let hashes = hashes.count();
    let open = prefix.len() + hashes;
    rest[open..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let len = rest[open + 1..].find(&close)? + close.len();
    Some(open + 1 + len)
}

/// A character, or the name of a lifetime.
fn quote(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((escaped, sign))) => {
            let from = escaped + sign.len_utf8();
            from + rest[from..].find('\'').map_or(0, |close| close + 1)
        }
        (Some(_), Some((close, '\''))) => close + 1,
        _ => 1 + word(&rest[1..]),
    }
}

fn without_tests<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_for_tests(&tokens[at..]) {
            at += item(&tokens[at..]);
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// Whether an attribute begins that keeps what follows out of everything but tests.
fn is_for_tests(tokens: &[&str]) -> bool {
    let alone = ["#", "[", "cfg", "(", "test", ")", "]"];
    let among = ["#", "[", "cfg", "(", "all", "(", "test", ","];
    tokens.starts_with(&alone) || tokens.starts_with(&among)
}

/// How long the item is that begins with an attribute.
fn item(tokens: &[&str]) -> usize {
    let mut depth = 0_usize;
    let mut attribute = false;
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "#" if depth == 0 => attribute = true,
            "(" | "[" | "{" => depth += 1,
            // Of what holds a field.
            ")" | "]" | "}" if depth == 0 => return at,
            ")" | "]" | "}" => {
                depth -= 1;
                let whole = depth == 0 && *token == "}" && !attribute;
                if whole {
                    return at + 1;
                }
                attribute &= depth > 0;
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn comments_and_literals_are_no_tokens() {
        for source in [
            "// a\n//! a\n/// a",
            "/* a /* a */ a */",
            "\"a \\\" a\"",
            "r\"a\\\" br##\"a \"# a\"##",
            "'a' '\\'' '\\u{61}' 'ä'",
            "0xa 1_a",
        ] {
            assert_eq!(of(source), [""; 0], "{source}");
        }
        assert_eq!(of("&'a b::r#c /**/"), ["&", "b", "::", "r", "#", "c"]);
        assert_eq!(of("b\"a\" x"), ["b", "x"]);
        assert_eq!(of("<'a, b>"), ["<", ",", "b", ">"]);
    }

    #[test]
    fn what_is_for_tests_is_left_out_and_nothing_else() {
        for (source, left) in [
            ("#[cfg(test)] mod a { b } c", "c"),
            ("#[cfg(test)] #[d(e)] mod a; c", "c"),
            ("#[cfg(all(test, a))] use b::{c, d}; e", "; e"),
            ("f(#[cfg(test)] g) h", "f ( ) h"),
            ("#[cfg(not(test))] a;", "# [ cfg ( not ( test ) ) ] a ;"),
        ] {
            assert_eq!(of(source).join(" "), left, "{source}");
        }
    }
}
