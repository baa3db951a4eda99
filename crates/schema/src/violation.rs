use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use http::{HeaderValue, StatusCode};

use crate::finding::{self, Finding};
use crate::pointer::escape;
use crate::target::Target;

/// Most bytes of what was expected that are told: a contract may list long texts.
const LONGEST_EXPECTED: usize = 1_000;

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
    /// The same without the escapes of control characters, where there are any.
    pointer: Option<String>,
    schema: String,
    keyword: Cow<'static, str>,
    expected: Cow<'static, str>,
    offset: Option<usize>,
    excerpt: Option<String>,
    further: Vec<Violation>,
    message: Option<About>,
}

/// Which of two messages a body is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // HTTP has no third.
pub enum Side {
    /// A request's.
    Request,
    /// A response's.
    Response,
}

/// The message that the body is of.
#[derive(Clone, Debug)]
struct About {
    side: Side,
    status: Option<StatusCode>,
    content_type: Option<String>,
    url: String,
}

impl Violation {
    /// Of what was found in `body`, with at most `excerpt` bytes of the value, if any.
    pub(crate) fn new(finding: Finding, body: &[u8], excerpt: Option<usize>) -> Self {
        let pointer = finding::instance(&finding.path, excerpt);
        let instance = escape(&pointer);
        Self {
            inner: Box::new(Inner {
                pointer: (pointer != instance).then_some(pointer),
                instance,
                schema: finding.schema,
                keyword: finding.keyword,
                expected: if finding.expected.len() > LONGEST_EXPECTED {
                    finding::cut(&finding.expected, LONGEST_EXPECTED).into()
                } else {
                    finding.expected
                },
                offset: finding.value.as_ref().map(|value| value.start),
                excerpt: excerpt
                    .zip(finding.value)
                    .and_then(|(most, value)| finding::excerpt(body, &value, most)),
                further: Vec::new(),
                message: None,
            }),
        }
    }

    /// The first of `findings`, with the others behind it; `None` if there are none.
    pub(crate) fn of_all(
        findings: Vec<Finding>,
        body: &[u8],
        excerpt: Option<usize>,
    ) -> Option<Self> {
        let mut all = findings
            .into_iter()
            .map(|finding| Self::new(finding, body, excerpt));
        let mut first = all.next()?;
        first.inner.further = all.collect();
        Some(first)
    }

    /// A head that promises no JSON, or more of it than is read.
    pub(crate) fn head(keyword: &'static str, expected: impl Into<Cow<'static, str>>) -> Self {
        let finding = Finding {
            keyword: keyword.into(),
            path: Vec::new(),
            schema: String::new(),
            expected: expected.into(),
            value: None,
        };
        Self::new(finding, &[], None)
    }

    /// A body that is not read to its end for its size.
    pub(crate) fn too_large(limit: usize) -> Self {
        Self::head("size", format!("at most {limit} bytes"))
    }

    /// Says which message it was: a response if it has a status.
    pub(crate) fn of(
        mut self,
        status: Option<StatusCode>,
        content_type: Option<&HeaderValue>,
        target: &Target,
    ) -> Self {
        self.inner.message = Some(About {
            side: match status {
                Some(_) => Side::Response,
                None => Side::Request,
            },
            status,
            content_type: content_type.map(|value| value.as_bytes().escape_ascii().to_string()),
            url: target.to_string(),
        });
        self
    }

    /// JSON Pointer (RFC 6901) to the value at fault; `""` is the whole body.
    ///
    /// A key that the contract does not spell is data, such as a mail address, and shows as `*`
    /// unless [excerpts](crate::Contract::excerpt) were asked for, which cut it. Control characters
    /// are escaped as in JSON.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.inner.instance
    }

    /// [`instance`](Self::instance) as RFC 6901 has it, with control characters as they are.
    pub(crate) fn pointer(&self) -> &str {
        self.inner.pointer.as_ref().unwrap_or(&self.inner.instance)
    }

    /// The rule that is broken: a JSON Pointer into the schema, or the required pointer as it
    /// was written. Empty where the body is no JSON at all.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.inner.schema
    }

    /// The kind of rule: a keyword of JSON Schema, `required` or `type`; `json` of a text that is
    /// none; `content-type`, `content-encoding`, `size` or `route` of a message whose body was not
    /// read; `schema` of a body for which the place was not looked for, because it is so deep and
    /// its schema branches so often and without end.
    #[must_use]
    pub fn keyword(&self) -> &str {
        &self.inner.keyword
    }

    /// What should have been there, as the contract says it, in at most 1000 bytes.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.inner.expected
    }

    /// Where in the body it is, in bytes, where that is known.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        self.inner.offset
    }

    /// The beginning of the value at fault, if [excerpts](crate::Contract::excerpt) were asked
    /// for and there is a value.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        self.inner.excerpt.as_deref()
    }

    /// What else is broken, as far as [it was looked for](crate::Contract::max_violations).
    #[must_use]
    pub fn further(&self) -> &[Self] {
        &self.inner.further
    }

    /// Whose body it is; `None` if a body was checked by itself.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        self.inner.message.as_ref().map(|about| about.side)
    }

    /// The response's status; `None` of a request, or if a body was checked by itself.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.inner.message.as_ref().and_then(|about| about.status)
    }

    /// The message's content type, escaped where it is not ASCII.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.inner.message.as_ref()?.content_type.as_deref()
    }

    /// The request's URL, without user, query and fragment, and with control characters escaped.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.inner.message.as_ref().map(|about| &*about.url)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        f.write_str("the body breaks its contract")?;
        if let Some(about) = &inner.message {
            match about.status {
                Some(status) => write!(f, " ({}, {})", about.url, status.as_u16())?,
                None => write!(f, " (request to {})", about.url)?,
            }
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
        if let Some(excerpt) = &inner.excerpt {
            write!(f, ", found {excerpt}")?;
        }
        if !inner.schema.is_empty() {
            write!(f, " (rule {})", inner.schema)?;
        }
        if !inner.further.is_empty() {
            write!(f, "; and {} more", inner.further.len())?;
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
            .field("excerpt", &self.inner.excerpt)
            .field("further", &self.inner.further)
            .field("message", &self.inner.message)
            .finish()
    }
}

impl Error for Violation {}
