use std::fmt::Write;

use bytes::Bytes;
use http::StatusCode;

/// The head of a response.
#[derive(Clone, Debug)]
pub(super) struct Head {
    status: StatusCode,
    headers: Vec<(String, String)>,
}

impl Head {
    pub(super) fn new(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Adds the length of the body, unless the head already says where the body ends, or the
    /// status that there is none.
    pub(super) fn add_length(&mut self, length: usize) {
        let bodiless = self.status.is_informational()
            || matches!(
                self.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        if !bodiless && !self.has("content-length") && !self.has("transfer-encoding") {
            self.add("content-length", &length.to_string());
        }
    }

    /// As it goes over the wire; `closes` announces that nothing follows the response.
    pub(super) fn to_bytes(&self, closes: bool) -> Bytes {
        let reason = self.status.canonical_reason().unwrap_or_default();
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", self.status.as_u16());
        for (name, value) in &self.headers {
            // Writing to a string does not fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if closes && !self.has("connection") {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        head.into()
    }

    fn has(&self, name: &str) -> bool {
        let mut names = self.headers.iter().map(|(name, _)| name);
        names.any(|given| given.eq_ignore_ascii_case(name))
    }
}
