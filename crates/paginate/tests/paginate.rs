//! Pages: what a user may rely on.

mod support;

use outbound_paginate::{
    End, LinkHeader, NextUrl, NoNext, Offset, OnRepeat, OriginPolicy, Page, PageErrorKind,
    PageNumber, PaginateLayer, Token, body, header, last_item, query,
};
use support::{all, api, get, json, linked, pages};

fn bodies(pages: &[Page]) -> Vec<&str> {
    pages
        .iter()
        .map(|page| std::str::from_utf8(&page.body).unwrap())
        .collect()
}

#[tokio::test]
async fn links_are_followed_to_the_last_page() {
    let api = api(|uri, _| match uri {
        "https://api.test/a" => linked("1", "</a?page=2>; rel=\"next\", </a?page=9>; rel=\"last\""),
        "https://api.test/a?page=2" => linked("2", "<https://API.test:443/a?page=3>; rel=next"),
        _ => linked("3", "</a>; rel=first"),
    });
    let (pages, error) = all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await).await;
    assert!(error.is_none());
    assert_eq!(bodies(&pages), ["1", "2", "3"]);
    assert_eq!(
        pages.iter().map(|page| page.index).collect::<Vec<_>>(),
        [0, 1, 2]
    );
    assert_eq!(
        api.paths(),
        ["/a", "/a?page=2", "https://API.test:443/a?page=3"]
    );
}

#[tokio::test]
async fn one_page_is_one_request() {
    let api = api(|_, _| linked("{}", "</a?page=2>; rel=next"));
    let (pages, error) = all(pages(&api, PaginateLayer::new(NoNext), "/a").await).await;
    assert!(error.is_none());
    assert_eq!((pages.len(), api.requests()), (1, 1));
}
