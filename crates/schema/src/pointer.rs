use std::fmt::Write;

/// Adds a segment to a JSON Pointer (RFC 6901).
pub(crate) fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    for character in segment.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// Escapes control characters as in JSON, so that a text of hostile data cannot break a log line.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    text.chars()
        .for_each(|character| push(&mut escaped, character));
    escaped
}

fn push(text: &mut String, character: char) {
    // Line and paragraph separators, and what reverses the direction of a line.
    let is_control = character.is_control()
        || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if is_control {
        let _ = write!(text, "\\u{:04x}", u32::from(character));
    } else {
        text.push(character);
    }
}

/// Splits a JSON Pointer into its segments; `None` if it is none.
pub(crate) fn split(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    pointer
        .strip_prefix('/')?
        .split('/')
        .map(unescape)
        .collect()
}

fn unescape(segment: &str) -> Option<String> {
    let mut parts = segment.split('~');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let (escape, rest) = part.split_at_checked(1)?;
        text.push_str(match escape {
            "0" => "~",
            "1" => "/",
            _ => return None,
        });
        text.push_str(rest);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(segments: &[&str]) -> String {
        segments.iter().fold(String::new(), |mut pointer, segment| {
            push_segment(&mut pointer, segment);
            pointer
        })
    }

    #[test]
    fn segments_are_escaped_and_unescaped() {
        let segments = ["a/b", "m~n", "~1", ""];
        let pointer = join(&segments);
        assert_eq!(pointer, "/a~1b/m~0n/~01/");
        assert_eq!(split(&pointer).unwrap(), segments);
        assert_eq!(split(""), Some(Vec::new()));
        for invalid in ["a", "/~", "/~2", "/a~"] {
            assert_eq!(split(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn control_characters_cannot_break_a_line() {
        let hostile = join(&["a\nb\u{7f}", "\u{85}\u{2028}\u{202e}"]);
        assert_eq!(escape(&hostile), "/a\\u000ab\\u007f/\\u0085\\u2028\\u202e");
    }
}
