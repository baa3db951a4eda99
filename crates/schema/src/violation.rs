use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use http::{HeaderValue, StatusCode};

use crate::json::Fault;
use crate::target::Target;

/// A body breaks its contract.
///
/// Displays what is expected and where, and never the value, which may be secret. Find it in a
/// [`BoxError`](outbound_http::BoxError) by `downcast_ref`.
#[derive(Clone)]
pub struct Violation {
    // Boxed, so that a `Result` that carries it stays one word wide.
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    instance: String,
    schema: String,
    keyword: Cow<'static, str>,
    expected: String,
    offset: Option<usize>,
    response: Option<About>,
}

/// The response that the body is of.
#[derive(Clone, Debug)]
struct About {
    status: StatusCode,
    content_type: Option<String>,
    url: String,
}

impl Violation {
    pub(crate) fn new(
        keyword: impl Into<Cow<'static, str>>,
        instance: String,
        schema: String,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            inner: Box::new(Inner {
                instance,
                schema,
                keyword: keyword.into(),
                expected: expected.into(),
                offset: None,
                response: None,
            }),
        }
    }

    /// A text that is no strict JSON.
    pub(crate) fn syntax(fault: &Fault) -> Self {
        let mut violation = Self::new("json", fault.pointer(), String::new(), fault.expected);
        violation.inner.offset = Some(fault.offset);
        violation
    }

    /// A head that promises no JSON.
    pub(crate) fn head(keyword: &'static str, expected: &'static str) -> Self {
        Self::new(keyword, String::new(), String::new(), expected)
    }

    /// Says which response it was.
    pub(crate) fn of(
        mut self,
        status: StatusCode,
        content_type: Option<&HeaderValue>,
        target: &Target,
    ) -> Self {
        self.inner.response = Some(About {
            status,
            content_type: content_type.map(|value| value.as_bytes().escape_ascii().to_string()),
            url: target.to_string(),
        });
        self
    }

    /// JSON Pointer (RFC 6901) to the value at fault; `""` is the whole body.
    ///
    /// It names keys of the body, in which control characters are escaped as in JSON. Where keys
    /// are data, such as mail addresses, treat it as such.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.inner.instance
    }

    /// The rule that is broken: a JSON Pointer into the schema, or the required pointer as it
    /// was written. Empty where the body is no JSON at all.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.inner.schema
    }

    /// The kind of rule: a keyword of JSON Schema, `required`, `type`, or one of `json`,
    /// `content-type`, `content-encoding`; or `schema`, of a body so deep, and a schema that
    /// branches so often and without end, that the place was not looked for.
    #[must_use]
    pub fn keyword(&self) -> &str {
        &self.inner.keyword
    }

    /// What should have been there.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.inner.expected
    }

    /// Where in the body it is, in bytes, where that is known.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        self.inner.offset
    }

    /// The response's status; `None` if a body was checked by itself.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.inner.response.as_ref().map(|about| about.status)
    }

    /// The response's content type, escaped where it is not ASCII.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.inner.response.as_ref()?.content_type.as_deref()
    }

    /// The request's URL, without user, query and fragment.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.inner.response.as_ref().map(|about| &*about.url)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        f.write_str("the body breaks its contract")?;
        if let Some(about) = &inner.response {
            write!(f, " ({}, {})", about.url, about.status.as_u16())?;
        }
        if inner.instance.is_empty() {
            f.write_str(" as a whole")?;
        } else {
            write!(f, " at {}", inner.instance)?;
        }
        if let Some(offset) = inner.offset {
            write!(f, ", byte {offset}")?;
        }
        write!(f, ": {}: expected {}", inner.keyword, inner.expected)?;
        if !inner.schema.is_empty() {
            write!(f, " (rule {})", inner.schema)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Violation")
            .field("instance", &self.inner.instance)
            .field("schema", &self.inner.schema)
            .field("keyword", &self.inner.keyword)
            .field("expected", &self.inner.expected)
            .field("offset", &self.inner.offset)
            .field("response", &self.inner.response)
            .finish()
    }
}

impl Error for Violation {}
