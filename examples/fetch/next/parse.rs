//! Reads one `--next`. Its errors do not say which.

use super::Next;
use super::places::{Source, Target, named, pointer};

/// Reads what is no token.
pub(super) fn way(option: &str) -> Result<Next, String> {
    let (kind, rest) = option
        .split_once([':', ';'])
        .map_or((option, ""), |(kind, _)| (kind, &option[kind.len()..]));
    let value = rest.strip_prefix(':').unwrap_or(rest);
    match kind {
        "none" if rest.is_empty() => Ok(Next::None),
        "link" => link(rest),
        "url" => Ok(Next::Url {
            pointer: pointer(value)?,
        }),
        "url-header" => Ok(Next::UrlHeader {
            name: named(value, "url-header:NAME")?,
        }),
        "page" => page(value),
        "offset" => offset(value),
        "range" => range(value),
        _ => Err(
            "not one of none, link, url:, url-header:, token:, page:, offset:, range:".to_owned(),
        ),
    }
}

fn link(rest: &str) -> Result<Next, String> {
    let (rel, param) = match rest.split_once(';') {
        Some((rel, param)) => (rel, Some(param)),
        None => (rest, None),
    };
    let rel = match rel.strip_prefix(':') {
        Some(rel) => named(rel, "link:REL")?,
        None => "next".to_owned(),
    };
    let param = param
        .map(|param| {
            param
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .ok_or_else(|| "write link;PARAM=VALUE".to_owned())
        })
        .transpose()?;
    Ok(Next::Link { rel, param })
}

/// Reads a token.
pub(super) fn token(option: &str) -> Result<(Source, Target), String> {
    let pair = option.strip_prefix("token:").unwrap_or(option);
    let (source, target) = pair
        .rsplit_once('=')
        .ok_or_else(|| "write token:SRC=DST".to_owned())?;
    Ok((Source::parse(source)?, Target::parse(target)?))
}

fn page(value: &str) -> Result<Next, String> {
    let (name, start) = match value.split_once(':') {
        Some((name, start)) => (name, number(start)?),
        None => (value, 1),
    };
    Ok(Next::Page {
        name: named(name, "page:NAME")?,
        start,
    })
}

fn offset(value: &str) -> Result<Next, String> {
    let form = "offset:OFFSET,LIMIT:SIZE";
    let (names, size) = value.rsplit_once(':').ok_or(format!("write {form}"))?;
    let (offset, limit) = names.split_once(',').ok_or(format!("write {form}"))?;
    Ok(Next::Offset {
        offset: named(offset, form)?,
        limit: named(limit, form)?,
        size: size_of(size)?,
    })
}

fn range(value: &str) -> Result<Next, String> {
    let form = "range:UNIT:SIZE";
    let (unit, size) = value.split_once(':').ok_or(format!("write {form}"))?;
    // It stands in a header, before an equals sign.
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !unit.bytes().all(token) {
        return Err(format!("{unit}: not a range unit"));
    }
    Ok(Next::Range {
        unit: named(unit, form)?,
        size: size_of(size)?,
    })
}

fn size_of(text: &str) -> Result<u64, String> {
    match number(text)? {
        0 => Err("a page size of 0 would never end".to_owned()),
        size => Ok(size),
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("{text}: not a whole number"))
}
