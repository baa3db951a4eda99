//! What a strategy that changes another one leaves to it.

/// Implements these methods of [`Strategy`](crate::Strategy) by those of `self.strategy`.
macro_rules! passes_on {
    (@next) => {
        fn next(
            &self,
            page: &$crate::PageView<'_>,
        ) -> Result<Option<$crate::Cursor>, $crate::Malformed> {
            self.strategy.next(page)
        }
    };
    (@seek) => {
        fn seek(
            &self,
            cursor: &$crate::Cursor,
            request: &mut http::Request<B>,
        ) -> Result<(), $crate::Malformed> {
            self.strategy.seek(cursor, request)
        }
    };
    (@seek_first) => {
        fn seek_first(
            &self,
            cursor: &$crate::Cursor,
            request: &mut http::Request<B>,
        ) -> Result<(), $crate::Malformed> {
            self.strategy.seek_first(cursor, request)
        }
    };
    (@start) => {
        fn start(
            &self,
            request: &http::Request<B>,
        ) -> Result<Option<$crate::Cursor>, $crate::Malformed> {
            self.strategy.start(request)
        }
    };
    (@total) => {
        fn total(&self, page: &$crate::PageView<'_>) -> Option<$crate::Total> {
            self.strategy.total(page)
        }
    };
    (@admits) => {
        fn admits(
            &self,
            head: &http::response::Parts,
            cursor: Option<&$crate::Cursor>,
        ) -> Result<(), $crate::Malformed> {
            self.strategy.admits(head, cursor)
        }
    };
    (@is_end) => {
        fn is_end(
            &self,
            refusal: &http::response::Parts,
            cursor: Option<&$crate::Cursor>,
        ) -> bool {
            self.strategy.is_end(refusal, cursor)
        }
    };
    (@ahead) => {
        fn remaining(&self, page: &$crate::PageView<'_>) -> Option<u64> {
            self.strategy.remaining(page)
        }

        fn ahead(&self, page: &$crate::PageView<'_>, n: u64) -> Option<$crate::Cursor> {
            self.strategy.ahead(page, n)
        }
    };
    (@tag) => {
        fn tag(&self) -> String {
            self.strategy.tag()
        }
    };
    (@needs) => {
        fn needs(&self) -> $crate::Needs {
            self.strategy.needs()
        }
    };
    ($($method:ident),+) => {
        $(passes_on! { @$method })+
    };
}

pub(super) use passes_on;
