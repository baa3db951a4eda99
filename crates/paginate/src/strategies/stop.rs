use crate::pointer::Pointer;
use crate::strategy::Malformed;
use crate::view::PageView;

/// Flags in the body that say whether there is more, besides the cursor itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop {
    more: Option<Pointer>,
    last: Option<Pointer>,
}

impl Stop {
    pub(super) fn more(&mut self, pointer: Pointer) {
        self.more = Some(pointer);
    }

    pub(super) fn last(&mut self, pointer: Pointer) {
        self.last = Some(pointer);
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

    /// What the flags say, if there are flags.
    pub(super) fn says_more(&self, page: &PageView<'_>) -> Result<Option<bool>, Malformed> {
        let more = self.more.as_ref().map(|at| flag(page, at)).transpose()?;
        let last = self.last.as_ref().map(|at| flag(page, at)).transpose()?;
        Ok(match (more, last) {
            (None, None) => None,
            (more, last) => Some(more != Some(false) && last != Some(true)),
        })
    }
}

fn flag(page: &PageView<'_>, pointer: &Pointer) -> Result<bool, Malformed> {
    match page.value(pointer)?.map(|value| value.get()) {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(Malformed::new(format!(
            "{pointer} is neither true nor false"
        ))),
        None => Err(Malformed::new(format!("the page has no {pointer}"))),
    }
}

/// The two builder methods of every strategy that has a `stop`.
macro_rules! flags {
    ($strategy:ty) => {
        impl $strategy {
            /// Ends the list where the boolean at `pointer` is false.
            ///
            /// A page without it is malformed.
            ///
            /// # Panics
            ///
            /// `pointer` is a text that is no JSON Pointer.
            #[must_use]
            pub fn more<T>(mut self, pointer: T) -> Self
            where
                T: TryInto<$crate::Pointer>,
                T::Error: std::fmt::Display,
            {
                self.stop.more($crate::Pointer::expect(pointer));
                self
            }

            /// Ends the list where the boolean at `pointer` is true.
            ///
            /// A page without it is malformed.
            ///
            /// # Panics
            ///
            /// `pointer` is a text that is no JSON Pointer.
            #[must_use]
            pub fn last<T>(mut self, pointer: T) -> Self
            where
                T: TryInto<$crate::Pointer>,
                T::Error: std::fmt::Display,
            {
                self.stop.last($crate::Pointer::expect(pointer));
                self
            }
        }
    };
}

pub(super) use flags;
