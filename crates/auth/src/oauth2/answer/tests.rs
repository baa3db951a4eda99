use http::StatusCode;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn answer(status: u16, kind: &str, body: &str) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, kind.parse().unwrap());
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        body: body.to_owned().into(),
    }
}

fn read_json(status: u16, body: &Value) -> Result<Grant, OAuthError> {
    let answer = answer(status, "application/json", &body.to_string());
    read(&answer, Expected::of_oauth(None), |text| {
        text.contains("canary")
    })
}

#[test]
fn expires_in_is_understood_in_every_odd_form() {
    let seconds = |seconds| Some(Duration::from_secs_f64(seconds));
    for (form, expected) in [
        ("3600", seconds(3600.0)),
        ("3600.5", seconds(3600.5)),
        ("\"3600\"", seconds(3600.0)),
        ("\" 3600.0 \"", seconds(3600.0)),
        ("0", Some(Duration::ZERO)),
        ("-1", Some(Duration::ZERO)),
        ("\"-1\"", Some(Duration::ZERO)),
        ("1e30", Some(MAX_LIFETIME)),
        ("18446744073709551615", Some(MAX_LIFETIME)),
        ("\"inf\"", Some(MAX_LIFETIME)),
        ("\"nan\"", None),
        ("null", None),
        ("\"\"", None),
        ("\"soon\"", None),
        ("true", None),
        ("[]", None),
    ] {
        let value: Value = serde_json::from_str(form).unwrap();
        assert_eq!(lifetime(&value), expected, "{form}");
    }
}

