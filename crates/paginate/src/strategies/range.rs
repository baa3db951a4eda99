use http::header::{CONTENT_RANGE, RANGE};
use http::response::Parts;
use http::{HeaderName, HeaderValue, Request, StatusCode};

use super::page_number::overflow;
use super::stop::Stop;
use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::strategy::{Strategy, Total};
use crate::view::PageView;

/// Asks for ranges of items with the `Range` header (RFC 9110, section 14), and reads of
/// `Content-Range` what came.
///
/// The list ends at the total that `Content-Range` tells, unless that is an
/// [estimate](Self::estimated) or its own range exceeds it; at 416 unless that tells a total beyond
/// what was asked for, at a part without items, or at
/// a 200 that is no part. Such a one is the whole list whatever was asked for, and where that is a
/// later part it is malformed; so is a part that does not tell its range, or tells another than was
/// asked for. Nothing of a malformed one is handed out.
///
/// PostgREST answers 200 with a `Content-Range` where it has not counted: that is a part.
///
/// ```
/// use outbound_paginate::Range;
///
/// let qradar = Range::unit("items").by(50); // Range: items=0-49
/// let postgrest = Range::unit("items").bare(); // Range-Unit: items, Range: 0-99
/// # let _ = (qradar, postgrest);
/// ```
#[derive(Clone, Debug)]
pub struct Range {
    unit: Box<str>,
    by: u64,
    bare: bool,
    estimated: bool,
    stop: Stop,
}

const RANGE_UNIT: HeaderName = HeaderName::from_static("range-unit");

impl Range {
    /// How many items a page is asked for unless said otherwise.
    pub const DEFAULT_BY: u64 = 100;

    /// Counts in `unit`, from 0, [`DEFAULT_BY`](Self::DEFAULT_BY) items a page.
    #[must_use]
    pub fn unit(unit: impl Into<Box<str>>) -> Self {
        Self {
            unit: unit.into(),
            by: Self::DEFAULT_BY,
            bare: false,
            estimated: false,
            stop: Stop::default(),
        }
    }

    /// Asks for so many items a page, on the first page too; at least 1.
    #[must_use]
    pub fn by(self, items: u64) -> Self {
        Self {
            by: items.max(1),
            ..self
        }
    }

    /// Sends the unit in a `Range-Unit` header and the range without it, as PostgREST
    /// reads it.
    #[must_use]
    pub fn bare(self) -> Self {
        Self { bare: true, ..self }
    }

    /// Takes the total for an estimate, as PostgREST's `Prefer: count=planned` asks for: it is shown
    /// as progress, and ends no list.
    #[must_use]
    pub fn estimated(self) -> Self {
        Self {
            estimated: true,
            ..self
        }
    }

    fn refuses(&self, head: &Parts) -> bool {
        head.status == StatusCode::RANGE_NOT_SATISFIABLE
    }

    /// What came, if a page is a part of the list.
    fn part(&self, head: &Parts, cursor: Option<&Cursor>) -> Result<Option<Part>, Malformed> {
        let asked = cursor.and_then(Cursor::as_number).unwrap_or(0);
        let text = head.headers.get(CONTENT_RANGE);
        if text.is_none() && head.status != StatusCode::PARTIAL_CONTENT {
            return match asked {
                0 => Ok(None),
                _ if head.status == StatusCode::NO_CONTENT => Ok(None),
                _ => Err(Malformed::new(
                    "the whole list came where a later part of it was asked for",
                )),
            };
        }
        let part = text.and_then(|text| Part::parse(text.to_str().ok()?));
        let part = part.ok_or_else(|| {
            Malformed::new("a part of the list does not tell in Content-Range which one it is")
        })?;
        match part {
            Part {
                range: Some((first, _)),
                ..
            } if first != asked => Err(Malformed::new(format!(
                "the page begins at {first} by its Content-Range, and {asked} was asked for",
            ))),
            Part {
                range: None,
                total: Some(total),
            } if total > asked && !self.estimated => Err(Malformed::new(
                "the page says that there is more, and not which part of it came",
            )),
            _ => Ok(Some(part)),
        }
    }

    fn part_of(&self, page: &PageView<'_>) -> Result<Option<Part>, Malformed> {
        self.part(page.parts(), page.cursor())
    }

    /// The total of a part that ends with `last`, if the server means it exactly. RFC 9110, section
    /// 14.4, has no total that its own range exceeds.
    fn exact_total(&self, total: Option<u64>, last: u64) -> Option<u64> {
        total.filter(|total| !self.estimated && last < *total)
    }
}

super::stop::flags!(Range);

