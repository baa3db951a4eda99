use std::ops::Range;

use crate::cursor::Cursor;
use crate::finding::Step;
use crate::walk::skip;

/// Where the value at `path` is in `body`, which is strict JSON. Of a key that stands twice it is
/// the last.
pub(crate) fn locate(body: &[u8], path: &[Step]) -> Option<Range<usize>> {
    let mut cursor = Cursor::new(body);
    cursor.space();
    for step in path {
        match step {
            Step::Index(index) => {
                cursor.eat(b'[').then_some(())?;
                cursor.space();
                for _ in 0..*index {
                    cursor = skip(cursor)?;
                    cursor.space();
                    cursor.eat(b',').then_some(())?;
                    cursor.space();
                }
            }
            Step::Key { name, .. } => cursor = member(cursor, name)?,
        }
    }
    let start = cursor.at();
    Some(start..skip(cursor)?.at())
}

/// From the beginning of an object to that of the value of its last member with this name.
fn member<'a>(mut cursor: Cursor<'a>, name: &str) -> Option<Cursor<'a>> {
    let mut found = None;
    cursor.eat(b'{').then_some(())?;
    cursor.space();
    while cursor.peek() == Some(b'"') {
        let key = cursor.string().ok()?;
        cursor.space();
        cursor.eat(b':').then_some(())?;
        cursor.space();
        if key.equals(cursor.text(), name) {
            found = Some(cursor);
        }
        cursor = skip(cursor)?;
        cursor.space();
        cursor.eat(b',');
        cursor.space();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_path() {
        let text = r#" { "a" : [ 1 , {"x":0, "b\u0063":[true]} ] , "a2":{} , "d":1, "d": 2 } "#;
        let found = |path: &[Step]| {
            let place = locate(text.as_bytes(), path)?;
            Some(&text[place])
        };
        let (a, bc) = (Step::known("a"), Step::data("bc"));
        assert_eq!(found(&[]), Some(text.trim()));
        assert_eq!(found(&[a.clone(), Step::Index(0)]), Some("1"));
        let path = [a.clone(), Step::Index(1), bc, Step::Index(0)];
        assert_eq!(found(&path), Some("true"));
        assert_eq!(found(&[Step::data("d")]), Some("2"));
        for nowhere in [
            &[Step::Index(0)][..],
            &[Step::data("x")],
            &[a.clone(), Step::Index(2)],
            &[a, Step::data("x")],
        ] {
            assert_eq!(found(nowhere), None, "{nowhere:?}");
        }
    }
}
