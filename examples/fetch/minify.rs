//! Takes the insignificant white space out of a JSON text, and nothing else.

/// Appends `json` to `line` without its insignificant white space (RFC 8259, section 2).
///
/// Every other byte stays: key order, number forms, escapes, duplicates. That keeps one JSON
/// text on one line, since a line break cannot stand inside a JSON string.
pub(crate) fn minify(json: &[u8], line: &mut Vec<u8>) {
    let mut rest = json;
    while let Some(position) = rest
        .iter()
        .position(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'"'))
    {
        line.extend_from_slice(&rest[..position]);
        rest = &rest[position..];
        if rest[0] == b'"' {
            let end = end_of_string(rest);
            line.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        } else {
            rest = &rest[1..];
        }
    }
    line.extend_from_slice(rest);
}

/// Where the string that starts with `text` ends, its closing quote included.
fn end_of_string(text: &[u8]) -> usize {
    let mut position = 1;
    while let Some(&byte) = text.get(position) {
        match byte {
            b'"' => return position + 1,
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minified(json: &str) -> String {
        let mut line = Vec::new();
        minify(json.as_bytes(), &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn white_space_between_tokens_goes_and_within_strings_stays() {
        assert_eq!(
            minified("{ \"a b\" :\t[ 1.0 , 1e2 ],\r\n\"q\\\" x\" : \" \\\\\" , \"a b\":null }"),
            r#"{"a b":[1.0,1e2],"q\" x":" \\","a b":null}"#
        );
    }

    #[test]
    fn other_bytes_stay() {
        for same in [r#"{"z":1,"a":2,"z":3}"#, r#""\u00e9é""#, "-0.0", ""] {
            assert_eq!(minified(same), same);
        }
    }
}