/// A `Content-Range`: `[unit ](first-last | "*")"/"(total | "*")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    range: Option<(u64, u64)>,
    total: Option<u64>,
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| -> Option<u64> {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        let text = text.trim_ascii();
        let text = text.rsplit_once(' ').map_or(text, |(_, range)| range);
        let (range, total) = text.split_once('/')?;
        let range = match range {
            "*" => None,
            range => {
                let (first, last) = range.split_once('-')?;
                let (first, last) = (number(first)?, number(last)?);
                if last < first {
                    return None;
                }
                Some((first, last))
            }
        };
        let total = match total {
            "*" => None,
            total => Some(number(total)?),
        };
        Some(Self { range, total })
    }
}

impl<B> Strategy<B> for Range {
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        let Some(Part { range, total }) = self.part_of(page)? else {
            return Ok(None);
        };
        // Its head says so, with or without a body.
        if range.is_none() && page.rest().trim_ascii().is_empty() {
            return Ok(None);
        }
        let empty = page.items() == Some(0);
        if self.stop.counted(page, empty)? == Some(false) || empty {
            return Ok(None);
        }
        let Some((_, last)) = range else {
            return match page.items() {
                None => Ok(None),
                Some(_) => Err(Malformed::new(
                    "a part of the list has items, and its Content-Range says that it has none",
                )),
            };
        };
        let next = last.checked_add(1).ok_or_else(overflow)?;
        Ok(self
            .exact_total(total, last)
            .is_none_or(|total| next < total)
            .then(|| Cursor::number(next)))
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        let first = cursor.as_number().ok_or_else(Cursor::foreign)?;
        let last = first.checked_add(self.by - 1).ok_or_else(overflow)?;
        let unit_is_bad = |_| Malformed::new("the range's unit does not fit into a header");
        let headers = request.headers_mut();
        let range = if self.bare {
            let unit = HeaderValue::from_str(&self.unit).map_err(unit_is_bad)?;
            headers.insert(RANGE_UNIT, unit);
            format!("{first}-{last}")
        } else {
            format!("{}={first}-{last}", self.unit)
        };
        headers.insert(RANGE, HeaderValue::try_from(range).map_err(unit_is_bad)?);
        Ok(())
    }

    fn start(&self, request: &Request<B>) -> Result<Option<Cursor>, Malformed> {
        let Some(range) = request.headers().get(RANGE) else {
            return Ok(Some(Cursor::number(0)));
        };
        let first = range.to_str().ok().and_then(|range| {
            let range = range.rsplit_once('=').map_or(range, |(_, range)| range);
            range.split_once('-')?.0.trim_ascii().parse().ok()
        });
        first
            .map(|first| Some(Cursor::number(first)))
            .ok_or_else(|| {
                Malformed::new("the request's Range header does not begin with a number")
            })
    }

    fn tag(&self) -> String {
        format!("range {}", self.unit)
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        let Part { range, total } = self.part_of(page).ok()??;
        if self.estimated {
            return total.map(Total::estimate);
        }
        match range {
            Some((_, last)) => self.exact_total(total, last),
            None => total,
        }
        .map(Total::exact)
    }

    fn admits(&self, head: &Parts, cursor: Option<&Cursor>) -> Result<(), Malformed> {
        // A refusal need not tell how long the list is.
        if self.refuses(head) && !head.headers.contains_key(CONTENT_RANGE) {
            return Ok(());
        }
        self.part(head, cursor).map(|_| ())
    }

    fn is_end(&self, refusal: &Parts, _: Option<&Cursor>) -> bool {
        self.refuses(refusal)
    }

    fn remaining(&self, page: &PageView<'_>) -> Option<u64> {
        let Part { range, total } = self.part_of(page).ok()??;
        let (first, last) = range?;
        let total = self.exact_total(total, last)?;
        let left = total.saturating_sub(last.checked_add(1)?);
        Some(left.div_ceil(last - first + 1))
    }

    fn ahead(&self, page: &PageView<'_>, n: u64) -> Option<Cursor> {
        let (first, last) = self.part_of(page).ok()??.range?;
        let size = (last - first).checked_add(1)?;
        first.checked_add(size.checked_mul(n)?).map(Cursor::number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_with_and_without_a_unit() {
        for (text, range, total) in [
            ("items 0-49/130", Some((0, 49)), Some(130)),
            ("0-14/3573458", Some((0, 14)), Some(3_573_458)),
            ("15-15/*", Some((15, 15)), None),
            ("*/0", None, Some(0)),
            ("items */*", None, None),
        ] {
            assert_eq!(Part::parse(text), Some(Part { range, total }), "{text}");
        }
        for bad in [
            "",
            "items",
            "0-14",
            "14-0/20",
            "a-b/c",
            "-1/3",
            "0-/3",
            "0-1/",
            "+0-1/2",
            "0-1/+2",
            "0-18446744073709551616/2",
        ] {
            assert_eq!(Part::parse(bad), None, "{bad}");
        }
    }
}
