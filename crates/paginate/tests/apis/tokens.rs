//! Tokens in bodies, headers and last items.

use outbound_paginate::{
    Malformed, PageErrorKind, PageView, Pointer, Token, body, checked, header, json, last_item,
    later_body, merge_query, query, source_fn,
};

use crate::{Row, row};

/// What stands between two tags.
fn tag<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once("</")?.0)
}

/// The marker of a truncated list, and nothing where it says that it is whole.
fn truncated(name: &'static str) -> impl Fn(&PageView<'_>) -> Result<Option<String>, Malformed> {
    move |page| {
        let xml = String::from_utf8_lossy(page.rest());
        match tag(&xml, "IsTruncated") {
            Some("false") => Ok(None),
            Some("true") => match tag(&xml, name) {
                Some(marker) => Ok(Some(marker.to_owned())),
                None => Err(Malformed::new("truncated without a marker")),
            },
            _ => Err(Malformed::new("without IsTruncated")),
        }
    }
}

fn slack() -> Row {
    let ok = Pointer::try_from("/ok").unwrap();
    let cursor = Token::from(body("/response_metadata/next_cursor")).to(query("cursor"));
    let strategy = checked(cursor, move |page| match page.value(&ok)? {
        Some(ok) if ok.get() == "true" => Ok(()),
        _ => Err(Malformed::new("the answer says that it failed")),
    });
    row(28, "Slack", strategy)
        .asks("GET /api/users.list?limit=2")
        .answer(r#"{"ok":true,"members":[1,2],"response_metadata":{"next_cursor":"dXNlcjpVMEc5V0ZYTlo="}}"#)
        .asks("GET /api/users.list?limit=2&cursor=dXNlcjpVMEc5V0ZYTlo%3D")
}

/// Fails with 200, as GraphQL does, which would else be a last page.
fn graphql_that_failed() -> Row {
    let errors = Pointer::try_from("/errors").unwrap();
    let cursor = Token::from(body("/data/repo/issues/pageInfo/endCursor"))
        .to(json("/variables/after"))
        .more("/data/repo/issues/pageInfo/hasNextPage");
    let strategy = checked(cursor, move |page| match page.value(&errors)? {
        None => Ok(()),
        Some(_) => Err(Malformed::new("the answer says that it failed")),
    });
    row(39, "GraphQL, that failed", strategy)
        .asks("POST /graphql\ncontent-type: application/json\n\n{\"variables\":{}}")
        .answer(r#"{"data":{"repo":{"issues":{"nodes":[1],"pageInfo":{"hasNextPage":true,"endCursor":"Y3"}}}}}"#)
        .asks("POST /graphql\ncontent-type: application/json\n\n{\"variables\":{\"after\":\"Y3\"}}")
        .answer(r#"{"errors":[{"message":"API rate limit exceeded"}],"data":null}"#)
        .fails(PageErrorKind::Malformed)
}

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row(3, "GitLab, offset", Token::from(header("x-next-page")).to(query("page")).total(header("x-total")))
            .items("")
            .tells(240)
            .asks("GET /api/v4/users?page=1&per_page=100")
            .answer("x-page: 1\nx-next-page: 2\nx-per-page: 100\nx-total: 240\nx-total-pages: 2\n\n[1]")
            .asks("GET /api/v4/users?page=2&per_page=100")
            .answer("x-page: 2\nx-next-page:\nx-per-page: 100\nx-total: 240\nx-total-pages: 2\n\n[2]"),
        row(17, "Azure Cosmos DB", Token::from(header("x-ms-continuation")).to(header("x-ms-continuation")))
            .items("/Documents")
            .asks("POST /dbs/d/colls/c/docs\ncontent-type: application/query+json\n\n{\"query\":\"SELECT * FROM c\"}")
            .answer("x-ms-continuation: {\"token\":\"-RID:~\"}\n\n{\"Documents\":[1],\"_count\":1}")
            .asks("POST /dbs/d/colls/c/docs\ncontent-type: application/query+json\nx-ms-continuation: {\"token\":\"-RID:~\"}\n\n{\"query\":\"SELECT * FROM c\"}")
            .answer("{\"Documents\":[2],\"_count\":1}"),
        row(18, "Azure DevOps", Token::from(header("x-ms-continuationtoken")).to(query("continuationToken")))
            .items("/value")
            .asks("GET /org/_apis/x?api-version=7.1")
            .answer("x-ms-continuationtoken: 100\n\n{\"count\":100,\"value\":[1]}")
            .asks("GET /org/_apis/x?api-version=7.1&continuationToken=100")
            .answer("{\"count\":1,\"value\":[2]}"),
        row(19, "S3, list v2 (XML)", Token::from(source_fn(truncated("NextContinuationToken"))).to(query("continuation-token")))
            .asks("GET /?list-type=2&prefix=a")
            .answer("<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>1ue+x/=</NextContinuationToken></ListBucketResult>")
            .asks("GET /?list-type=2&prefix=a&continuation-token=1ue%2Bx%2F%3D")
            .answer("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"),
        row(20, "S3, list of parts (XML)", Token::from(source_fn(truncated("NextPartNumberMarker"))).to(query("part-number-marker")))
            .asks("GET /k?uploadId=u")
            .answer("<R><IsTruncated>true</IsTruncated><NextPartNumberMarker>1000</NextPartNumberMarker></R>")
            .asks("GET /k?uploadId=u&part-number-marker=1000")
            // Its marker is there on the last page too.
            .answer("<R><IsTruncated>false</IsTruncated><NextPartNumberMarker>0</NextPartNumberMarker></R>"),
        row(21, "DynamoDB", Token::from(body("/LastEvaluatedKey")).to(json("/ExclusiveStartKey")))
            .items("/Items")
            .asks("POST /\nx-amz-target: DynamoDB_20120810.Scan\ncontent-type: application/x-amz-json-1.0\n\n{\"TableName\":\"t\",\"Limit\":2}")
            .answer(r#"{"Items":[1,2],"Count":2,"LastEvaluatedKey":{"pk":{"S":"b"},"sk":{"N":"7"}}}"#)
            .asks("POST /\nx-amz-target: DynamoDB_20120810.Scan\ncontent-type: application/x-amz-json-1.0\n\n{\"TableName\":\"t\",\"Limit\":2,\"ExclusiveStartKey\":{\"pk\":{\"S\":\"b\"},\"sk\":{\"N\":\"7\"}}}")
            .answer(r#"{"Items":[],"Count":0}"#),
        row(22, "CloudWatch Logs", Token::from(body("/nextForwardToken")).to(json("/nextToken")))
            .items("/events")
            .on_repeat_end()
            .asks("POST /\ncontent-type: application/x-amz-json-1.1\n\n{\"logStreamName\":\"s\"}")
            .answer(r#"{"events":[1],"nextForwardToken":"f/1"}"#)
            .asks("POST /\ncontent-type: application/x-amz-json-1.1\n\n{\"logStreamName\":\"s\",\"nextToken\":\"f/1\"}")
            .answer(r#"{"events":[],"nextForwardToken":"f/1"}"#),
        row(23, "Google AIP-158", Token::from(body("/nextPageToken")).to(query("pageToken")).total(body("/totalSize").estimated()))
            .items("/books")
            .asks("GET /v1/books?pageSize=10")
            .answer(r#"{"books":[],"nextPageToken":"t1"}"#)
            .asks("GET /v1/books?pageSize=10&pageToken=t1")
            .answer(r#"{"books":[1],"nextPageToken":""}"#),
        row(24, "YouTube Data", Token::from(body("/nextPageToken")).to(query("pageToken")).total(body("/pageInfo/totalResults").estimated()))
            .items("/items")
            .tells(1_000_000)
            .asks("GET /youtube/v3/search?part=id")
            .answer(r#"{"nextPageToken":"CAUQAA","pageInfo":{"totalResults":1000000,"resultsPerPage":5},"items":[1]}"#)
            .asks("GET /youtube/v3/search?part=id&pageToken=CAUQAA")
            .answer(r#"{"prevPageToken":"CAUQAQ","pageInfo":{"totalResults":1000000,"resultsPerPage":5},"items":[2]}"#),
        row(25, "Kubernetes", Token::from(body("/metadata/continue")).to(query("continue")))
            .items("/items")
            .asks("GET /api/v1/pods?limit=500")
            .answer(r#"{"metadata":{"continue":"DEF","remainingItemCount":753,"resourceVersion":"10245"},"items":[1]}"#)
            .asks("GET /api/v1/pods?limit=500&continue=DEF")
            .answer(r#"{"metadata":{"continue":"","resourceVersion":"10245"},"items":[2]}"#),
        row(25, "Kubernetes, expired", Token::from(body("/metadata/continue")).to(query("continue")))
            .items("/items")
            .asks("GET /api/v1/pods?limit=500")
            .answer(r#"{"metadata":{"continue":"DEF"},"items":[1]}"#)
            .asks("GET /api/v1/pods?limit=500&continue=DEF")
            .answer("410\n\n{\"kind\":\"Status\",\"metadata\":{\"continue\":\"GHI\"},\"reason\":\"Expired\",\"code\":410}")
            .fails(PageErrorKind::Status),
        row(26, "Stripe, lists", Token::from(last_item("/id")).to(query("starting_after")).more("/has_more"))
            .items("/data")
            .asks("GET /v1/customers?limit=2")
            .answer(r#"{"object":"list","url":"/v1/customers","has_more":true,"data":[{"id":"cus_1"},{"id":"cus_2"}]}"#)
            .asks("GET /v1/customers?limit=2&starting_after=cus_2")
            .answer(r#"{"object":"list","url":"/v1/customers","has_more":false,"data":[{"id":"cus_3"}]}"#),
        row(27, "Stripe, search", Token::from(body("/next_page")).to(query("page")).more("/has_more").total(body("/total_count")))
            .items("/data")
            .asks("GET /v1/customers/search?query=q")
            .answer(r#"{"object":"search_result","data":[],"has_more":true,"next_page":"WzE="}"#)
            .asks("GET /v1/customers/search?query=q&page=WzE%3D")
            .answer(r#"{"object":"search_result","data":[1],"has_more":false,"next_page":null}"#),
        slack().answer(r#"{"ok":true,"members":[3],"response_metadata":{"next_cursor":""}}"#),
        slack()
            .answer(r#"{"ok":false,"error":"ratelimited"}"#)
            .fails(PageErrorKind::Malformed),
        graphql_that_failed(),
        row(29, "Notion", Token::from(body("/next_cursor")).to(json("/start_cursor")).more("/has_more"))
            .items("/results")
            .asks("POST /v1/databases/x/query\nnotion-version: 2022-06-28\ncontent-type: application/json\n\n{\"page_size\":2}")
            .answer(r#"{"object":"list","results":[1,2],"has_more":true,"next_cursor":"fe2cc560"}"#)
            .asks("POST /v1/databases/x/query\nnotion-version: 2022-06-28\ncontent-type: application/json\n\n{\"page_size\":2,\"start_cursor\":\"fe2cc560\"}")
            .answer(r#"{"object":"list","results":[3],"has_more":false,"next_cursor":null}"#),
        row(30, "HubSpot", Token::from(body("/paging/next/after")).to(json("/after")).total(body("/total")))
            .items("/results")
            .tells(3)
            .asks("POST /crm/v3/objects/contacts/search\ncontent-type: application/json\n\n{\"filterGroups\":[],\"limit\":2}")
            .answer(r#"{"total":3,"results":[1,2],"paging":{"next":{"after":"2"}}}"#)
            .asks("POST /crm/v3/objects/contacts/search\ncontent-type: application/json\n\n{\"filterGroups\":[],\"limit\":2,\"after\":\"2\"}")
            .answer(r#"{"total":3,"results":[3]}"#),
        row(33, "Jira, enhanced search", Token::from(body("/nextPageToken")).to(query("nextPageToken")).last("/isLast"))
            .items("/issues")
            .asks("GET /rest/api/3/search/jql?jql=x")
            .answer(r#"{"issues":[1],"nextPageToken":"CAE","isLast":false}"#)
            .asks("GET /rest/api/3/search/jql?jql=x&nextPageToken=CAE")
            .answer(r#"{"issues":[2],"isLast":true}"#),
        row(36, "X", Token::from(body("/meta/next_token")).to(query("pagination_token")))
            .items("/data")
            .asks("GET /2/users/1/tweets")
            .answer(r#"{"data":[1],"meta":{"result_count":10,"next_token":"7140"}}"#)
            .asks("GET /2/users/1/tweets?pagination_token=7140")
            .answer(r#"{"data":[2],"meta":{"result_count":1}}"#),
        row(
            37,
            "Elasticsearch, search_after",
            Token::from(last_item("/sort"))
                .to(json("/search_after"))
                .and(body("/pit_id"), json("/pit/id"))
                .total(body("/hits/total/value")),
        )
        .items("/hits/hits")
        .tells(9)
        .asks("POST /_search\ncontent-type: application/json\n\n{\"size\":2,\"sort\":[{\"_shard_doc\":\"desc\"}],\"pit\":{\"id\":\"46To\",\"keep_alive\":\"1m\"}}")
        .answer(r#"{"pit_id":"46Tp","hits":{"total":{"value":9},"hits":[{"sort":[1]},{"sort":[175296]}]}}"#)
        .asks("POST /_search\ncontent-type: application/json\n\n{\"size\":2,\"sort\":[{\"_shard_doc\":\"desc\"}],\"pit\":{\"id\":\"46Tp\",\"keep_alive\":\"1m\"},\"search_after\":[175296]}")
        // The id of the point in time changes with each page.
        .answer(r#"{"pit_id":"46Tq","hits":{"total":{"value":9},"hits":[{"sort":[9007199254740993]}]}}"#)
        .asks("POST /_search\ncontent-type: application/json\n\n{\"size\":2,\"sort\":[{\"_shard_doc\":\"desc\"}],\"pit\":{\"id\":\"46Tq\",\"keep_alive\":\"1m\"},\"search_after\":[9007199254740993]}")
        .answer(r#"{"pit_id":"46Tr","hits":{"total":{"value":9},"hits":[]}}"#),
        row(
            38,
            "Elasticsearch, scroll",
            later_body(
                Token::from(body("/_scroll_id"))
                    .to(json("/scroll_id"))
                    .later_at("/_search/scroll")
                    .end_on_empty_page(),
                r#"{"scroll":"1m"}"#,
            ),
        )
        .items("/hits/hits")
        .layer(|layer| layer.on_repeat(outbound_paginate::OnRepeat::Allow))
        .asks("POST /i/_search?scroll=1m\ncontent-type: application/json\n\n{\"size\":2}")
        .answer(r#"{"_scroll_id":"D","hits":{"hits":[1,2]}}"#)
        .asks("POST /_search/scroll\ncontent-type: application/json\n\n{\"scroll\":\"1m\",\"scroll_id\":\"D\"}")
        .answer(r#"{"_scroll_id":"D","hits":{"hits":[3]}}"#)
        .asks("POST /_search/scroll\ncontent-type: application/json\n\n{\"scroll\":\"1m\",\"scroll_id\":\"D\"}")
        .answer(r#"{"_scroll_id":"D","hits":{"hits":[]}}"#),
        row(
            39,
            "GraphQL, Relay",
            Token::from(body("/data/repo/issues/pageInfo/endCursor"))
                .to(json("/variables/after"))
                .more("/data/repo/issues/pageInfo/hasNextPage"),
        )
        .items("/data/repo/issues/nodes")
        .asks("POST /graphql\ncontent-type: application/json\n\n{\"query\":\"…\",\"variables\":{\"after\":null}}")
        .answer(r#"{"data":{"repo":{"issues":{"nodes":[1],"pageInfo":{"hasNextPage":true,"endCursor":"Y3"}}}}}"#)
        .asks("POST /graphql\ncontent-type: application/json\n\n{\"query\":\"…\",\"variables\":{\"after\":\"Y3\"}}")
        .answer(r#"{"data":{"repo":{"issues":{"nodes":[2],"pageInfo":{"hasNextPage":false,"endCursor":"Y4"}}}}}"#),
        row(40, "MediaWiki", Token::from(body("/continue")).to(merge_query()))
            .items("/query/categorymembers")
            .asks("GET /w/api.php?action=query&list=categorymembers&cmtitle=X")
            .answer(r#"{"batchcomplete":true,"continue":{"cmcontinue":"page|41|1","continue":"-||"},"query":{"categorymembers":[1]}}"#)
            .asks("GET /w/api.php?action=query&list=categorymembers&cmtitle=X&cmcontinue=page%7C41%7C1&continue=-%7C%7C")
            .answer(r#"{"batchcomplete":true,"query":{"categorymembers":[2]}}"#),
        row(48, "Facebook Graph", Token::from(body("/paging/cursors/after")).to(query("after")).more_if_present("/paging/next"))
            .items("/data")
            .asks("GET https://graph.facebook.com/v19.0/me/feed?limit=25")
            .answer(r#"{"data":[1],"paging":{"cursors":{"before":"a","after":"MTAx"},"next":"https://graph.facebook.com/v19.0/me/feed?limit=25&access_token=SECRET&after=MTAx"}}"#)
            .asks("GET https://graph.facebook.com/v19.0/me/feed?limit=25&after=MTAx")
            // The last page has a cursor, and no next URL.
            .answer(r#"{"data":[2],"paging":{"cursors":{"before":"b","after":"MTAy"}}}"#),
        row(49, "Reddit", Token::from(body("/data/after")).to(query("after")))
            .items("/data/children")
            .asks("GET /r/rust/new.json")
            .answer(r#"{"data":{"after":"t3_abc","children":[1]}}"#)
            .asks("GET /r/rust/new.json?after=t3_abc")
            .answer(r#"{"data":{"after":null,"children":[2]}}"#),
        row(50, "Discord", Token::from(last_item("/id")).to(query("before")))
            .items("")
            .asks("GET /channels/1/messages?limit=100")
            .answer(r#"[{"id":"11"},{"id":"2"}]"#)
            .asks("GET /channels/1/messages?limit=100&before=2")
            .answer("[]"),
        row(51, "OpenAI", Token::from(body("/next")).to(query("after")).more("/has_more"))
            .items("/data")
            .asks("GET /v1/organization/groups?limit=2")
            .answer(r#"{"object":"list","data":[],"has_more":true,"next":"grp_x"}"#)
            .asks("GET /v1/organization/groups?limit=2&after=grp_x")
            .answer(r#"{"object":"list","data":[1],"has_more":false,"next":null}"#),
        row(52, "MCP", Token::from(body("/result/nextCursor")).to(json("/params/cursor")).empty_is_a_token())
            .items("/result/tools")
            .asks("POST /mcp\ncontent-type: application/json\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}")
            .answer(r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[1],"nextCursor":""}}"#)
            .asks("POST /mcp\ncontent-type: application/json\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":\"\"}}")
            .answer(r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[2]}}"#),
        row(53, "Plaid", Token::from(body("/next_cursor")).to(json("/cursor")).more("/has_more"))
            .items("/added")
            .asks("POST /transactions/sync\ncontent-type: application/json\n\n{\"access_token\":\"a\",\"cursor\":\"c0\"}")
            .answer(r#"{"added":[1],"next_cursor":"c1","has_more":true}"#)
            .asks("POST /transactions/sync\ncontent-type: application/json\n\n{\"access_token\":\"a\",\"cursor\":\"c1\"}")
            .answer(r#"{"added":[2],"next_cursor":"c2","has_more":false}"#),
        row(53, "Plaid, of a list that has changed", Token::from(body("/next_cursor")).to(json("/cursor")).more("/has_more"))
            .items("/added")
            .asks("POST /transactions/sync\ncontent-type: application/json\n\n{\"access_token\":\"a\",\"cursor\":\"c0\"}")
            .answer(r#"{"added":[1],"next_cursor":"c1","has_more":true}"#)
            .asks("POST /transactions/sync\ncontent-type: application/json\n\n{\"access_token\":\"a\",\"cursor\":\"c1\"}")
            .answer("400\n\n{\"error_code\":\"TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION\"}")
            .fails(PageErrorKind::Status),
        row(54, "Iceberg REST", Token::from(body("/next-page-token")).to(query("pageToken")))
            .items("/namespaces")
            .asks("GET /v1/namespaces?pageToken=")
            .answer(r#"{"namespaces":[["a"]],"next-page-token":"p2"}"#)
            .asks("GET /v1/namespaces?pageToken=p2")
            .answer(r#"{"namespaces":[["b"]],"next-page-token":null}"#),
        row(55, "Algolia, browse", Token::from(body("/cursor")).to(json("/cursor")).total(body("/nbHits")))
            .items("/hits")
            .tells(2)
            .asks("POST /1/indexes/i/browse\ncontent-type: application/json\n\n{}")
            .answer(r#"{"hits":[1],"cursor":"AhZ","nbHits":2}"#)
            .asks("POST /1/indexes/i/browse\ncontent-type: application/json\n\n{\"cursor\":\"AhZ\"}")
            .answer(r#"{"hits":[2],"nbHits":2}"#),
        row(56, "Airtable", Token::from(body("/offset")).to(query("offset")))
            .items("/records")
            .asks("GET /v0/app/T?pageSize=100")
            .answer(r#"{"records":[1],"offset":"itrX/recY"}"#)
            .asks("GET /v0/app/T?pageSize=100&offset=itrX%2FrecY")
            .answer(r#"{"records":[2]}"#),
        row(57, "Intercom", Token::from(body("/pages/next/starting_after")).to(json("/pagination/starting_after")).total(body("/total_count")))
            .items("/data")
            .tells(2)
            .asks("POST /contacts/search\ncontent-type: application/json\n\n{\"query\":{},\"pagination\":{\"per_page\":5}}")
            .answer(r#"{"data":[1],"pages":{"next":{"page":2,"starting_after":"W1"}},"total_count":2}"#)
            .asks("POST /contacts/search\ncontent-type: application/json\n\n{\"query\":{},\"pagination\":{\"per_page\":5,\"starting_after\":\"W1\"}}")
            .answer(r#"{"data":[2],"pages":{"next":null},"total_count":2}"#),
        row(58, "Datadog", Token::from(body("/meta/page/after")).to(query("page[cursor]")))
            .items("/data")
            .asks("GET /api/v2/logs/events?page[limit]=2")
            .answer(r#"{"data":[1],"meta":{"page":{"after":"eyJ"}}}"#)
            .asks("GET /api/v2/logs/events?page[limit]=2&page[cursor]=eyJ")
            .answer(r#"{"data":[2],"meta":{}}"#),
    ]
}
