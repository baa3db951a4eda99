//! octocrab over the standard stack: five pages of issues, a rate limit, a comment sent twice.
//! cargo run --example octocrab --features octocrab

use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use octocrab::{AuthState, OctoBody, OctocrabBuilder, Page};
use outbound::auth::{AuthLayer, Scope};
use outbound::retry::RetryLayer;
use outbound::{BoxError, standard};
use serde_json::{Value, json};

use crate::replay::OctoReplay;

#[path = "octocrab/api.rs"]
mod api;
#[path = "octocrab/replay.rs"]
mod replay;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let origin = outbound_examples::serve(api::router()).await?;
    let transport = Hyper::builder(TokioExecutor::new())
        .retry_canceled_requests(false)
        .build_http::<OctoBody>();
    // octocrab wants response bodies that are `Send + Sync`; those that `standard()` collects are.
    let stack = standard()
        .base_url(&origin)?
        .retry(RetryLayer::new().replay(OctoReplay))
        .auth(AuthLayer::bearer(Scope::origin(&origin)?, "a-token")?.strict())
        .service(transport);
    let octocrab = OctocrabBuilder::new_empty()
        .with_service(stack)
        // The credential is the stack's: it goes to `origin` and nowhere else.
        .with_auth(AuthState::None)
        .build()?;

    let mut next = Some("/repos/octo/demo/issues?per_page=3".parse()?);
    let (mut pages, mut issues) = (0, 0);
    while let Some(page) = octocrab.get_page::<Value>(&next).await? {
        let page: Page<Value> = page;
        pages += 1;
        issues += page.items.len();
        next = page.next;
    }
    println!("{issues} issues on {pages} pages");

    let comment = json!({"body": "works for me"});
    let made: Value = octocrab
        .post("/repos/octo/demo/issues/1/comments", Some(&comment))
        .await?;
    println!("commented: {}", made["body"]);
    Ok(())
}
