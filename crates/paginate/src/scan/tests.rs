use proptest::prelude::*;
use serde_json::Value;

use super::*;

type Split = Result<(Vec<String>, String), (Vec<String>, ScanError)>;

fn split(pointer: &str, pieces: &[&[u8]]) -> Split {
    let mut scanner = Scanner::new(Pointer::expect(pointer), 64, 256);
    let mut items = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        loop {
            match scanner.next(&mut input) {
                Ok(Some(item)) => items.push(String::from_utf8(item.to_vec()).unwrap()),
                Ok(None) => break,
                Err(error) => return Err((items, error)),
            }
        }
    }
    match scanner.finish() {
        Ok(()) => Ok((items, String::from_utf8(scanner.rest().to_vec()).unwrap())),
        Err(error) => Err((items, error)),
    }
}

fn fails(pointer: &str, text: &str) -> ScanError {
    split(pointer, &[text.as_bytes()]).unwrap_err().1
}

const PAGES: &[(&str, &str, &[&str], &str)] = &[
    ("", "[]", &[], "[]"),
    ("", " [ ] ", &[], " [] "),
    ("", "null", &[], "null"),
    (
        "",
        " [1, \"a,]\" ,{\"b\":[1,2]},[ ],null , -1.5e3]\n",
        &["1", "\"a,]\"", "{\"b\":[1,2]}", "[ ]", "null", "-1.5e3"],
        " []\n",
    ),
    (
        "/items",
        "{\"next\":\"x\",\"items\":[{\"a\":\"\\\"}\"},2],\"total\":9}",
        &["{\"a\":\"\\\"}\"}", "2"],
        "{\"next\":\"x\",\"items\":[],\"total\":9}",
    ),
    ("/items", "{\"items\":null}", &[], "{\"items\":null}"),
    (
        "/a/1/b",
        "{\"z\":[[]],\"a\":[{\"b\":[0]},{\"c\":{\"b\":[1]},\"b\":[2]},{\"b\":[3]}]}",
        &["2"],
        "{\"z\":[[]],\"a\":[{\"b\":[0]},{\"c\":{\"b\":[1]},\"b\":[]},{\"b\":[3]}]}",
    ),
    (
        "/a~1b/",
        "{\"a\\u002fb\":{\"\":[\"\\\\\"]}}",
        &["\"\\\\\""],
        "{\"a\\u002fb\":{\"\":[]}}",
    ),
    (
        "/i",
        "{\"x\":{},\"y\":\"i\",\"i\":[\"é\"],\"w\":true}",
        &["\"é\""],
        "{\"x\":{},\"y\":\"i\",\"i\":[],\"w\":true}",
    ),
    ("/0", "[[1],[2]]", &["1"], "[[],[2]]"),
    ("/i", "", &[], ""),
    ("/i", " \n", &[], ""),
];

#[test]
fn items_are_parted_from_the_rest() {
    for (pointer, text, items, rest) in PAGES {
        let (found, left) = split(pointer, &[text.as_bytes()]).unwrap();
        assert_eq!(
            (found.as_slice(), left.as_str()),
            (items.map_str().as_slice(), *rest),
            "{text}"
        );
    }
}

trait MapStr {
    fn map_str(&self) -> Vec<String>;
}

impl MapStr for &[&str] {
    fn map_str(&self) -> Vec<String> {
        self.iter().map(|s| (*s).to_owned()).collect()
    }
}

#[test]
fn every_split_in_two_and_in_three_gives_the_same_items() {
    for (pointer, text, ..) in PAGES {
        let text = text.as_bytes();
        let whole = split(pointer, &[text]);
        for a in 0..=text.len() {
            for b in a..=text.len() {
                assert_eq!(
                    split(pointer, &[&text[..a], &text[a..b], &text[b..]]),
                    whole
                );
            }
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(split(pointer, &bytes), whole);
    }
}

#[test]
fn every_true_prefix_is_an_error_after_the_items_before_it() {
    for (pointer, text, items, _) in PAGES {
        let text = text.trim_ascii().as_bytes();
        for end in 1..text.len() {
            let (found, error) = split(pointer, &[&text[..end]]).unwrap_err();
            assert_eq!(error, ScanError::Truncated);
            assert_eq!(found, items.map_str()[..found.len()]);
        }
    }
}

#[test]
fn what_is_no_list_is_told_apart() {
    for text in ["{}", "{\"x\":[1]}", "[1]", "3", "\"i\""] {
        assert_eq!(fails("/i", text), ScanError::Absent, "{text}");
    }
    for text in ["{\"i\":{}}", "{\"i\":3}", "{\"i\":\"x\"}", "{\"i\":true}"] {
        assert_eq!(fails("/i", text), ScanError::NotAnArray, "{text}");
    }
    assert_eq!(fails("/i", "{\"i\":[1],\"i\":[2]}"), ScanError::Twice);
}

#[test]
fn what_is_wrong_before_its_end_is_not_cut_short() {
    for text in [
        "[<",
        "[{\"a\":<",
        "{\"b\":<html",
        "{\"i\":[1],\"b\":[<",
        "{\"i\":{<",
        "{\"i\":falsehood}",
    ] {
        let pointer = if text.starts_with('[') { "" } else { "/i" };
        assert_eq!(fails(pointer, text), ScanError::Syntax, "{text}");
    }
    // At the end of a text only that tells whether a literal is one.
    assert_eq!(fails("", "tru"), ScanError::Truncated);
    assert_eq!(fails("", "true story"), ScanError::Syntax);
    assert_eq!(fails("/i", "{\"i\":{\"a\""), ScanError::Truncated);
}

#[test]
fn structure_that_is_not_json_is_an_error() {
    for text in [
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "[] x",
        "[]]",
        "{\"a\":1}}",
        "{\"a\" 1}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":,}",
        "[]\n[]",
        "{\"i\":nil}",
        "<html>",
        "\u{1f}",
    ] {
        assert_eq!(
            fails(if text.starts_with('[') { "" } else { "/i" }, text),
            ScanError::Syntax,
            "{text}"
        );
    }
}

