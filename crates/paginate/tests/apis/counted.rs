//! Page numbers, offsets and ranges.

use outbound_paginate::{Offset, PageErrorKind, Range, body, header};

use crate::{Row, row};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row(32, "Jira", Offset::query("startAt", "maxResults").by(50).total(body("/total")))
            .items("/issues")
            .tells(3)
            .asks("GET /rest/api/2/search?jql=x&startAt=0&maxResults=50")
            // The server clamps the limit, and loses nothing by it.
            .answer(r#"{"startAt":0,"maxResults":2,"total":3,"issues":[1,2]}"#)
            .asks("GET /rest/api/2/search?jql=x&startAt=2&maxResults=50")
            .answer(r#"{"startAt":2,"maxResults":2,"total":3,"issues":[3]}"#),
        row(41, "PostgREST", Range::unit("items").by(15).bare())
            .items("")
            .tells(17)
            .asks("GET /people\nprefer: count=exact\nrange-unit: items\nrange: 0-14")
            .answer("206\ncontent-range: 0-14/17\n\n[1]")
            .asks("GET /people\nprefer: count=exact\nrange-unit: items\nrange: 15-29")
            .answer("206\ncontent-range: 15-16/17\n\n[2]"),
        row(41, "PostgREST, of an empty table", Range::unit("items").bare())
            .items("")
            .tells(0)
            .asks("GET /people\nrange-unit: items\nrange: 0-99")
            .answer("206\ncontent-range: */0\n\n[]"),
        row(41, "PostgREST, without a count", Range::unit("items").bare())
            .items("")
            .asks("GET /people\nrange-unit: items\nrange: 0-99")
            .answer("200\ncontent-range: 0-99/*\n\n[1]")
            .asks("GET /people\nrange-unit: items\nrange: 100-199")
            .answer("200\ncontent-range: 100-149/*\n\n[2]")
            .asks("GET /people\nrange-unit: items\nrange: 150-249")
            .answer("200\ncontent-range: */*\n\n[]"),
        row(41, "PostgREST, without a count at first", Range::unit("items").bare())
            .items("")
            .asks("GET /people\nrange-unit: items\nrange: 0-99")
            .answer("200\ncontent-range: 0-99/*\n\n[1]")
            .asks("GET /people\nrange-unit: items\nrange: 100-199")
            .answer("416\ncontent-range: */100\n\n{\"message\":\"Requested range not satisfiable\"}"),
        row(41, "PostgREST, of a table that fits", Range::unit("items").bare())
            .items("")
            .tells(2)
            .asks("GET /people\nprefer: count=exact\nrange-unit: items\nrange: 0-99")
            .answer("200\ncontent-range: 0-1/2\n\n[1,2]"),
        row(42, "QRadar", Range::unit("items").by(50))
            .items("")
            .tells(130)
            .asks("GET /api/siem/offenses\nrange: items=0-49")
            .answer("206\ncontent-range: items 0-49/130\n\n[1]")
            .asks("GET /api/siem/offenses\nrange: items=50-99")
            .answer("206\ncontent-range: items 50-99/130\n\n[2]")
            .asks("GET /api/siem/offenses\nrange: items=100-149")
            .answer("206\ncontent-range: items 100-129/130\n\n[3]"),
        row(42, "QRadar, of a range that was not asked for", Range::unit("items").by(50))
            .items("")
            .tells(130)
            .asks("GET /api/siem/offenses\nrange: items=0-49")
            .answer("206\ncontent-range: items 0-49/130\n\n[1]")
            .asks("GET /api/siem/offenses\nrange: items=50-99")
            .answer("206\ncontent-range: items 0-49/130\n\n[1]")
            .fails(PageErrorKind::Malformed),
        row(46, "SCIM 2.0", Offset::query("startIndex", "count").by(10).starts_at(1).total(body("/totalResults")))
            .items("/Resources")
            .tells(11)
            .asks("GET /Users?startIndex=1&count=10")
            .answer(r#"{"totalResults":11,"itemsPerPage":10,"startIndex":1,"Resources":[1,2,3,4,5,6,7,8,9,10]}"#)
            .asks("GET /Users?startIndex=11&count=10")
            .answer(r#"{"totalResults":11,"itemsPerPage":1,"startIndex":11,"Resources":[11]}"#),
        row(
            60,
            "Apify",
            Offset::query("offset", "limit")
                .by(100)
                .step(header("x-apify-pagination-count"))
                .total(header("x-apify-pagination-total")),
        )
        .items("")
        .tells(250)
        .asks("GET /v2/datasets/d/items?offset=0&limit=100&clean=1")
        .answer("x-apify-pagination-count: 100\nx-apify-pagination-total: 250\n\n[1,2,3]")
        .asks("GET /v2/datasets/d/items?offset=100&limit=100&clean=1")
        // All of it was filtered out, and that is not the end.
        .answer("x-apify-pagination-count: 100\nx-apify-pagination-total: 250\n\n[]")
        .asks("GET /v2/datasets/d/items?offset=200&limit=100&clean=1")
        .answer("x-apify-pagination-count: 50\nx-apify-pagination-total: 250\n\n[4]"),
    ]
}
