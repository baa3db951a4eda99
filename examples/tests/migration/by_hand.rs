//! A loop that somebody wrote.

use std::time::Duration;

use http::HeaderMap;
use outbound::BoxError;
use test_support::{Act, FaultyServer};
use tokio::time::sleep;

use super::User;

async fn users(
    client: &reqwest::Client,
    first: String,
    token: &str,
) -> Result<Vec<User>, BoxError> {
    let mut users = Vec::new();
    // before
    let mut url = Some(first);
    while let Some(at) = url {
        let mut tries = 0;
        let response = loop {
            let response = client.get(&at).bearer_auth(token).send().await?;
            if response.status() != 429 || tries == 3 {
                break response.error_for_status()?;
            }
            tries += 1;
            sleep(Duration::from_secs(1 << tries)).await;
        };
        url = next_link(response.headers());
        users.extend(response.json::<Vec<User>>().await?);
    }
    // end
    Ok(users)
}

fn next_link(headers: &HeaderMap) -> Option<String> {
    let link = headers.get("link")?.to_str().ok()?;
    let (url, rest) = link.strip_prefix('<')?.split_once('>')?;
    rest.contains("next").then(|| url.to_owned())
}

#[tokio::test]
async fn it_works() -> Result<(), BoxError> {
    let last = FaultyServer::start([[Act::ok(r#"[{"id":2}]"#)]]).await;
    let next = format!("<{}>; rel=\"next\"", last.url("/users"));
    let first = Act::ok(r#"[{"id":1}]"#).header("link", &next);
    let first = FaultyServer::start([[first]]).await;
    let client = reqwest::Client::new();
    let users = users(&client, first.url("/users"), "token").await?;
    assert_eq!(users, [User { id: 1 }, User { id: 2 }]);
    // As the guide says of it: the token goes wherever a page points.
    let sent = last.requests();
    assert_eq!(sent[0].header("authorization"), Some("Bearer token"));
    Ok(())
}
