//! Pages that are counted.

use serde_json::json;

use crate::script::Scripted;
use crate::support::run;
use crate::{drain, drained};

#[test]
fn numbered_pages_begin_where_it_is_said_and_end_by_their_rules() {
    let page = ["--next", "page:p", "--items", "/i"];
    let answers = [r#"{"i":[1,2]}"#, r#"{"i":[3]}"#, r#"{"i":[]}"#];
    // A short page is not the end, an empty one is.
    let (lines, asked) = drained("/a?x=1", &page, &answers);
    assert_eq!(lines, ["1", "2", "3"]);
    assert_eq!(
        asked,
        ["GET /a?x=1&p=1", "GET /a?x=1&p=2", "GET /a?x=1&p=3"]
    );

    let (_, asked) = drained("/a", &["--next", "page:p:0", "--items", "/i"], &answers);
    assert_eq!(asked, ["GET /a?p=0", "GET /a?p=1", "GET /a?p=2"]);
    let (_, asked) = drained("/a?p=7", &page, &answers);
    assert_eq!(asked, ["GET /a?p=7", "GET /a?p=8", "GET /a?p=9"]);

    // What is known is not asked past.
    let total = [r#"{"i":[1,2],"t":3,"n":2}"#, r#"{"i":[3],"t":3,"n":2}"#];
    for option in [["--total", "body:/t"], ["--total-pages", "body:/n"]] {
        let (lines, asked) = drained("/a", &[&page[..], &option[..]].concat(), &total);
        assert_eq!((lines.len(), asked.len()), (3, 2), "{option:?}");
    }
    // Nor where the list was entered at its third page.
    let total = [r#"{"i":[5,6],"t":7,"n":4}"#, r#"{"i":[7],"t":7,"n":4}"#];
    for option in [["--total", "body:/t"], ["--total-pages", "body:/n"]] {
        let (_, asked) = drained("/a?p=3", &[&page[..], &option[..]].concat(), &total);
        assert_eq!(asked, ["GET /a?p=3", "GET /a?p=4"], "{option:?}");
    }
    // A total that an API stops telling is no error.
    let (lines, asked) = drained(
        "/a",
        &[&page[..], &["--total", "header:x-total"]].concat(),
        &["x-total: 9\n\n{\"i\":[1]}", r#"{"i":[2]}"#, r#"{"i":[]}"#],
    );
    assert_eq!((lines.len(), asked.len()), (2, 3));
}

#[test]
fn a_flag_that_a_counted_page_lacks_is_6_even_on_an_empty_one() {
    for next in ["page:p", "offset:o,l:1"] {
        let options = ["--next", next, "--items", "/i", "--more", "/more"];
        let first = r#"{"i":[1],"more":true}"#;
        for (last, code) in [
            (r#"{"i":[2],"more":false}"#, 0),
            (r#"{"i":[],"more":false}"#, 0),
            ("204", 0),
            (r#"{"i":[2]}"#, 6),
            (r#"{"i":[]}"#, 6),
        ] {
            let last = match last {
                "204" => "204\n\n",
                body => body,
            };
            let (run, asked) = drain("/a", &options, &[first, last]);
            assert_eq!(run.code, Some(code), "{next} {last}: {}", run.stderr);
            assert_eq!(asked.len(), 2, "{next} {last}");
        }
    }
}

#[test]
fn an_empty_200_is_a_page_without_items_as_a_204_is() {
    let whole = std::env::temp_dir().join(format!("fetch-empty-200-{}", std::process::id()));
    std::fs::write(&whole, "{}").unwrap();
    for next in [
        "page:p",
        "offset:o,l:1",
        "token:body:/t=query:t",
        "token:last:/t=query:t",
        "url:/u",
        "link",
    ] {
        let first = "link: </a?t=2>; rel=next\n\n\
                     {\"i\":[{\"t\":2}],\"t\":2,\"u\":\"/a?t=2\"}";
        let options = ["--next", next, "--items", "/i"];
        // As it arrives, and as a whole.
        let schema = ["--schema", whole.to_str().unwrap()];
        for more in [&[][..], &schema] {
            for last in ["", " ", "204\n\n"] {
                let options = [&options[..], more].concat();
                let (lines, asked) = drained("/a", &options, &[first, last]);
                assert_eq!(lines, [r#"{"t":2}"#], "{next} {more:?} {last:?}");
                assert_eq!(asked.len(), 2, "{next} {more:?} {last:?}");
            }
        }
    }
    std::fs::remove_file(&whole).unwrap();
}

#[test]
fn offsets_advance_by_what_was_returned() {
    let offset = ["--next", "offset:skip,top:1000", "--items", ""];
    // The server clamps the limit to two.
    let (lines, asked) = drained("/a", &offset, &["[1,2]", "[3,4]", "[5]", "[]"]);
    assert_eq!(lines, ["1", "2", "3", "4", "5"]);
    assert_eq!(
        asked,
        [
            "GET /a?skip=0&top=1000",
            "GET /a?skip=2&top=1000",
            "GET /a?skip=4&top=1000",
            "GET /a?skip=5&top=1000"
        ]
    );
    let (_, asked) = drained("/a?skip=3", &offset, &["[4]", "[]"]);
    assert_eq!(asked, ["GET /a?skip=3&top=1000", "GET /a?skip=4&top=1000"]);
    for (option, header) in [
        (["--total", "header:x-total"], "x-total: 3\n\n"),
        (["--total-pages", "header:x-pages"], "x-pages: 2\n\n"),
    ] {
        let answers = [&format!("{header}[1,2]"), &*format!("{header}[3]")];
        let (lines, asked) = drained("/a", &[&offset[..], &option[..]].concat(), &answers);
        assert_eq!((lines.len(), asked.len()), (3, 2), "{option:?}");
    }
}

/// Nothing of it is written, as it is not what was asked for.
#[test]
fn a_whole_list_in_the_place_of_a_later_range_is_refused() {
    let first = "206\ncontent-range: items 0-1/6\n\n[0,1]";
    for second in [
        "200\n\n[0,1,2,3,4,5]",
        "206\ncontent-range: items 0-1/*\n\n[0,1]",
    ] {
        let options = ["--next", "range:items:2", "--items", ""];
        let (run, _) = drain("/a", &options, &[first, second]);
        assert_eq!(run.code, Some(6), "{second}: {}", run.stderr);
        assert_eq!(run.lines, ["0", "1"], "{second}");
    }
}

#[test]
fn ranges_end_at_their_total_at_416_and_at_a_200() {
    let range = ["--next", "range:items:2", "--items", ""];
    let server = |answers: &[&str]| {
        let server = Scripted::start(answers);
        let run = run(&[&[&*server.url("/a")][..], &range[..]].concat());
        let ranges: Vec<_> = server
            .asked()
            .iter()
            .map(|asked| asked.headers["range"].to_str().unwrap().to_owned())
            .collect();
        (run, ranges)
    };
    let part = |range: &str, body: &str| format!("206\ncontent-range: {range}\n\n{body}");

    let (run, ranges) = server(&[&part("items 0-1/3", "[1,2]"), &part("items 2-2/3", "[3]")]);
    assert_eq!((run.code, run.lines.len()), (Some(0), 3), "{}", run.stderr);
    assert_eq!(ranges, ["items=0-1", "items=2-3"]);

    let (run, ranges) = server(&[&part("items 0-1/*", "[1,2]"), "416\n\n{\"error\":\"end\"}"]);
    assert_eq!(
        (run.code, run.lines),
        (Some(0), vec!["1".to_owned(), "2".to_owned()])
    );
    assert_eq!(ranges, ["items=0-1", "items=2-3"]);
    assert_eq!(
        (&run.summary["outcome"], &run.summary["pages"]),
        (&json!("done"), &json!(1))
    );

    let (run, ranges) = server(&["416\n\n{}"]);
    assert_eq!(
        (run.code, run.lines.len(), ranges.len()),
        (Some(0), 0, 1),
        "an empty list"
    );

    let (run, ranges) = server(&["[1,2,3,4,5]"]);
    assert_eq!(
        (run.code, run.lines.len(), ranges.len()),
        (Some(0), 5, 1),
        "the whole list"
    );

    let (run, ranges) = server(&["206\n\n[1,2]"]);
    assert_eq!((run.code, ranges.len()), (Some(6), 1), "{}", run.stderr);
    let (run, ranges) = server(&[&part("items 0-1/9", "[1,2]"), &part("items 0-1/9", "[1,2]")]);
    assert_eq!((run.code, ranges.len()), (Some(6), 2), "{}", run.stderr);
    // Elsewhere 416 is what it is.
    let (run, _) = drain("/a", &["--next", "link"], &["416\n\n{}"]);
    assert_eq!(run.code, Some(3));
}
