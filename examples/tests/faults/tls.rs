//! Certificates. `SSL_CERT_FILE` stands for the system's roots.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outbound::BoxError;
use tokio::runtime::Runtime;

#[path = "../../hyper_rustls/server.rs"]
mod server;

use crate::support::{Run, run_with};

/// Drains an https server with a certificate of its own, where this or another one is trusted.
fn drained(trusted: bool) -> Result<Run, BoxError> {
    let runtime = Runtime::new()?;
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let origin = runtime.block_on(server::serve(&certified))?;
    let root = if trusted { &certified } else { &other };
    let path = std::env::temp_dir().join(format!("fetch-{trusted}-{}.pem", std::process::id()));
    let root = STANDARD.encode(root.cert.der());
    std::fs::write(
        &path,
        format!("-----BEGIN CERTIFICATE-----\n{root}\n-----END CERTIFICATE-----\n"),
    )?;
    let roots = path.to_str().ok_or("a path")?;
    let variables = [("SSL_CERT_FILE", roots), ("TOKEN", "a-token")];
    let run = run_with(
        &variables,
        &[&format!("{origin}/names"), "--bearer-env", "TOKEN"],
    );
    std::fs::remove_file(&path)?;
    Ok(run)
}

#[test]
fn a_certificate_that_is_not_trusted_is_not_tried_again() -> Result<(), BoxError> {
    let run = drained(false)?;
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    let end = "; check the URL, or have its certificate trusted by this system\n";
    assert!(run.stderr.ends_with(end), "{}", run.stderr);
    run.assert_counts([("requests", 1), ("retries", 0)]);
    Ok(())
}

#[test]
fn behind_one_that_is_trusted_a_server_that_is_busy_is_tried_again() -> Result<(), BoxError> {
    let run = drained(true)?;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.lines, [r#"{"names":["Ada"]}"#]);
    run.assert_counts([("requests", 2), ("retries", 1)]);
    Ok(())
}