#[test]
fn memory_is_bounded() {
    let long = "x".repeat(300);
    assert_eq!(fails("", &format!("[\"{long}\"]")), ScanError::ItemTooLarge);
    assert_eq!(
        fails("", &format!("[{}", " ".repeat(300))),
        ScanError::ItemTooLarge
    );
    assert_eq!(
        fails("/i", &format!("{{\"{long}\":1}}")),
        ScanError::RestTooLarge
    );
    let many = format!("[{}1]", "1,".repeat(1000));
    assert_eq!(split("", &[many.as_bytes()]).unwrap().0.len(), 1001);
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i16>().prop_map(|n| Value::from(f64::from(n) / 8.0)),
        "[a-c\"\\\\,\\[\\]{}é]{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-d]{0,2}", inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn unbounded(
    pointer: &str,
    text: &[u8],
    cuts: &[usize],
) -> Result<(Vec<Vec<u8>>, Vec<u8>), ScanError> {
    let mut scanner = Scanner::new(Pointer::expect(pointer), usize::MAX, usize::MAX);
    let mut items = Vec::new();
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    for piece in cuts.windows(2) {
        let mut input = &text[piece[0]..piece[1]];
        while let Some(item) = scanner.next(&mut input)? {
            items.push(item.to_vec());
        }
    }
    scanner.finish()?;
    Ok((items, scanner.rest().to_vec()))
}

proptest! {
    #[test]
    fn any_page_in_any_pieces_is_parted_as_a_parser_would(
        mut page in value(),
        list in prop::collection::vec(value(), 0..5),
        pretty in any::<bool>(),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        place in 0..4_usize,
    ) {
        let pointer = ["", "/items", "/a/items", "/x/1"][place];
        match place {
            0 => page = Value::from(list.clone()),
            1 => page = serde_json::json!({"a": page, "items": list, "z": {"items": [1]}}),
            2 => page = serde_json::json!({"items": page, "a": {"items": list, "b": [page]}}),
            _ => page = serde_json::json!({"w": page, "x": [page, list, [2]]}),
        }
        let text = if pretty {
            serde_json::to_vec_pretty(&page).unwrap()
        } else {
            serde_json::to_vec(&page).unwrap()
        };
        let (items, rest) = unbounded(pointer, &text, &cuts).unwrap();
        let items: Vec<Value> = items.iter().map(|i| serde_json::from_slice(i).unwrap()).collect();
        prop_assert_eq!(items, list);
        *page.pointer_mut(pointer).unwrap() = Value::Array(Vec::new());
        prop_assert_eq!(serde_json::from_slice::<Value>(&rest).unwrap(), page);
    }

    #[test]
    fn any_bytes_in_any_pieces_give_the_same_and_never_a_panic(
        text in "[\\[\\]{}:,\"\\\\ ainul1]{0,24}",
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        pointer in prop_oneof![Just(""), Just("/a"), Just("/0")],
    ) {
        let text = text.as_bytes();
        let whole = unbounded(pointer, text, &[]);
        prop_assert_eq!(&unbounded(pointer, text, &cuts), &whole);
        // Whatever a parser takes the scanner takes too.
        if let Ok(value) = serde_json::from_slice::<Value>(text) {
            match value.pointer(pointer) {
                Some(Value::Array(list)) if !matches!(whole, Err(ScanError::Twice)) => {
                    prop_assert_eq!(whole.unwrap().0.len(), list.len());
                }
                Some(Value::Null) if !matches!(whole, Err(ScanError::Twice)) => {
                    prop_assert!(whole.unwrap().0.is_empty());
                }
                _ => prop_assert!(whole.is_err()),
            }
        }
    }
}
