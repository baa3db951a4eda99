use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::strategy::Strategy;
use crate::view::PageView;

/// The one page that was asked for, and none after it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNext;

impl<B> Strategy<B> for NoNext {
    fn next(&self, _: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        Ok(None)
    }

    fn tag(&self) -> String {
        "none".to_owned()
    }
}
