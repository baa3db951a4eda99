use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// A page lacks what its strategy needs, or a cursor cannot be sent.
#[derive(Debug)]
pub struct Malformed {
    message: Cow<'static, str>,
    json: Option<serde_json::Error>,
    refuses: bool,
}

impl Malformed {
    /// Says what is missing or wrong, without content of the page.
    #[must_use]
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
            json: None,
            refuses: false,
        }
    }

    pub(crate) fn not_json(error: serde_json::Error) -> Self {
        Self {
            message: "the page is not valid JSON".into(),
            json: Some(error),
            refuses: false,
        }
    }

    pub(crate) fn empty(error: serde_json::Error) -> Self {
        Self {
            message:
                "the page is empty, and by its status it should not be; if the API means the end \
                      of the list by that, say so with allow_empty"
                    .into(),
            json: Some(error),
            refuses: false,
        }
    }

    /// The same, of an answer that is no page of the list at all.
    pub(crate) fn refusing(self) -> Self {
        Self {
            refuses: true,
            ..self
        }
    }

    /// Whether the answer is no page of the list.
    pub(crate) const fn refuses(&self) -> bool {
        self.refuses
    }

    /// Whether the body could not even be read as JSON.
    pub(crate) const fn json(&self) -> Option<&serde_json::Error> {
        self.json.as_ref()
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Malformed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.json.as_ref().map(|error| error as _)
    }
}
