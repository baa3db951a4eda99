/// Where in a value the scanner is.
#[derive(Clone, Copy)]
pub(super) struct Nested {
    depth: u32,
    text: Text,
}

#[derive(Clone, Copy, PartialEq)]
enum Text {
    /// Outside strings.
    No,
    /// A number or literal at depth 0, which its follower ends.
    Bare,
    Inside,
    Escaped,
}

impl Nested {
    pub(super) const START: Self = Self {
        depth: 0,
        text: Text::No,
    };

    /// Whether it is a number or literal, which the end of the text may end too.
    pub(super) const fn is_bare(self) -> bool {
        matches!(self.text, Text::Bare)
    }

    /// Takes `input` up to the end of the value: how many bytes belong to it, and
    /// whether it is complete.
    pub(super) fn take(&mut self, input: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(&byte) = input.get(at) {
            match self.text {
                Text::No => match byte {
                    b'"' => self.text = Text::Inside,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        // A value never begins with a closing bracket: callers see to it.
                        self.depth = self.depth.saturating_sub(1);
                        if self.depth == 0 {
                            return (at + 1, true);
                        }
                    }
                    _ if self.depth == 0 => self.text = Text::Bare,
                    _ => {}
                },
                Text::Inside => {
                    at += plain(&input[at..]);
                    match input.get(at) {
                        None => break,
                        Some(b'"') if self.depth == 0 => return (at + 1, true),
                        Some(b'"') => self.text = Text::No,
                        Some(_) => self.text = Text::Escaped,
                    }
                }
                Text::Escaped => self.text = Text::Inside,
                Text::Bare => {
                    if matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r') {
                        return (at, true);
                    }
                }
            }
            at += 1;
        }
        (input.len(), false)
    }
}

/// How many bytes at the front of `text` neither end a string nor escape; eight at a time.
fn plain(text: &[u8]) -> usize {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The lowest bit that is set marks the lowest byte that is zero; higher ones may lie.
    let zeros = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    let mut at = 0;
    while let Some(word) = text[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ (LOW * b'"' as u64)) | zeros(word ^ (LOW * b'\\' as u64));
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = &text[at..];
    let special = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    at + special.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_in_a_string_is_found_wherever_it_is() {
        for len in 0..40 {
            for at in 0..=len {
                for special in [b'"', b'\\'] {
                    let mut text = vec![b'a'; len];
                    // Bytes next to the two in value, and with the high bit, are ordinary.
                    for (byte, other) in text
                        .iter_mut()
                        .zip([0x21, 0x23, 0x5b, 0x5d, 0xa2, 0xdc].iter().cycle())
                    {
                        *byte = *other;
                    }
                    text.insert(at, special);
                    text.push(b'"');
                    assert_eq!(plain(&text), at, "{text:?}");
                }
            }
        }
        assert_eq!(plain(&[0x80; 20]), 20);
    }
}
