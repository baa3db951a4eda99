//! Bodies that are not as they should be.

use crate::ids;
use crate::server::Server;
use crate::support::run;

#[test]
fn a_missing_pointer_is_4_and_named() {
    let server = Server::start();
    let enforced = run(&[
        &server.url("/url"),
        "--require",
        "/missing",
        "--items",
        "/items",
    ]);
    assert_eq!(enforced.code, Some(4));
    assert!(enforced.stderr.contains("/missing"), "{}", enforced.stderr);
    assert!(enforced.lines.is_empty());
    assert_eq!(enforced.summary["violations"], 1);

    let reported = run(&[
        &server.url("/url"),
        "--require",
        "/missing",
        "--items",
        "/items",
        "--contract",
        "report",
    ]);
    assert_eq!((reported.code, reported.lines), (Some(0), ids(0..2)));
    assert_eq!(reported.summary["violations"], 1);
}

#[test]
fn schemas_hold_pages_and_items() {
    let server = Server::start();
    let folder = std::env::temp_dir().join(format!("fetch-schema-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("schema.json");
    std::fs::write(&path, r#"{"properties":{"id":{"maximum":2}}}"#).unwrap();
    let schema = path.to_str().unwrap();
    let run_items = run(&[
        &server.url("/link"),
        "--next",
        "link",
        "--items",
        "",
        "--item-schema",
        schema,
    ]);
    assert_eq!(
        (run_items.code, run_items.lines),
        (Some(4), ids(0..3)),
        "{}",
        run_items.stderr
    );
    std::fs::write(&path, r#"{"type":"object"}"#).unwrap();
    let run_page = run(&[
        &server.url("/link"),
        "--next",
        "link",
        "--items",
        "",
        "--schema",
        schema,
    ]);
    assert_eq!(run_page.code, Some(4));
    assert!(run_page.lines.is_empty());
    assert_eq!(
        run(&[&server.url("/url"), "--schema", schema]).code,
        Some(0)
    );
    std::fs::write(&path, r#"{"type":"nonsense"}"#).unwrap();
    assert_eq!(
        run(&[&server.url("/url"), "--schema", schema]).code,
        Some(2)
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_body_that_is_no_json_is_4_and_an_empty_one_is_no_item() {
    let server = Server::start();
    for items in [&[][..], &["--items", ""]] {
        assert_eq!(
            run(&[&[&*server.url("/html")][..], items].concat()).code,
            Some(4)
        );
        let empty = run(&[&[&*server.url("/nothing")][..], items].concat());
        assert_eq!(
            (empty.code, empty.lines),
            (Some(0), Vec::new()),
            "{}",
            empty.stderr
        );
    }
}
