use crate::InvalidContract;

/// The template of a path: `/users/{id}/posts`, or `/files/{*rest}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    segments: Vec<Segment>,
}

/// In the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    /// Without percent-encoding.
    Literal(Vec<u8>),
    /// Any one segment that is not empty.
    Parameter,
    /// All that follows, at least one character.
    Rest,
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidContract> {
        let invalid = |fault| InvalidContract::new(text, fault);
        let Some(path) = text.strip_prefix('/') else {
            return Err(invalid("a path template starts with /"));
        };
        let count = path.split('/').count();
        let mut segments = Vec::with_capacity(count);
        for (index, segment) in path.split('/').enumerate() {
            let parameter = segment
                .strip_prefix('{')
                .and_then(|segment| segment.strip_suffix('}'));
            segments.push(match parameter {
                Some(name) if name.contains(['{', '}']) => {
                    return Err(invalid("a parameter is written {name}, and is a whole segment"));
                }
                Some(name) if name.starts_with('*') => {
                    if index + 1 < count {
                        return Err(invalid("{*name} can only be the last segment"));
                    }
                    Segment::Rest
                }
                Some(_) => Segment::Parameter,
                None if segment.contains(['{', '}', '?', '#']) => {
                    return Err(invalid("a parameter is written {name}, and is a whole segment; a query is no part of a path"));
                }
                None => Segment::Literal(decode(segment).collect()),
            });
        }
        Ok(Self { segments })
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        let Some(mut rest) = path.strip_prefix('/') else {
            return false;
        };
        for (index, segment) in self.segments.iter().enumerate() {
            let (next, behind) = match rest.split_once('/') {
                Some((next, behind)) => (next, Some(behind)),
                None => (rest, None),
            };
            match segment {
                Segment::Rest => return !rest.is_empty(),
                Segment::Parameter if next.is_empty() => return false,
                Segment::Parameter => {}
                Segment::Literal(literal) => {
                    let is_plain = next.as_bytes() == literal;
                    if !is_plain && !decode(next).eq(literal.iter().copied()) {
                        return false;
                    }
                }
            }
            match behind {
                Some(behind) => rest = behind,
                None => return index + 1 == self.segments.len(),
            }
        }
        false
    }

    /// Literals before parameters before the rest, segment by segment.
    pub(crate) fn precedence(&self, other: &Self) -> std::cmp::Ordering {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => 0,
            Segment::Parameter => 1,
            Segment::Rest => 2,
        };
        let ranks = self.segments.iter().map(rank);
        ranks.cmp(other.segments.iter().map(rank))
    }
}

/// Decodes percent-encoding (RFC 3986, section 2.1), which says nothing new of a path: a server
/// that decodes it reads `/%61` as `/a`. An encoded slash stays a part of its segment.
fn decode(segment: &str) -> impl Iterator<Item = u8> {
    let mut rest = segment.as_bytes();
    std::iter::from_fn(move || {
        let (first, behind) = rest.split_first()?;
        if let (b'%', [high, low, after @ ..]) = (first, behind) {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            if let (Some(high), Some(low)) = (digit(*high), digit(*low)) {
                rest = after;
                return u8::try_from(high * 16 + low).ok();
            }
        }
        rest = behind;
        Some(*first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_segment_by_segment() {
        for (template, good, bad) in [
            ("/", &["/"][..], &["", "/a", "//"][..]),
            (
                "/a",
                &["/a", "/%61"],
                &["/A", "/a/", "/", "/ab", "/a%2f", "/%"],
            ),
            ("/a/", &["/a/"], &["/a", "/a//"]),
            (
                "/u/{id}",
                &["/u/1", "/u/a%2fb"],
                &[
                    "/u/",
                    "/u",
                    "/u/1/",
                    "/u/1/2",
                    "//u/1",
                    "/u/./1",
                    "/v/../u/1",
                ],
            ),
            ("/u/{id}/p", &["/u/1/p"], &["/u//p", "/u/1/p/2", "/u/1"]),
            (
                "/f/{*rest}",
                &["/f/a", "/f/a/b/", "/f//"],
                &["/f/", "/f", "/g/a"],
            ),
            ("/caf%C3%A9", &["/caf%c3%a9"], &["/cafe"]),
        ] {
            let template = Template::parse(template).unwrap();
            for path in good {
                assert!(template.matches(path), "{template:?} {path}");
            }
            for path in bad {
                assert!(!template.matches(path), "{template:?} {path}");
            }
        }
    }

    #[test]
    fn a_template_that_is_none_is_refused_and_named() {
        for text in [
            "",
            "a",
            "/{id}.json",
            "/{*rest}/a",
            "/{a",
            "/a?b=1",
            "/{{a}}",
        ] {
            assert_eq!(Template::parse(text).unwrap_err().pointer(), text);
        }
    }

    #[test]
    fn the_concrete_is_tried_before_the_general() {
        let order = |one, other| {
            let parse = |text| Template::parse(text).unwrap();
            parse(one).precedence(&parse(other))
        };
        assert!(order("/a/b", "/a/{x}").is_lt());
        assert!(order("/a/{x}/c", "/{x}/b/c").is_lt());
        assert!(order("/a/{*x}", "/a/{x}").is_gt());
        assert!(order("/a/{x}", "/b/{y}").is_eq());
    }
}
