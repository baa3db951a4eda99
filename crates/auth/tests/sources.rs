//! Tokens from files that change, and from the environment.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outbound_auth::{AuthLayer, EnvSource, FileSource, Reason, TokenSource, Tokens};
use support::{HOME, SECRET, api, credentials, get, home, send};
use tower::Layer;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("outbound-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn secret(source: &impl TokenSource, why: Reason) -> Result<String, String> {
    match source.fetch(why).await {
        Ok(token) => Ok(token.expose_secret().to_owned()),
        Err(error) => Err(format!("{error} {error:?}")),
    }
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_link_that_is_pointed_elsewhere_is_seen_within_the_period() {
    let folder = Folder::new("swap");
    // As Kubernetes mounts secrets: the file is a link through a folder that is swapped.
    for version in ["one", "two"] {
        fs::create_dir(folder.file(version)).unwrap();
        fs::write(folder.file(version).join("token"), format!("{version}\n")).unwrap();
    }
    let swap = |version: &str| {
        let new = folder.file("..new");
        std::os::unix::fs::symlink(folder.file(version), &new).unwrap();
        fs::rename(new, folder.file("..data")).unwrap();
    };
    swap("one");
    std::os::unix::fs::symlink(folder.file("..data").join("token"), folder.file("token")).unwrap();

    let (api, sent) = api(|_| 200);
    let source = FileSource::new(folder.file("token")).every(Duration::from_secs(10));
    let tokens = Tokens::new(source);
    let service = AuthLayer::bearer_from(home(), tokens).layer(api);
    send(&service, get(HOME)).await.unwrap();
    swap("two");
    send(&service, get(HOME)).await.unwrap();
    tokio::time::advance(Duration::from_secs(11)).await;
    send(&service, get(HOME)).await.unwrap();
    let bearer = |token: &str| Some(format!("Bearer {token}"));
    assert_eq!(
        credentials(&sent),
        [bearer("one"), bearer("one"), bearer("two")]
    );
}

#[tokio::test]
async fn a_token_that_was_refused_is_read_again_at_once() {
    let folder = Folder::new("refused");
    let path = folder.file("token");
    fs::write(&path, "old").unwrap();
    let good = Arc::new(Mutex::new("old"));
    let now = Arc::clone(&good);
    let (api, sent) = api(move |request| {
        let wanted = format!("Bearer {}", now.lock().unwrap());
        let known = request.headers()["authorization"] == wanted;
        if known { 200 } else { 401 }
    });
    let tokens = Tokens::new(FileSource::new(&path));
    let service = AuthLayer::bearer_from(home(), tokens.clone()).replay();
    let service = service.layer(api);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    fs::write(&path, "new\r\n").unwrap();
    *good.lock().unwrap() = "new";
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    assert_eq!((sent.len(), tokens.fetches()), (3, 2));
}

#[tokio::test]
async fn the_last_good_token_is_kept_unless_it_was_refused() {
    let folder = Folder::new("gone");
    let path = folder.file("token");
    let source = FileSource::new(&path);
    let error = secret(&source, Reason::Missing).await.unwrap_err();
    assert!(error.contains("cannot be read"), "{error}");

    fs::write(&path, SECRET).unwrap();
    assert_eq!(
        secret(&source, Reason::Missing).await.as_deref(),
        Ok(SECRET)
    );
    fs::remove_file(&path).unwrap();
    assert_eq!(secret(&source, Reason::Stale).await.as_deref(), Ok(SECRET));
    fs::write(&path, "\n").unwrap();
    assert_eq!(secret(&source, Reason::Stale).await.as_deref(), Ok(SECRET));
    let error = secret(&source, Reason::Rejected).await.unwrap_err();
    assert!(error.contains("is empty"), "{error}");
    assert!(!format!("{error} {source:?}").contains(SECRET));

    fs::write(&path, "next").unwrap();
    assert_eq!(
        secret(&source, Reason::Rejected).await.as_deref(),
        Ok("next")
    );
}

#[tokio::test]
async fn a_missing_variable_is_named_and_a_value_is_not() {
    // A variable that cargo sets; none is changed, since tests run side by side.
    let token = secret(&EnvSource::new("CARGO_PKG_NAME"), Reason::Missing).await;
    assert_eq!(token.as_deref(), Ok("outbound-auth"));
    let error = secret(&EnvSource::new("OUTBOUND_NO_SUCH"), Reason::Missing)
        .await
        .unwrap_err();
    assert!(
        error.contains("OUTBOUND_NO_SUCH") && error.contains("not set"),
        "{error}"
    );
}
