//! Next URLs and link objects in bodies.

use outbound_paginate::{NextUrl, StacNext, body};

use crate::{Row, row};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row(11, "Django REST framework", NextUrl::at("/next").total(body("/count")))
            .items("/results")
            .rebased()
            .tells(28)
            .asks("GET https://host/api/correspondents/")
            // Behind a proxy that ends TLS.
            .answer(r#"{"count":28,"next":"http://host/api/correspondents/?page=2","previous":null,"results":[1]}"#)
            .asks("GET https://host/api/correspondents/?page=2")
            .answer(r#"{"count":28,"next":null,"previous":"http://host/api/correspondents/","results":[2]}"#),
        row(12, "JSON:API", NextUrl::at("/links/next"))
            .items("/data")
            .asks("GET /articles?page[size]=2")
            .answer(r#"{"data":[{"id":"1"}],"links":{"next":{"href":"/articles?page[number]=2&page[size]=2"}}}"#)
            .asks("GET /articles?page[number]=2&page[size]=2")
            .answer(r#"{"links":{"next":"/articles?page[number]=3&page[size]=2"},"data":[{"id":"2"}]}"#)
            .asks("GET /articles?page[number]=3&page[size]=2")
            .answer(r#"{"data":[{"id":"3"}],"links":{"next":null}}"#),
        row(13, "HAL", NextUrl::at("/_links/next/href").total(body("/page/totalElements")))
            .items("/_embedded/people")
            .tells(3)
            .asks("GET http://h/people?size=2")
            .answer(r#"{"_embedded":{"people":[1,2]},"_links":{"next":{"href":"http://h/people?page=1&size=2"}},"page":{"size":2,"totalElements":3,"totalPages":2,"number":0}}"#)
            .asks("GET http://h/people?page=1&size=2")
            .answer(r#"{"_embedded":{"people":[3]},"_links":{"self":{"href":"http://h/people?page=1&size=2"}},"page":{"size":2,"totalElements":3,"totalPages":2,"number":1}}"#),
        row(14, "Laravel", NextUrl::at("/next_page_url").total(body("/total")))
            .items("/data")
            .tells(2)
            .asks("GET https://h/api/users")
            .answer(r#"{"current_page":1,"data":[1],"last_page":2,"next_page_url":"https://h/api/users?page=2","per_page":1,"total":2}"#)
            .asks("GET https://h/api/users?page=2")
            .answer(r#"{"current_page":2,"data":[2],"last_page":2,"next_page_url":null,"per_page":1,"total":2}"#),
        row(15, "Microsoft Graph", NextUrl::at("/@odata.nextLink").total(body("/@odata.count")))
            .items("/value")
            .tells(9)
            .asks("GET https://graph.microsoft.com/v1.0/users?$top=2\nconsistencylevel: eventual")
            .answer(r#"{"@odata.count":9,"value":[1,2],"@odata.nextLink":"https://graph.microsoft.com/v1.0/users?$top=2&$skiptoken=RFN"}"#)
            .asks("GET https://graph.microsoft.com/v1.0/users?$top=2&$skiptoken=RFN\nconsistencylevel: eventual")
            .answer(r#"{"value":[3],"@odata.deltaLink":"https://graph.microsoft.com/v1.0/users/delta"}"#),
        row(16, "Azure Resource Manager", NextUrl::at("/nextLink").keep_query(["api-version"]))
            .items("/value")
            .asks("GET https://management.azure.com/subscriptions?api-version=2022-12-01")
            .answer(r#"{"value":[1],"nextLink":"https://management.azure.com/subscriptions?api-version=2022-12-01&%24skiptoken=x"}"#)
            .asks("GET https://management.azure.com/subscriptions?api-version=2022-12-01&%24skiptoken=x")
            .answer(r#"{"value":[2],"nextLink":"https://management.azure.com/subscriptions?%24skiptoken=y"}"#)
            .asks("GET https://management.azure.com/subscriptions?%24skiptoken=y&api-version=2022-12-01")
            .answer(r#"{"value":[3],"nextLink":""}"#),
        row(31, "Salesforce", NextUrl::at("/nextRecordsUrl").last("/done").total(body("/totalSize")))
            .items("/records")
            .tells(2)
            .asks("GET /services/data/v67.0/query?q=SELECT+Id")
            .answer(r#"{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v67.0/query/01gRO0000016PIAYA2-500","records":[1]}"#)
            .asks("GET /services/data/v67.0/query/01gRO0000016PIAYA2-500")
            .answer(r#"{"totalSize":2,"done":true,"records":[2]}"#),
        row(34, "Confluence v2", NextUrl::at("/_links/next"))
            .items("/results")
            .asks("GET https://s.atlassian.net/wiki/api/v2/spaces?limit=1")
            .answer(r#"{"results":[1],"_links":{"next":"/wiki/api/v2/spaces?cursor=e30&limit=1","base":"https://s.atlassian.net/wiki"}}"#)
            .asks("GET https://s.atlassian.net/wiki/api/v2/spaces?cursor=e30&limit=1")
            .answer(r#"{"results":[2],"_links":{"base":"https://s.atlassian.net/wiki"}}"#),
        row(35, "Zendesk", NextUrl::at("/links/next").more("/meta/has_more"))
            .items("/tickets")
            .asks("GET https://e.zendesk.com/api/v2/tickets.json?page[size]=100")
            .answer(r#"{"tickets":[1],"meta":{"has_more":true,"after_cursor":"xxx","before_cursor":"yyy"},"links":{"next":"https://e.zendesk.com/api/v2/tickets.json?page[size]=100&page[after]=xxx"}}"#)
            .asks("GET https://e.zendesk.com/api/v2/tickets.json?page[size]=100&page[after]=xxx")
            // The link may still be there on the last page.
            .answer(r#"{"tickets":[2],"meta":{"has_more":false},"links":{"next":"https://e.zendesk.com/api/v2/tickets.json?page[size]=100&page[after]=zzz"}}"#),
        row(43, "STAC API", StacNext::new().total(body("/numberMatched")))
            .items("/features")
            .asks("POST https://h/search\ncontent-type: application/json\n\n{\"collections\":[\"s2\"],\"limit\":2}")
            .answer(r#"{"features":[1],"links":[{"rel":"self","href":"https://h/search"},{"rel":"next","href":"https://h/search","method":"POST","headers":{"x-search":"7"},"body":{"token":"t2"},"merge":true}]}"#)
            .asks("POST https://h/search\ncontent-type: application/json\nx-search: 7\n\n{\"collections\":[\"s2\"],\"limit\":2,\"token\":\"t2\"}")
            .answer(r#"{"features":[2],"links":[{"rel":"next","href":"/search","method":"POST","body":{"token":"t3"}}]}"#)
            .asks("POST https://h/search\ncontent-type: application/json\n\n{\"token\":\"t3\"}")
            .answer(r#"{"features":[3],"links":[{"rel":"next","href":"https://h/search?token=t4"}]}"#)
            .asks("GET https://h/search?token=t4")
            .answer(r#"{"features":[4],"links":[{"rel":"self","href":"https://h/search"}]}"#),
        row(44, "FHIR", NextUrl::in_links("/link", ("/relation", "next"), "/url").total(body("/total")))
            .items("/entry")
            .tells(50)
            .asks("GET https://h/fhir/Patient\naccept: application/fhir+json")
            .answer(r#"{"resourceType":"Bundle","total":50,"link":[{"relation":"self","url":"https://h/fhir/Patient"},{"relation":"next","url":"https://h/fhir?_getpages=a&_getpagesoffset=10"}],"entry":[1]}"#)
            .asks("GET https://h/fhir?_getpages=a&_getpagesoffset=10\naccept: application/fhir+json")
            .answer(r#"{"resourceType":"Bundle","total":50,"link":[{"relation":"self","url":"https://h/fhir?_getpages=a&_getpagesoffset=10"}],"entry":[2]}"#),
        row(45, "PayPal", NextUrl::in_links("/links", ("/rel", "next"), "/href"))
            .items("/items")
            .asks("GET https://h/v1/invoices?total_required=true")
            .answer(r#"{"total_pages":4,"items":[1],"links":[{"href":"https://h/v1/invoices?page=2","rel":"next","method":"GET"}]}"#)
            .asks("GET https://h/v1/invoices?page=2")
            .answer(r#"{"total_pages":4,"items":[2],"links":[]}"#),
        row(47, "a registry of packages", NextUrl::at("/meta/next_page").total(body("/meta/total")))
            .items("/crates")
            .tells(2)
            .asks("GET /api/v1/crates?page=1&per_page=10")
            .answer(r#"{"crates":[1],"meta":{"total":2,"next_page":"?page=2&per_page=10"}}"#)
            .asks("GET /api/v1/crates?page=2&per_page=10")
            .answer(r#"{"crates":[2],"meta":{"total":2,"next_page":null}}"#),
        row(59, "Honeycomb", NextUrl::at("/links/next"))
            .items("/data")
            .asks("GET /2/teams/t/api-keys?page[size]=20")
            .answer(r#"{"data":[1],"links":{"next":"/2/teams/t/api-keys?page[after]=eyx&page[size]=20"}}"#)
            .asks("GET /2/teams/t/api-keys?page[after]=eyx&page[size]=20")
            .answer(r#"{"data":[2],"links":{"next":null}}"#),
    ]
}
