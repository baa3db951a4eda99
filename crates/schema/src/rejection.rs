use std::fmt::Write;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::finding::Finding;
use crate::{Side, Violation};

/// A message that a server does not let pass, and the status that says so.
///
/// | | status |
/// |--|--|
/// | a request that is no JSON | 400 |
/// | one without a route, where [that is refused](crate::Routes::unmatched) | 404 |
/// | one that is larger than [the limit](crate::ValidateLayer::limit) | 413 |
/// | one with another content type, charset or encoding | 415 |
/// | one that breaks its contract | 422 |
/// | a response that is or does any of this | 500, or 502 of a [gateway](crate::ValidateLayer::gateway) |
#[derive(Clone, Debug)]
pub struct Rejection {
    side: Side,
    status: StatusCode,
    violation: Violation,
}

impl Rejection {
    pub(crate) fn of_request(violation: Violation) -> Self {
        let status = match violation.keyword() {
            Finding::SYNTAX => StatusCode::BAD_REQUEST,
            "route" => StatusCode::NOT_FOUND,
            "size" => StatusCode::PAYLOAD_TOO_LARGE,
            "content-type" | "content-encoding" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self {
            side: Side::Request,
            status,
            violation,
        }
    }

    pub(crate) const fn of_response(violation: Violation, is_gateway: bool) -> Self {
        Self {
            side: Side::Response,
            status: if is_gateway {
                StatusCode::BAD_GATEWAY
            } else {
                StatusCode::INTERNAL_SERVER_ERROR
            },
            violation,
        }
    }

    /// Which message it is.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// The status that suits it.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong with it.
    #[must_use]
    pub const fn violation(&self) -> &Violation {
        &self.violation
    }

    pub(crate) fn into_violation(self) -> Violation {
        self.violation
    }

    /// A problem as RFC 9457 describes it, `application/problem+json`.
    ///
    /// Of a request it says in `errors` what is expected and where: a JSON Pointer as the
    /// fragment of a URI, as in the RFC's example. Of a response it says nothing but that: what
    /// is wrong with it is the server's business and not its client's.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use http_body_util::{BodyExt, Full};
    /// use outbound_schema::{Contract, Rejection, ValidateLayer, ValidatedBody};
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), outbound_http::BoxError> {
    /// let server = service_fn(async |_: Request<ValidatedBody<Full<Bytes>>>| {
    ///     Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::new())))
    /// });
    /// let request = Request::post("/users")
    ///     .header("content-type", "application/json")
    ///     .body(Full::new(Bytes::from(r#"{"age":"secret"}"#)))?;
    /// let response = ValidateLayer::requests(Contract::required(["/age: integer"])?)
    ///     .reject_with(Rejection::problem)
    ///     .layer(server)
    ///     .oneshot(request)
    ///     .await?;
    ///
    /// assert_eq!(response.status(), 422);
    /// assert_eq!(
    ///     response.into_body().collect().await?.to_bytes(),
    ///     r##"{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"the request body breaks its contract","errors":[{"pointer":"#/age","keyword":"type","detail":"expected integer"}]}"##,
    /// );
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn problem(&self) -> Response<Bytes> {
        // Written by hand for the order of its members, which a map would lose.
        let mut text = format!(
            r#"{{"type":"about:blank","title":{},"status":{},"detail":{}"#,
            Value::from(self.status.canonical_reason().unwrap_or_default()),
            self.status.as_u16(),
            Value::from(self.detail()),
        );
        if self.side == Side::Request {
            let all = std::iter::once(&self.violation).chain(self.violation.further());
            let errors: Vec<_> = all.map(error).collect();
            let _ = write!(text, r#","errors":[{}]"#, errors.join(","));
        }
        text.push('}');
        let mut response = Response::new(Bytes::from(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(CONTENT_TYPE, problem);
        // RFC 9110, section 15.5.16: what would have been supported.
        if self.status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            if self.violation.keyword() == "content-encoding" {
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            } else {
                headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
            }
        }
        response
    }

    const fn detail(&self) -> &'static str {
        match self.side {
            Side::Request => "the request body breaks its contract",
            Side::Response => "the response was withheld, for it breaks its contract",
        }
    }
}

fn error(violation: &Violation) -> String {
    format!(
        r#"{{"pointer":{},"keyword":{},"detail":{}}}"#,
        json!(fragment(violation.pointer())),
        json!(violation.keyword()),
        json!(format!("expected {}", violation.expected())),
    )
}

/// A JSON Pointer as the fragment of a URI (RFC 6901, section 6).
fn fragment(pointer: &str) -> String {
    let mut text = String::from("#");
    for byte in pointer.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'/' | b'?' | b':' | b'@' => text.push(char::from(byte)),
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => {
                text.push(char::from(byte));
            }
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
    text
}
