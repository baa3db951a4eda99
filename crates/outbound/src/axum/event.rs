use std::error::Error;
use std::fmt;
use std::iter::successors;

use http::StatusCode;
use serde_json::error::Category;

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
        let first: &(dyn Error + 'static) = &**self.0;
        let mut line = words(first);
        for cause in successors(first.source(), |&cause| cause.source()) {
            let text = words(cause);
            if !line.contains(&text) {
                line = line + ": " + &text;
            }
        }
        f.write_str(&line)
    }
}

/// What an error says; of one of serde's only where it was, since it quotes what it could not read,
/// which is somebody's data.
fn words(error: &(dyn Error + 'static)) -> String {
    let Some(json) = error.downcast_ref::<serde_json::Error>() else {
        return error.to_string();
    };
    let what = match json.classify() {
        Category::Data => "the JSON has another form",
        Category::Syntax | Category::Eof => "it is not JSON",
        Category::Io => "it could not be read",
    };
    format!("{what}, at line {}, column {}", json.line(), json.column())
}
