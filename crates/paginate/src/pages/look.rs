//! Looks through a page that has arrived, before it is handed out.

use std::mem;
use std::pin::Pin;

use http::Request;
use tower_service::Service;

use crate::config::OnRepeat;
use crate::course::Arrived;
use crate::error::{PageError, PageErrorKind};
use crate::page::Page;
use crate::parse::scan_error;
use crate::place::ALL;
use crate::pointer::Pointer;
use crate::position::Position;
use crate::progress::End;
use crate::repeat::Fingerprint;
use crate::scan::{ScanError, Scanner};
use crate::strategy::Strategy;
use crate::walk::Walk;

/// With what pages are looked through, from one to the next.
pub(super) struct Look {
    /// Finds the items, if it is known where they are.
    scanner: Option<Scanner>,
    print: Fingerprint,
    previous: Fingerprint,
}

pub(super) enum Verdict {
    HandOut,
    /// It was cut short and is asked for again.
    Again,
    Over(Option<PageError>),
}

impl Look {
    pub(super) fn new(items_at: Option<Pointer>) -> Self {
        Self {
            scanner: items_at.map(|pointer| Scanner::new(pointer, usize::MAX, usize::MAX)),
            print: Fingerprint::default(),
            previous: Fingerprint::default(),
        }
    }

    /// What the last page with items looked like.
    pub(super) fn into_previous(self) -> Fingerprint {
        self.previous
    }

    /// Counts the page's items, and refuses it if it is none or is the one before again.
    pub(super) fn at<S, P, B, RB>(
        &mut self,
        mut walk: Pin<&mut Walk<S, P, B, RB>>,
        page: &Page,
    ) -> Verdict
    where
        S: Service<Request<B>>,
        P: Strategy<B>,
    {
        let course = walk.as_mut().course_mut();
        let compare = course.needs.by_count && course.config.on_repeat != OnRepeat::Allow;
        let mut last = None;
        let mut same = false;
        let counted = match &mut self.scanner {
            Some(scanner) => {
                scanner.reset();
                self.print.clear();
                same = page.index > 0 && !self.previous.is_empty();
                let counted = count(scanner, &page.body, |item| {
                    if compare {
                        same &= self.print.item(item, &self.previous);
                    }
                    if course.needs.last_item {
                        last = Some(page.body.slice_ref(item));
                    }
                });
                same &= compare && counted.is_ok() && self.print.equals(&self.previous);
                counted.map(Some)
            }
            None => Ok(page.body.trim_ascii().is_empty().then_some(0)),
        };
        // One that was handed out and is looked at again is the one before itself.
        if same && course.spot.taken != ALL {
            return Verdict::Over(walk.stalled());
        }

        let read = match counted {
            Ok(items) => course.arrived(&Arrived {
                parts: &page.parts,
                rest: match &self.scanner {
                    Some(scanner) => scanner.rest(),
                    None => &page.body,
                },
                items,
                counts: Some(match &self.scanner {
                    Some(_) => items.unwrap_or(0),
                    None => 1,
                }),
                last_item: last.as_deref(),
            }),
            Err(error) => match scan_error(error, Position::page(page.index)).of(&page.parts) {
                error if error.kind() == PageErrorKind::Malformed => {
                    let whole = Arrived {
                        parts: &page.parts,
                        rest: &page.body,
                        items: None,
                        counts: Some(1),
                        last_item: None,
                    };
                    match course.refusal(&whole) {
                        Some(refusal) => Err(refusal),
                        // It is JSON all the same, and is handed out.
                        None => {
                            course.split_failed(error);
                            Ok(())
                        }
                    }
                }
                error => Err(error),
            },
        };
        if let Err(error) = read {
            if error.kind() == PageErrorKind::Truncated && walk.as_mut().refetch() {
                return Verdict::Again;
            }
            walk.finish(End::Failed);
            return Verdict::Over(Some(error));
        }
        if compare {
            // Of an empty page it is empty, and what comes behind that equals none.
            mem::swap(&mut self.print, &mut self.previous);
        }
        Verdict::HandOut
    }
}

/// How many items `body` has, each of which `see` is shown.
fn count<'a>(
    scanner: &'a mut Scanner,
    body: &'a [u8],
    mut see: impl FnMut(&[u8]),
) -> Result<u64, ScanError> {
    let mut input = body;
    while let Some(item) = scanner.next(&mut input)? {
        see(item);
    }
    scanner.finish()?;
    Ok(scanner.items())
}
