//! What other validators get wrong.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use outbound_schema::{Contract, Mode, ValidateLayer, Violation};
use test_support::{Body, Scripted, Step, Strict, send};
use tower::{Layer, ServiceBuilder};

fn get() -> Request<Full<Bytes>> {
    Request::get("https://h/").body(Full::default()).unwrap()
}

/// A layer that only reports, and how often it did.
fn reporting(contract: Contract) -> (ValidateLayer, Arc<AtomicUsize>) {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let layer = ValidateLayer::new(contract)
        .mode(Mode::Report)
        .on_violation(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
    (layer, told)
}

#[tokio::test]
async fn a_report_tells_of_an_empty_body_that_nobody_reads() {
    let (layer, told) = reporting(Contract::any());
    let api = Scripted::new([Step::ok("").body_with(Body::empty())]);
    let body = send(&mut layer.layer(api), get())
        .await
        .unwrap()
        .into_body();
    assert!(body.is_end_stream());
    assert_eq!(told.load(Ordering::Relaxed), 1);
    assert!(body.collect().await.unwrap().to_bytes().is_empty());
    assert_eq!(told.load(Ordering::Relaxed), 1, "told once");
}

#[tokio::test]
async fn a_report_does_not_check_what_is_over_the_limit_or_was_not_read_to_its_end() {
    for (limit, frames, expected) in [(2, 2, 0), (3, 1, 0), (3, 2, 1)] {
        let (layer, told) = reporting(Contract::any());
        let api = Scripted::new([Step::ok("").body_with(Body::chunks(["[1", ","]))]);
        let mut client = layer.limit(limit).layer(api);
        let mut body = send(&mut client, get()).await.unwrap().into_body();
        for _ in 0..frames {
            assert!(body.frame().await.unwrap().is_ok());
        }
        if frames == 2 {
            assert!(body.frame().await.is_none());
        }
        drop(body);
        assert_eq!(told.load(Ordering::Relaxed), expected, "{limit} {frames}");
    }
}

#[tokio::test]
async fn an_encoded_body_is_read_with_decompression_beneath_and_refused_without() {
    let mut encoder = GzEncoder::new();
    encoder.write_all(br#"{"id":1}"#).unwrap();
    let zipped = encoder.finish();
    let api = || Scripted::new([Step::ok(zipped.clone()).header("content-encoding", "gzip")]);
    let layer = ValidateLayer::new(Contract::required(["/id: integer"]).unwrap());

    let mut client = ServiceBuilder::new()
        .layer(layer.clone())
        .layer(tower_http::decompression::DecompressionLayer::new())
        .service(api());
    let body = send(&mut client, get()).await.unwrap().into_body();
    assert_eq!(body.collect().await.unwrap().to_bytes(), r#"{"id":1}"#);

    let error = send(&mut layer.layer(api()), get())
        .await
        .map(|_| ())
        .unwrap_err();
    let violation = error.downcast_ref::<Violation>().unwrap();
    assert_eq!(violation.keyword(), "content-encoding");
    assert!(
        violation
            .to_string()
            .contains("decompression layer beneath")
    );
}

/// A gzip member of one stored block, written by hand (RFC 1952, RFC 1951 section 3.2.4).
struct GzEncoder(Vec<u8>);

impl GzEncoder {
    const fn new() -> Self {
        Self(Vec::new())
    }

    fn finish(self) -> Vec<u8> {
        let length = u16::try_from(self.0.len()).unwrap();
        let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
        gzip.extend(length.to_le_bytes());
        gzip.extend((!length).to_le_bytes());
        gzip.extend(&self.0);
        gzip.extend(crc32(&self.0).to_le_bytes());
        gzip.extend(u32::from(length).to_le_bytes());
        gzip
    }
}

impl Write for GzEncoder {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(!0, byte)
}

#[tokio::test(start_paused = true)]
async fn a_timeout_beneath_and_a_shed_call_keep_their_own_errors() {
    let slow = Scripted::new([Step::ok("[1]").delay(Duration::from_secs(9))]);
    let mut client = ServiceBuilder::new()
        .layer(ValidateLayer::new(Contract::any()))
        .timeout(Duration::from_secs(1))
        .service(Strict::with(slow));
    let error = send(&mut client, get()).await.map(|_| ()).unwrap_err();
    assert!(error.is::<tower::timeout::error::Elapsed>(), "{error}");

    let stalled = Scripted::new([Step::ok("[1]").delay(Duration::from_secs(9))]);
    let mut client = ServiceBuilder::new()
        .layer(ValidateLayer::new(Contract::any()))
        .load_shed()
        .concurrency_limit(1)
        .service(Strict::with(stalled));
    let mut other = client.clone();
    let mut first = tokio_test::task::spawn(send(&mut client, get()));
    tokio_test::assert_pending!(first.poll());
    let error = send(&mut other, get()).await.map(|_| ()).unwrap_err();
    assert!(error.is::<tower::load_shed::error::Overloaded>(), "{error}");
    assert!(first.await.is_ok());
}

mod json_schema {
    use outbound_schema::{Draft, SchemaOptions};

    use super::*;

    fn is_met(schema: &str, text: &str) -> bool {
        let contract = Contract::schema(schema).unwrap();
        contract.check(text.as_bytes()).is_ok()
    }

    #[test]
    fn numbers_are_compared_exactly() {
        let most = r#"{"maximum":9007199254740992}"#;
        assert!(is_met(most, "9007199254740992"));
        assert!(!is_met(most, "9007199254740993"));
        assert!(is_met(r#"{"multipleOf":0.01}"#, "19.99"));
        assert!(!is_met(r#"{"multipleOf":0.01}"#, "19.995"));
        for integer in ["1.0", "1e2", "1234567890123456789012345678901234567890"] {
            assert!(is_met(r#"{"type":"integer"}"#, integer), "{integer}");
        }
        assert!(!is_met(r#"{"type":"integer"}"#, "1.5"));
    }

    #[test]
    fn a_string_is_as_long_as_it_has_code_points() {
        let one = r#"{"minLength":1,"maxLength":1}"#;
        assert!(is_met(one, "\"\u{1f600}\""));
        assert!(is_met(one, r#""\ud83d\ude00""#));
        assert!(!is_met(one, "\"e\u{301}\""));
    }

    #[test]
    fn a_registered_document_without_a_draft_is_of_that_of_the_options() {
        let options = SchemaOptions::new().draft(Draft::V4).document(
            "https://schemas.test/below",
            r#"{"maximum":1,"exclusiveMaximum":true}"#,
        );
        let schema = r#"{"$ref":"https://schemas.test/below"}"#;
        let contract = Contract::schema_with(schema, &options).unwrap();
        assert!(contract.check(b"0").is_ok());
        assert!(contract.check(b"1").is_err());
    }

    #[test]
    fn a_contract_that_cannot_be_built_names_the_place() {
        let error = Contract::schema(r#"{"properties":{"a":{"minimum":"1"}}}"#).unwrap_err();
        assert_eq!(error.pointer(), "/properties/a/minimum");
        for unknown in [
            r#"{"$schema":"https://schemas.test/of-my-own"}"#,
            r##"{"$ref":"#/$defs/missing"}"##,
            r#"{"pattern":"("}"#,
            r#"{"pattern":"^(?:[a-z]{1,1000}-?){1,1000}$"}"#,
        ] {
            assert!(Contract::schema(unknown).is_err(), "{unknown}");
        }
    }
}
