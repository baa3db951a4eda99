//! Where static credentials come from, and which cannot be built.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use outbound_auth::{AuthLayer, InvalidAuth, StaticAuthLayer};
use tower::ServiceBuilder;

use self::support::{HOME, SECRET, api, credential, get, home, send};

#[test]
fn constructors_refuse_what_cannot_be_sent_and_do_not_repeat_it() {
    let header = |value: &str| AuthLayer::header(home(), "x-api-key", value);
    let refused: [Result<StaticAuthLayer, InvalidAuth>; 16] = [
        AuthLayer::bearer(home(), ""),
        AuthLayer::bearer(home(), "canary-s3cret\r\nX-Evil: 1"),
        AuthLayer::bearer(home(), "canary-s3cret\n"),
        AuthLayer::bearer(home(), "canary-s3cret\0"),
        AuthLayer::bearer(home(), "canary s3cret"),
        AuthLayer::bearer(home(), "canary-s3crét"),
        AuthLayer::basic(home(), "canary:s3cret", "password"),
        AuthLayer::basic(home(), "user", "canary-s3cret\n"),
        AuthLayer::basic(home(), "us\u{85}er", "canary-s3cret"),
        AuthLayer::basic(home(), "", ""),
        header(""),
        header(" canary-s3cret"),
        header("canary\rs3cret"),
        AuthLayer::header(home(), "canary s3cret", "value"),
        AuthLayer::query(home(), "", SECRET),
        AuthLayer::query(home(), "key", "canary-s3cret\n"),
    ];
    for (at, refused) in refused.into_iter().enumerate() {
        let error = refused.expect_err(&at.to_string());
        let text = format!("{error} {error:?}");
        assert!(!text.contains("s3c"), "{text}");
        assert_eq!(error.variable(), None);
    }
}

#[tokio::test]
async fn a_variable_is_read_into_each_kind_of_credential() {
    // Cargo sets this one for tests.
    const VARIABLE: &str = "CARGO_PKG_NAME";
    let (inner, sent) = api(|_| 200);
    let service = ServiceBuilder::new()
        .layer(AuthLayer::bearer_env(home(), VARIABLE).unwrap())
        .layer(AuthLayer::header_env(home(), "x-api-key", VARIABLE).unwrap())
        .layer(AuthLayer::query_env(home(), "key", VARIABLE).unwrap())
        .service(inner);
    send(&service, get(HOME)).await.unwrap();
    let request = &sent.all()[0];
    assert_eq!(credential(request).unwrap(), "Bearer outbound-auth");
    assert_eq!(request.headers()["x-api-key"], "outbound-auth");
    assert_eq!(request.uri().query(), Some("key=outbound-auth"));
    let error = AuthLayer::basic_env(home(), VARIABLE).unwrap_err();
    assert!(error.to_string().contains("user:password"), "{error}");
}

#[test]
fn a_missing_variable_is_named() {
    const VARIABLE: &str = "OUTBOUND_NO_SUCH_VARIABLE";
    for error in [
        AuthLayer::bearer_env(home(), VARIABLE).unwrap_err(),
        AuthLayer::basic_env(home(), VARIABLE).unwrap_err(),
        AuthLayer::header_env(home(), "x-api-key", VARIABLE).unwrap_err(),
        AuthLayer::query_env(home(), "key", VARIABLE).unwrap_err(),
    ] {
        assert_eq!(error.variable(), Some(VARIABLE));
        assert!(error.to_string().contains(VARIABLE), "{error}");
        assert!(error.to_string().contains("not set"), "{error}");
    }
}

/// Runs itself again with the variable set: setting one's own is unsafe.
#[test]
fn a_malformed_variable_is_named_and_its_value_is_not() {
    const VARIABLE: &str = "OUTBOUND_TEST_MALFORMED";
    if std::env::var_os(VARIABLE).is_some() {
        for error in [
            AuthLayer::bearer_env(home(), VARIABLE).unwrap_err(),
            AuthLayer::basic_env(home(), VARIABLE).unwrap_err(),
            AuthLayer::header_env(home(), "x-api-key", VARIABLE).unwrap_err(),
            AuthLayer::query_env(home(), "key", VARIABLE).unwrap_err(),
        ] {
            println!("refused: {error} {error:?}");
        }
        return;
    }
    for value in ["", "canary:s3cret\n", "canary:s3cret\r\nX-Evil: 1"] {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "a_malformed_variable_is_named_and_its_value_is_not",
            ])
            .arg("--nocapture")
            .env(VARIABLE, value)
            .output()
            .unwrap();
        let said = String::from_utf8(child.stdout).unwrap();
        assert!(child.status.success(), "{said}");
        assert_eq!(said.matches("refused: ").count(), 4, "{said}");
        assert!(said.contains(VARIABLE), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

/// A file that holds `text`, for as long as it lives.
struct Secret(std::path::PathBuf);

impl Secret {
    fn of(name: &str, text: &[u8]) -> Self {
        let name = format!("outbound-auth-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_file_is_read_into_each_kind_of_credential_without_what_surrounds_it() {
    let pair = Secret::of("pair", "\u{feff}user:canary-s3cret \r\n".as_bytes());
    let (inner, sent) = api(|_| 200);
    let service = ServiceBuilder::new()
        .layer(AuthLayer::basic_file(home(), &pair.0).unwrap())
        .layer(AuthLayer::bearer_file(home(), &pair.0).unwrap().proxy())
        .layer(AuthLayer::header_file(home(), "x-api-key", &pair.0).unwrap())
        .layer(AuthLayer::query_file(home(), "key", &pair.0).unwrap())
        .service(inner);
    send(&service, get(HOME)).await.unwrap();
    let request = &sent.all()[0];
    let headers = request.headers();
    assert_eq!(headers["authorization"], "Basic dXNlcjpjYW5hcnktczNjcmV0");
    assert_eq!(headers["proxy-authorization"], "Bearer user:canary-s3cret");
    assert_eq!(headers["x-api-key"], "user:canary-s3cret");
    assert_eq!(headers.len(), 3);
    assert_eq!(request.uri().query(), Some("key=user%3Acanary-s3cret"));
}

#[test]
fn a_file_that_is_missing_or_malformed_is_named_and_its_content_is_not() {
    let malformed = Secret::of("malformed", b"canary\ns3cret");
    let not_text = Secret::of("not-text", b"canary-s3cret\xff");
    let empty = Secret::of("empty", b" \n");
    let missing = malformed.0.with_extension("missing");
    for path in [&malformed.0, &not_text.0, &empty.0, &missing] {
        for error in [
            AuthLayer::bearer_file(home(), path).unwrap_err(),
            AuthLayer::basic_file(home(), path).unwrap_err(),
            AuthLayer::header_file(home(), "x-api-key", path).unwrap_err(),
            AuthLayer::query_file(home(), "key", path).unwrap_err(),
        ] {
            let text = format!("{error} {error:?}");
            assert_eq!((error.file(), error.variable()), (Some(&**path), None));
            assert!(
                error.to_string().contains(&path.display().to_string()),
                "{text}"
            );
            assert!(!text.contains("s3c"), "{text}");
        }
    }
}
