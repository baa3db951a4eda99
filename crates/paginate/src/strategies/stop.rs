use super::source::Source;
use crate::malformed::Malformed;
use crate::pointer::Pointer;
use crate::strategy::{Needs, Total};
use crate::view::PageView;

/// What a page says of the end and of the whole, besides the cursor itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop {
    more: Option<Pointer>,
    last: Option<Pointer>,
    present: Option<Pointer>,
    total: Option<Source>,
    /// A page without a configured flag is no error.
    optional: bool,
    /// Flags may be strings and numbers.
    text: bool,
}

impl Stop {
    pub(super) fn more(&mut self, pointer: Pointer) {
        self.more = Some(pointer);
    }

    pub(super) fn last(&mut self, pointer: Pointer) {
        self.last = Some(pointer);
    }

    pub(super) fn more_if_present(&mut self, pointer: Pointer) {
        self.present = Some(pointer);
    }

    pub(super) const fn flags_may_be_missing(&mut self) {
        self.optional = true;
    }

    pub(super) const fn flags_may_be_text(&mut self) {
        self.text = true;
    }

    pub(super) fn set_total(&mut self, total: Source) {
        self.total = Some(total);
    }

    /// The total, unless it is to be exact and the page's own items exceed it, as the 0 of those
    /// that do not count.
    pub(super) fn total(&self, page: &PageView<'_>) -> Option<Total> {
        let total = self.total.as_ref()?.total(page)?;
        (!total.exact || page.items().unwrap_or(0) <= total.n).then_some(total)
    }

    /// The total, if the server means it exactly: an estimate ends no list.
    pub(super) fn exact_total(&self, page: &PageView<'_>) -> Option<u64> {
        let total = self.total(page).filter(|total| total.exact)?;
        Some(total.n)
    }

    /// What a strategy needs whose cursor is in the head.
    pub(super) const fn needs(&self) -> Needs {
        let flagged = self.more.is_some() || self.last.is_some() || self.present.is_some();
        if flagged {
            Needs::NONE
        } else {
            Needs::NONE.head_only()
        }
    }

    /// Whether there is a page after `page`, of which a cursor was found or not.
    ///
    /// A flag that says stop wins over a cursor; a flag that says more without a cursor
    /// is an error, since to end there would lose pages.
    pub(super) fn goes_on(&self, page: &PageView<'_>, cursor: bool) -> Result<bool, Malformed> {
        match self.says_more(page)? {
            Some(false) => Ok(false),
            Some(true) if !cursor => Err(Malformed::new(
                "the page says that there is more but does not say where",
            )),
            _ => Ok(cursor),
        }
    }

    /// Whether the flags say that `page` is the last one.
    pub(super) fn says_stop(&self, page: &PageView<'_>) -> Result<bool, Malformed> {
        Ok(self.says_more(page)? == Some(false))
    }

    /// What the flags of a counted page say of further ones: `empty` is one without items, where
    /// the list ends unless it says that there is more. A page that is to be without a body says
    /// nothing, and any other that is without one is none.
    pub(super) fn counted(
        &self,
        page: &PageView<'_>,
        empty: bool,
    ) -> Result<Option<bool>, Malformed> {
        if page.said()?.is_none() {
            return Ok(None);
        }
        match self.says_more(page)? {
            Some(true) if empty => Err(Malformed::new(
                "the page says that there is more and has no items, so that it is not known where",
            )),
            says => Ok(says),
        }
    }

    /// What the flags say, if there are flags.
    fn says_more(&self, page: &PageView<'_>) -> Result<Option<bool>, Malformed> {
        let flag = |pointer: &Option<Pointer>| match pointer {
            Some(pointer) => self.flag(page, pointer),
            None => Ok(None),
        };
        let more = flag(&self.more)?;
        let last = flag(&self.last)?.map(|last| !last);
        let present = match &self.present {
            Some(pointer) => Some(
                page.value(pointer)?
                    .is_some_and(|value| !matches!(value.get(), "null" | "\"\"")),
            ),
            None => None,
        };
        let said = [more, last, present];
        Ok(if said.contains(&Some(false)) {
            Some(false)
        } else {
            said.contains(&Some(true)).then_some(true)
        })
    }

