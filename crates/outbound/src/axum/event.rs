use std::fmt;
use std::iter::successors;

use http::StatusCode;

use crate::BoxError;

/// A call of another API failed, which is answered with `status`.
pub(super) fn failed(error: &BoxError, status: StatusCode) {
    tracing::warn!(
        http.response.status_code = status.as_u16(),
        error = %Chain(error),
        "a call of another API failed"
    );
}

/// An error and what it came from, on one line, without saying anything twice.
struct Chain<'a>(&'a BoxError);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.0.to_string();
        for cause in successors(self.0.source(), |&cause| cause.source()) {
            // It quotes what it could not read, which is somebody's data.
            if cause.is::<serde_json::Error>() {
                continue;
            }
            let text = cause.to_string();
            if !line.contains(&text) {
                line = line + ": " + &text;
            }
        }
        f.write_str(&line)
    }
}