#[test]
fn a_number_beyond_all_numbers_is_no_number_and_the_token_is_good() {
    let assumed = Some(Duration::from_secs(300));
    for field in ["expires_in", "created_at"] {
        let body = format!(r#"{{"access_token":"a","{field}":1e400}}"#);
        let answer = answer(200, "application/json", &body);
        let grant = read(&answer, Expected::of_oauth(assumed), |_| false);
        let token = grant.map_err(|error| error.to_string()).unwrap().token;
        assert_eq!(token.lifetime(), assumed, "{field}");
    }
}

#[test]
fn an_error_that_says_nothing_is_none_beside_a_token() {
    for nothing in [
        json!(null),
        json!(false),
        json!(""),
        json!(0),
        json!([]),
        json!({}),
    ] {
        let body = json!({ "access_token": "a", "error": nothing });
        assert!(read_json(200, &body).is_ok(), "{body}");
        let error = read_json(200, &json!({ "error": nothing })).err().unwrap();
        assert!(error.to_string().contains("no access_token"), "{error}");
        assert!(read_json(400, &body).is_err(), "{body}");
    }
    for something in [
        json!(true),
        json!(1),
        json!("x"),
        json!({ "code": 1 }),
        json!(["x"]),
    ] {
        let body = json!({ "access_token": "a", "error": something });
        assert!(read_json(200, &body).is_err(), "{body}");
    }
}

#[test]
fn a_missing_life_is_the_one_that_is_assumed_and_a_told_one_is_not() {
    let life = |body: &Value, assumed| {
        let answer = answer(200, "application/json", &body.to_string());
        read(&answer, Expected::of_oauth(assumed), |_| false)
            .map_err(drop)
            .unwrap()
            .token
            .lifetime()
    };
    let assumed = Some(Duration::from_secs(300));
    assert_eq!(life(&json!({ "access_token": "a" }), None), None);
    assert_eq!(life(&json!({ "access_token": "a" }), assumed), assumed);
    assert_eq!(
        life(&json!({ "access_token": "a", "expires_in": 7 }), assumed),
        Some(Duration::from_secs(7))
    );
}

#[test]
fn an_error_is_one_with_status_200_too() {
    for (status, body, code) in [
        (
            400,
            json!({ "error": "invalid_grant" }),
            Some("invalid_grant"),
        ),
        (
            200,
            json!({ "error": "bad_verification_code" }),
            Some("bad_verification_code"),
        ),
        (
            200,
            json!({ "ok": false, "error": "invalid_auth" }),
            Some("invalid_auth"),
        ),
        (200, json!({ "error": "x", "access_token": "a" }), Some("x")),
        (200, json!({ "error": { "code": 1 } }), None),
        (401, json!({}), None),
        (500, json!([]), None),
    ] {
        let error = read_json(status, &body).err().unwrap();
        assert_eq!(error.code(), code, "{body}");
        assert_eq!(error.status().unwrap().as_u16(), status);
    }
}

#[test]
fn what_is_no_token_answer_is_an_error_that_says_so() {
    for (body, fault) in [
        (json!({ "access_token": "" }), "no access_token"),
        (json!({ "access_token": 1 }), "no access_token"),
        (
            json!({ "access_token": "a", "token_type": "mac" }),
            "another type",
        ),
        (json!("canary"), "no JSON object"),
    ] {
        let error = read_json(200, &body).err().unwrap();
        assert!(error.to_string().contains(fault), "{error}");
        assert!(!format!("{error:?}{error}").contains("canary"));
    }
    for kind in ["bearer", "Bearer", "BEARER"] {
        assert!(read_json(200, &json!({ "access_token": "a", "token_type": kind })).is_ok());
    }
}

#[test]
fn an_answer_may_be_a_form() {
    let body = "access_token=a%2Bb&expires_in=60&refresh_token=r&token_type=bearer\n";
    for kind in [
        "application/x-www-form-urlencoded; charset=utf-8",
        "text/plain",
    ] {
        let grant = read(&answer(200, kind, body), Expected::of_oauth(None), |_| {
            false
        })
        .map_err(drop)
        .unwrap();
        assert_eq!(grant.token.expose_secret(), "a+b");
        assert_eq!(grant.token.lifetime(), Some(Duration::from_secs(60)));
        assert_eq!(grant.refresh_token.as_deref(), Some("r"));
    }
    let json = answer(200, "text/plain", " {\"access_token\": \"a\"}");
    assert!(read(&json, Expected::of_oauth(None), |_| false).is_ok());
    let error = answer(
        200,
        "application/x-www-form-urlencoded",
        "error=invalid_grant",
    );
    assert_eq!(
        read(&error, Expected::of_oauth(None), |_| false)
            .err()
            .unwrap()
            .code(),
        Some("invalid_grant")
    );
}

#[test]
fn a_secret_that_the_server_repeats_is_not_kept() {
    let body = json!({ "error": "canary", "error_description": "the secret canary is wrong" });
    let error = read_json(401, &body).err().unwrap();
    assert_eq!((error.code(), error.description()), (None, None));
    let body = json!({ "error": "invalid_client", "error_description": "unknown\nclient" });
    let error = read_json(401, &body).err().unwrap();
    assert_eq!(error.description(), Some("unknown client"));
    let shown = format!("{error} {error:?}");
    assert!(
        shown.contains("invalid_client") && !shown.contains("unknown"),
        "{shown}"
    );
}

#[test]
fn what_passes_is_told_from_what_lasts_by_the_status_first() {
    for (status, code, permanent) in [
        (400, "invalid_grant", true),
        (401, "invalid_client", true),
        (200, "invalid_auth", true),
        (429, "invalid_grant", false),
        (503, "invalid_client", false),
        (400, "slow_down", false),
        (400, "temporarily_unavailable", false),
    ] {
        let error = read_json(status, &json!({ "error": code })).err().unwrap();
        assert_eq!(error.is_permanent(), permanent, "{status} {code}");
    }
}

#[test]
fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
    let after = |value: &str, date: Option<&str>| {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        headers.extend(date.map(|date| (DATE, date.parse().unwrap())));
        retry_after(&headers)
    };
    let now = Some("Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(after("120", None), Some(Duration::from_secs(120)));
    assert_eq!(
        after("99999999999999999999", None),
        Some(Duration::from_secs(u64::MAX))
    );
    assert_eq!(
        after("Sun, 06 Nov 1994 08:50:37 GMT", now),
        Some(Duration::from_secs(60))
    );
    assert_eq!(after("Sun, 06 Nov 1994 08:50:37 GMT", None), None);
    for junk in ["", "-1", "1.5", "soon"] {
        assert_eq!(after(junk, now), None, "{junk}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_and_none_without_a_token_passes(
        status in 200_u16..600,
        form: bool,
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[{}\\[\\]\",:a-z0-9=&%+]{0,80}".prop_map(String::into_bytes),
            "\\{\"(access_token|error|expires_in)\":[^}]{0,40}\\}".prop_map(String::into_bytes),
        ],
    ) {
        let kind = if form { "application/x-www-form-urlencoded" } else { "application/json" };
        let mut answer = answer(status, kind, "");
        answer.body = body.clone().into();
        if let Ok(grant) = read(&answer, Expected::of_oauth(None), |_| false) {
            prop_assert!(answer.status.is_success());
            prop_assert!(!grant.token.expose_secret().is_empty());
            let text = String::from_utf8_lossy(&body);
            prop_assert!(text.contains("access_token"), "{}", text);
        }
    }

    #[test]
    fn a_life_is_never_more_than_its_limit_whatever_the_number(number: f64, text in "\\PC{0,12}") {
        for value in [json!(number), json!(number.to_string()), json!(text)] {
            if let Some(life) = lifetime(&value) {
                prop_assert!(life <= MAX_LIFETIME);
            }
        }
    }
}
