//! Many small pages, for what each of them allocates: by each scheme the loop that one writes by
//! hand and the page stream.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use outbound::paginate::{
    LinkHeader, NextUrl, Offset, PageNumber, PaginateLayer, Strategy, Token, body, header, json,
    query,
};
use serde::Deserialize;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::uncounted;

/// How an API tells its next page, how it is asked for, and what the page stream allocates for each.
pub(crate) struct Scheme {
    pub(crate) name: &'static str,
    /// Two for the request's header map, two for its URL or one for its body, one for a token.
    pub(crate) exactly: u64,
    tell: Tell,
    strategy: Arc<dyn Strategy<Full<Bytes>> + Send + Sync>,
    follow: Follow,
}

/// What page `n` says of the one behind it: its link, and what stands beside its items.
type Tell = fn(u64) -> (Option<String>, String);

/// What a loop by hand makes of a page and the first request.
type Follow = fn(&mut Request<Full<Bytes>>, &Seen<'_>);

/// What a loop by hand has of a page.
struct Seen<'a> {
    headers: &'a HeaderMap,
    /// What the page says of the next.
    next: &'a str,
    number: u64,
    items: u64,
}

const EACH: u64 = 10;
const ITEMS: &str = r#"{"items":[1,2,3,4,5,6,7,8,9,10]"#;

fn set_url(request: &mut Request<Full<Bytes>>, url: String) {
    *request.uri_mut() = Uri::try_from(url).expect("a URL");
}

pub(crate) fn schemes() -> [Scheme; 7] {
    let tell_token: Tell = |n| (None, format!(r#","next":"token-{n}""#));
    let tell_nothing: Tell = |_| (None, r#","more":true"#.to_owned());
    [
        Scheme {
            name: "link",
            exactly: 4,
            tell: |n| {
                let link = format!("</list?page={n}>; rel=\"next\"");
                (Some(link), r#","more":true"#.to_owned())
            },
            strategy: Arc::new(LinkHeader::next()),
            follow: |request, page| {
                let link = page.headers["link"].to_str().expect("text");
                let target = link.trim_start_matches('<').split_once('>');
                let target = target.expect("a link").0;
                set_url(request, format!("https://api.test{target}"));
            },
        },
        Scheme {
            name: "url in the body",
            exactly: 4,
            tell: |n| (None, format!(r#","next":"/list?page={n}""#)),
            strategy: Arc::new(NextUrl::at("/next")),
            follow: |request, page| set_url(request, format!("https://api.test{}", page.next)),
        },
        Scheme {
            name: "token to the query",
            exactly: 5,
            tell: tell_token,
            strategy: Arc::new(Token::from(body("/next")).to(query("cursor"))),
            follow: |request, page| {
                // The page is gone when it is sent.
                let token = page.next.to_owned();
                set_url(request, format!("https://api.test/list?cursor={token}"));
            },
        },
        Scheme {
            name: "token to a header",
            exactly: 5,
            tell: tell_token,
            strategy: Arc::new(Token::from(body("/next")).to(header("x-cursor"))),
            follow: |request, page| {
                let token = page.next.to_owned();
                let value = HeaderValue::from_str(&token).expect("a header value");
                request.headers_mut().insert("x-cursor", value);
            },
        },
        Scheme {
            name: "token to the body",
            exactly: 4,
            tell: tell_token,
            strategy: Arc::new(Token::from(body("/next")).to(json("/cursor"))),
            follow: |request, page| {
                let token = page.next.to_owned();
                *request.body_mut() = format!(r#"{{"cursor":"{token}"}}"#).into();
            },
        },
        Scheme {
            name: "page number",
            exactly: 4,
            tell: tell_nothing,
            strategy: Arc::new(PageNumber::query("page")),
            follow: |request, page| {
                let number = page.number + 1;
                set_url(request, format!("https://api.test/list?page={number}"));
            },
        },
        Scheme {
            name: "offset and limit",
            exactly: 4,
            tell: tell_nothing,
            strategy: Arc::new(Offset::query("offset", "limit").by(EACH)),
            follow: |request, page| {
                let offset = page.number * page.items;
                let url = format!("https://api.test/list?offset={offset}&limit={}", page.items);
                set_url(request, url);
            },
        },
    ]
}

fn template() -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from_static("https://api.test/list");
    for (name, value) in [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("user-agent", "benches"),
    ] {
        let value = HeaderValue::from_static(value);
        request.headers_mut().insert(name, value);
    }
    request
}

impl Scheme {
    /// An API of so many pages, of which each is the only one of its kind; what it allocates is
    /// not counted.
    fn api(
        &self,
        pages: u64,
    ) -> impl Service<
        Request<Full<Bytes>>,
        Response = Response<Full<Bytes>>,
        Error = Infallible,
        Future: Send,
    > + Clone {
        let answers = uncounted(|| {
            let answer = |n| {
                let (link, beside) = match n {
                    n if n < pages => (self.tell)(n + 1),
                    _ => (None, String::new()),
                };
                let items = match n {
                    n if n > pages => r#"{"items":["#.to_owned() + "]",
                    n => ITEMS.replace("1,", &format!("{n},")),
                };
                let mut response = Response::new(Full::from(format!("{items}{beside}}}")));
                if let Some(link) = link {
                    let link = HeaderValue::try_from(link).expect("a header value");
                    response.headers_mut().insert("link", link);
                }
                response
            };
            let mut answers: Vec<_> = (1..=pages + 1).map(answer).collect();
            answers.reverse();
            Arc::new(Mutex::new(answers))
        });
        service_fn(move |_| {
            let answer = answers.lock().expect("no panic").pop();
            std::future::ready(Ok(answer.expect("there are no more pages")))
        })
    }

    /// What the loop by hand allocates for its requests and nothing else: what it makes of a page
    /// is its own business.
    pub(crate) async fn by_hand(&self, pages: u64) {
        #[derive(Deserialize)]
        struct Page<'a> {
            items: Vec<u64>,
            next: Option<&'a str>,
        }
        let mut api = self.api(pages);
        let first = template();
        let mut request = first.clone();
        for number in 1..=pages {
            let Ok(response) = api.call(request).await;
            let (head, body) = response.into_parts();
            let body = body.into_inner().expect("a body");
            let page: Page<'_> = uncounted(|| serde_json::from_slice(&body).expect("a page"));
            request = first.clone();
            if number < pages {
                let seen = Seen {
                    headers: &head.headers,
                    next: page.next.unwrap_or_default(),
                    number,
                    items: page.items.len() as u64,
                };
                (self.follow)(&mut request, &seen);
            }
        }
    }

    pub(crate) async fn items(&self, pages: u64) {
        let layer = PaginateLayer::new(Arc::clone(&self.strategy));
        let Ok(stream) = layer.layer(self.api(pages)).oneshot(template()).await;
        let mut items = pin!(stream.items::<u64>("/items"));
        let mut count = 0;
        while let Some(item) = items.next().await {
            item.expect("an item");
            count += 1;
        }
        assert_eq!(count, pages * EACH);
    }

    pub(crate) async fn whole(&self, pages: u64) {
        let layer = PaginateLayer::new(Arc::clone(&self.strategy)).items_at("/items");
        let Ok(stream) = layer.layer(self.api(pages)).oneshot(template()).await;
        let mut stream = pin!(stream);
        let mut count = 0;
        while let Some(page) = stream.next().await {
            count += u64::from(page.expect("a page").body.len() > ITEMS.len());
        }
        assert_eq!(count, pages);
    }
}