    fn flag(&self, page: &PageView<'_>, pointer: &Pointer) -> Result<Option<bool>, Malformed> {
        let Some(value) = page.value(pointer)? else {
            return if self.optional {
                Ok(None)
            } else {
                Err(Malformed::new(format!("the page has no {pointer}")))
            };
        };
        match value.get() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            "null" if self.optional => Ok(None),
            "1" | "\"1\"" if self.text => Ok(Some(true)),
            "0" | "\"0\"" | "\"\"" if self.text => Ok(Some(false)),
            text if self.text && text.eq_ignore_ascii_case("\"true\"") => Ok(Some(true)),
            text if self.text && text.eq_ignore_ascii_case("\"false\"") => Ok(Some(false)),
            _ => Err(Malformed::new(format!(
                "{pointer} is neither true nor false"
            ))),
        }
    }
}

/// A number of pages, if the server means it exactly; none beside items is none, as with
/// [totals](Stop::total).
pub(super) fn exact_pages(source: &Source, page: &PageView<'_>) -> Option<u64> {
    let pages = source.total(page).filter(|pages| pages.exact)?;
    (pages.n > 0 || page.items().unwrap_or(0) == 0).then_some(pages.n)
}

/// The builder methods of every strategy that has a `stop`.
macro_rules! flags {
    ($strategy:ident $(<$t:ident>)?) => {
        impl$(<$t>)? $strategy$(<$t>)? {
            /// Ends the list where the boolean at `pointer` is false.
            ///
            /// A page without it is malformed, unless
            /// [flags may be missing](Self::flags_may_be_missing).
            ///
            /// # Panics
            ///
            /// `pointer` is a text that is no JSON Pointer.
            #[must_use]
            pub fn more<P>(mut self, pointer: P) -> Self
            where
                P: TryInto<$crate::Pointer>,
                P::Error: std::fmt::Display,
            {
                self.stop.more($crate::Pointer::expect(pointer));
                self
            }

            /// Ends the list where the boolean at `pointer` is true.
            ///
            /// A page without it is malformed, unless
            /// [flags may be missing](Self::flags_may_be_missing).
            ///
            /// # Panics
            ///
            /// `pointer` is a text that is no JSON Pointer.
            #[must_use]
            pub fn last<P>(mut self, pointer: P) -> Self
            where
                P: TryInto<$crate::Pointer>,
                P::Error: std::fmt::Display,
            {
                self.stop.last($crate::Pointer::expect(pointer));
                self
            }

            /// Ends the list where there is nothing at `pointer`, or null, or an empty
            /// string, whatever else the page says.
            ///
            /// # Panics
            ///
            /// `pointer` is a text that is no JSON Pointer.
            #[must_use]
            pub fn more_if_present<P>(mut self, pointer: P) -> Self
            where
                P: TryInto<$crate::Pointer>,
                P::Error: std::fmt::Display,
            {
                self.stop.more_if_present($crate::Pointer::expect(pointer));
                self
            }

            /// Takes a page without a configured flag, or with null for it, for one that
            /// does not tell, instead of for a malformed one.
            #[must_use]
            pub const fn flags_may_be_missing(mut self) -> Self {
                self.stop.flags_may_be_missing();
                self
            }

            /// Reads the strings `true`, `false`, `1`, `0` and the empty string, and the
            /// numbers 1 and 0, for flags too.
            #[must_use]
            pub const fn flags_may_be_text(mut self) -> Self {
                self.stop.flags_may_be_text();
                self
            }
        }
    };
}

/// The total of a strategy that is told where the next page is.
macro_rules! told_total {
    ($strategy:ident $(<$t:ident>)?) => {
        impl$(<$t>)? $strategy$(<$t>)? {
            /// Says where a page tells how many items there are in all, for
            /// [`Progress::total`](crate::Progress::total). It ends no list.
            #[must_use]
            pub fn total(mut self, total: impl Into<$crate::Source>) -> Self {
                self.stop.set_total(total.into());
                self
            }
        }
    };
}

pub(super) use {flags, told_total};
