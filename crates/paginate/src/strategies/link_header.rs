use super::stop::Stop;
use crate::cursor::Cursor;
use crate::link::Link;
use crate::malformed::Malformed;
use crate::strategy::{Needs, Strategy, Total};
use crate::view::PageView;

/// Follows the `Link` header: GitHub, GitLab, Shopify, Okta, container registries.
///
/// All field lines are read by [RFC 8288](https://www.rfc-editor.org/rfc/rfc8288). The
/// list ends with the first page that has no such link; of several the first is taken, which
/// the feature `tracing` makes an event of if they lead to different pages.
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

impl LinkHeader {
    /// The links that lead on, in their order.
    fn links<'a>(&self, page: &PageView<'a>) -> impl Iterator<Item = Link<'a>> {
        page.links()
            .filter(|link| link.has_rel(&self.rel))
            .filter(|link| match &self.param {
                None => true,
                Some((name, value)) => link.param(name).is_some_and(|found| found == **value),
            })
    }
}

impl<B> Strategy<B> for LinkHeader {
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        let link = self.links(page).next();
        if !self.stop.goes_on(page, link.is_some())? {
            return Ok(None);
        }
        let Some(link) = link else { return Ok(None) };
        let next = page.resolve(link.target())?;
        #[cfg(feature = "tracing")]
        if self
            .links(page)
            .any(|link| !page.resolve(link.target()).is_ok_and(|other| other == next))
        {
            // Without the targets, which may hold a credential.
            tracing::warn!(
                rel = &*self.rel,
                page = page.index(),
                "a page links to several next pages; the first is followed"
            );
        }
        Ok(Some(next))
    }

    fn tag(&self) -> String {
        match &self.param {
            Some((name, value)) => format!("link {} {name}={value}", self.rel),
            None => format!("link {}", self.rel),
        }
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        self.stop.total(page)
    }

    fn needs(&self) -> Needs {
        self.stop.needs()
    }
}
