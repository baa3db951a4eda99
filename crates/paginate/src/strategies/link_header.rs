use super::stop::Stop;
use crate::cursor::Cursor;
use crate::strategy::{Malformed, Needs, Strategy, Total};
use crate::view::PageView;

/// Follows the `Link` header: GitHub, GitLab, Shopify, Okta, container registries.
///
/// All field lines are read by [RFC 8288](https://www.rfc-editor.org/rfc/rfc8288). The
/// list ends with the first page that has no such link; of several the first is taken.
///
/// ```
/// use outbound_paginate::LinkHeader;
///
/// let github = LinkHeader::next();
/// let guru = LinkHeader::next().rel("next-page");
/// // Always links a next page, and says in the link whether it holds anything.
/// let sentry = LinkHeader::next().param("results", "true");
/// # let _ = (github, guru, sentry);
/// ```
#[derive(Clone, Debug)]
pub struct LinkHeader {
    rel: Box<str>,
    param: Option<(Box<str>, Box<str>)>,
    stop: Stop,
}

impl LinkHeader {
    /// Follows `rel="next"`.
    #[must_use]
    pub fn next() -> Self {
        Self {
            rel: "next".into(),
            param: None,
            stop: Stop::default(),
        }
    }

    /// Follows another relation type.
    #[must_use]
    pub fn rel(self, rel: impl Into<Box<str>>) -> Self {
        Self {
            rel: rel.into(),
            ..self
        }
    }

    /// Follows only a link whose parameter `name` is `value`.
    #[must_use]
    pub fn param(self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        Self {
            param: Some((name.into(), value.into())),
            ..self
        }
    }
}

super::stop::flags!(LinkHeader);
super::stop::told_total!(LinkHeader);

impl<B> Strategy<B> for LinkHeader {
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        let link = page
            .links()
            .filter(|link| link.has_rel(&self.rel))
            .find(|link| match &self.param {
                None => true,
                Some((name, value)) => link.param(name).is_some_and(|found| found == **value),
            });
        if !self.stop.goes_on(page, link.is_some())? {
            return Ok(None);
        }
        link.map(|link| page.resolve(link.target())).transpose()
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        self.stop.total(page)
    }

    fn needs(&self) -> Needs {
        self.stop.needs()
    }
}
