//! `Link` headers.

use outbound_paginate::{LinkHeader, PageErrorKind, body};

use crate::{Row, row};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row(1, "GitHub REST", LinkHeader::next())
            .items("")
            .asks("GET https://api.github.com/repositories/1300192/issues?page=3\naccept: application/vnd.github+json")
            .answer("link: <https://api.github.com/repositories/1300192/issues?page=2>; rel=\"prev\", <https://api.github.com/repositories/1300192/issues?page=4>; rel=\"next\", <https://api.github.com/repositories/1300192/issues?page=515>; rel=\"last\", <https://api.github.com/repositories/1300192/issues?page=1>; rel=\"first\"\n\n[{\"id\":1}]")
            .asks("GET https://api.github.com/repositories/1300192/issues?page=4\naccept: application/vnd.github+json")
            .answer("link: <https://api.github.com/repositories/1300192/issues?page=3>; rel=\"prev\", <https://api.github.com/repositories/1300192/issues?page=1>; rel=\"first\"\n\n[{\"id\":2}]"),
        row(2, "GitHub search", LinkHeader::next().total(body("/total_count")))
            .items("/items")
            .layer(|layer| layer.max_items(1000))
            .tells(2500)
            .asks("GET https://api.github.com/search/issues?q=a&page=1")
            .answer("link: <https://api.github.com/search/issues?q=a&page=2>; rel=\"next\", <https://api.github.com/search/issues?q=a&page=34>; rel=\"last\"\n\n{\"total_count\":2500,\"incomplete_results\":false,\"items\":[{\"id\":1}]}")
            .asks("GET https://api.github.com/search/issues?q=a&page=2")
            // Beyond the window of 1000 hits.
            .answer("422\n\n{\"message\":\"Only the first 1000 search results are available\"}")
            .fails(PageErrorKind::Status),
        row(4, "GitLab, keyset", LinkHeader::next())
            .items("")
            .asks("GET https://gitlab.example.com/api/v4/projects?pagination=keyset&per_page=50&order_by=id&sort=asc")
            .answer("link: <https://gitlab.example.com/api/v4/projects?pagination=keyset&per_page=50&order_by=id&sort=asc&id_after=42>; rel=\"next\"\n\n[{\"id\":42}]")
            .asks("GET https://gitlab.example.com/api/v4/projects?pagination=keyset&per_page=50&order_by=id&sort=asc&id_after=42")
            .answer("[]"),
        row(5, "Shopify REST", LinkHeader::next())
            .items("/products")
            .asks("GET https://s.myshopify.com/admin/api/2024-01/products.json?limit=50&status=active")
            .answer("link: <https://s.myshopify.com/admin/api/2024-01/products.json?limit=50&page_info=abc>; rel=\"next\"\n\n{\"products\":[{\"id\":1}]}")
            // No other filter may be sent with `page_info`.
            .asks("GET https://s.myshopify.com/admin/api/2024-01/products.json?limit=50&page_info=abc")
            .answer("link: <https://s.myshopify.com/admin/api/2024-01/products.json?limit=50&page_info=xyz>; rel=\"previous\"\n\n{\"products\":[{\"id\":2}]}"),
        row(6, "Sentry", LinkHeader::next().param("results", "true"))
            .items("")
            .asks("GET https://sentry.io/api/0/organizations/acme/issues/1/events/")
            .answer("link: <https://sentry.io/api/0/organizations/acme/issues/1/events/?&cursor=0:0:1>; rel=\"previous\"; results=\"false\"; cursor=\"0:0:1\", <https://sentry.io/api/0/organizations/acme/issues/1/events/?&cursor=0:100:0>; rel=\"next\"; results=\"true\"; cursor=\"0:100:0\"\n\n[{\"id\":1}]")
            .asks("GET https://sentry.io/api/0/organizations/acme/issues/1/events/?&cursor=0:100:0")
            .answer("link: <https://sentry.io/api/0/organizations/acme/issues/1/events/?&cursor=0:0:1>; rel=\"previous\"; results=\"true\"; cursor=\"0:0:1\", <https://sentry.io/api/0/organizations/acme/issues/1/events/?&cursor=0:200:0>; rel=\"next\"; results=\"false\"; cursor=\"0:200:0\"\n\n[{\"id\":2}]"),
        row(7, "Okta", LinkHeader::next())
            .items("")
            .asks("GET https://x.okta.com/api/v1/users?limit=200")
            .answer("link: <https://x.okta.com/api/v1/users?limit=200>; rel=\"self\"\nlink: <https://x.okta.com/api/v1/users?after=000u&limit=200>; rel=\"next\"\n\n[{\"id\":1}]")
            .asks("GET https://x.okta.com/api/v1/users?after=000u&limit=200")
            .answer("link: <https://x.okta.com/api/v1/users?after=000u&limit=200>; rel=\"self\"\n\n[{\"id\":2}]"),
        row(8, "OCI registry", LinkHeader::next())
            .items("/tags")
            .asks("GET /v2/library/alpine/tags/list?n=2")
            .answer("link: </v2/library/alpine/tags/list?n=2&last=3.1>; rel=\"next\"\n\n{\"name\":\"library/alpine\",\"tags\":[\"2\",\"3.1\"]}")
            .asks("GET /v2/library/alpine/tags/list?n=2&last=3.1")
            // A short page is not the end.
            .answer("link: </v2/library/alpine/tags/list?n=2&last=3.2>; rel=\"next\"\n\n{\"name\":\"library/alpine\",\"tags\":[\"3.2\"]}")
            .asks("GET /v2/library/alpine/tags/list?n=2&last=3.2")
            .answer("{\"name\":\"library/alpine\",\"tags\":null}"),
        row(9, "Guru", LinkHeader::next().rel("next-page"))
            .items("")
            .asks("GET https://api.getguru.com/api/v1/search/query")
            .answer("link: < https://api.getguru.com/api/v1/search/query?token=xsf >; rel=\"next-page\"\n\n[{\"id\":1}]")
            .asks("GET https://api.getguru.com/api/v1/search/query?token=xsf")
            .answer("[{\"id\":2}]"),
        row(10, "Mastodon", LinkHeader::next())
            .items("")
            .asks("GET https://m.example/api/v1/timelines/home")
            .answer("link: <https://m.example/api/v1/timelines/home?max_id=1039>; rel=\"next\", <https://m.example/api/v1/timelines/home?min_id=1041>; rel=\"prev\"\n\n[{\"id\":\"1040\"}]")
            .asks("GET https://m.example/api/v1/timelines/home?max_id=1039")
            .answer("link: <https://m.example/api/v1/timelines/home?min_id=1038>; rel=\"prev\"\n\n[{\"id\":\"1038\"}]"),
    ]
}
