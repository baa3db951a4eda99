//! The signing example, by what it prints: each attempt has a signature of its own, and none
//! fits another body.

#[path = "support/mod.rs"]
mod support;

#[test]
fn each_attempt_is_signed_anew_and_no_signature_serves_twice() {
    let run = support::program("sign").output().expect("it runs");
    let (told, errors) = (
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
    );
    assert!(run.status.success(), "{errors}");
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "server: a good signature, nonce 1: 503",
            "server: a good signature, nonce 2: 503",
            "server: a good signature, nonce 3: 200",
            "client: 200 OK",
            "server: a signature that was used before: 401",
            "server: a signature of something else: 401",
            "client: the credential is confined to https://api.example.com and the request goes to https://elsewhere.example; widen the scope by that origin, or mark the request NoAuth",
        ]
    );
}
