//! Reads `--next`, `--total` and their like.

/// How the next page is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    None,
    Link {
        rel: String,
        param: Option<(String, String)>,
    },
    Url {
        pointer: String,
    },
    UrlHeader {
        name: String,
    },
    Token(Vec<(Source, Target)>),
    Page {
        name: String,
        start: u64,
    },
    Offset {
        offset: String,
        limit: String,
        size: u64,
    },
    Range {
        unit: String,
        size: u64,
    },
}

/// Where a value is found in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Body(String),
    Header(String),
    LastItem(String),
}

/// Where a token is put in the next request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Query(String),
    Header(String),
    Body(String),
    MergeQuery,
}

impl Next {
    /// Reads all `--next` options of a command line.
    pub(crate) fn parse(options: &[String]) -> Result<Self, String> {
        match options {
            [] => Ok(Self::None),
            [one] if !one.starts_with("token:") => Self::parse_one(one),
            tokens if tokens.iter().all(|option| option.starts_with("token:")) => tokens
                .iter()
                .map(|option| token(option))
                .collect::<Result<_, _>>()
                .map(Self::Token),
            _ => Err("only --next token:… may be given more than once".to_owned()),
        }
    }

    fn parse_one(option: &str) -> Result<Self, String> {
        let (kind, rest) = option
            .split_once([':', ';'])
            .map_or((option, ""), |(kind, _)| (kind, &option[kind.len()..]));
        let value = rest.strip_prefix(':').unwrap_or(rest);
        match kind {
            "none" if rest.is_empty() => Ok(Self::None),
            "link" => link(rest),
            "url" => Ok(Self::Url {
                pointer: pointer(value)?,
            }),
            "url-header" => Ok(Self::UrlHeader {
                name: named(value, "url-header:NAME")?,
            }),
            "page" => page(value),
            "offset" => offset(value),
            "range" => range(value),
            _ => Err(format!(
                "--next {option}: not one of none, link, url:, url-header:, token:, page:, offset:, range:"
            )),
        }
    }

    /// Whether items must be counted to see the end.
    pub(crate) const fn counts_items(&self) -> bool {
        matches!(self, Self::Page { .. } | Self::Offset { .. })
    }
}

impl Source {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("body", rest)) => Ok(Self::Body(pointer(rest)?)),
            Some(("header", rest)) => Ok(Self::Header(named(rest, "header:NAME")?)),
            Some(("last", rest)) => Ok(Self::LastItem(pointer(rest)?)),
            _ => Err(format!(
                "{text}: not a source; write body:/PTR, header:NAME or last:/PTR"
            )),
        }
    }
}

impl Target {
    fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "merge-query" => Ok(Self::MergeQuery),
            Some(("query", rest)) => Ok(Self::Query(named(rest, "query:NAME")?)),
            Some(("header", rest)) => Ok(Self::Header(named(rest, "header:NAME")?)),
            Some(("body", rest)) => Ok(Self::Body(pointer(rest)?)),
            _ => Err(format!(
                "{text}: not a target; write query:NAME, header:NAME, body:/PTR or merge-query"
            )),
        }
    }
}

/// Checks a JSON Pointer (RFC 6901): empty, or starting with a slash.
pub(crate) fn pointer(text: &str) -> Result<String, String> {
    let escapes = text.match_indices('~');
    let escaped = escapes
        .into_iter()
        .all(|(at, _)| matches!(text.as_bytes().get(at + 1), Some(b'0' | b'1')));
    if (text.is_empty() || text.starts_with('/')) && escaped {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{text}: not a JSON Pointer; it starts with / and writes ~ as ~0 and / as ~1"
        ))
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
                .ok_or_else(|| format!("--next link;{param}: write link;PARAM=VALUE"))
        })
        .transpose()?;
    Ok(Next::Link { rel, param })
}

fn token(option: &str) -> Result<(Source, Target), String> {
    let pair = option.strip_prefix("token:").unwrap_or(option);
    let (source, target) = pair
        .rsplit_once('=')
        .ok_or_else(|| format!("--next {option}: write token:SRC=DST"))?;
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
        return Err(format!("--next range:{unit}: not a range unit"));
    }
    Ok(Next::Range {
        unit: named(unit, form)?,
        size: size_of(size)?,
    })
}

fn named(name: &str, form: &str) -> Result<String, String> {
    if name.is_empty() {
        return Err(format!("a name is missing; write {form}"));
    }
    Ok(name.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(options: &[&str]) -> Result<Next, String> {
        let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        Next::parse(&options)
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(parse(&[]), Ok(Next::None));
        assert_eq!(parse(&["none"]), Ok(Next::None));
        let link = |rel: &str, param: Option<(&str, &str)>| {
            Ok(Next::Link {
                rel: rel.to_owned(),
                param: param.map(|(name, value)| (name.to_owned(), value.to_owned())),
            })
        };
        assert_eq!(parse(&["link"]), link("next", None));
        assert_eq!(parse(&["link:next-page"]), link("next-page", None));
        assert_eq!(
            parse(&["link;results=true"]),
            link("next", Some(("results", "true")))
        );
        assert_eq!(
            parse(&["url:/links/next"]),
            Ok(Next::Url {
                pointer: "/links/next".to_owned()
            })
        );
        assert_eq!(
            parse(&["page:p:0"]),
            Ok(Next::Page {
                name: "p".to_owned(),
                start: 0
            })
        );
        assert_eq!(
            parse(&["offset:skip,top:50"]),
            Ok(Next::Offset {
                offset: "skip".to_owned(),
                limit: "top".to_owned(),
                size: 50
            })
        );
    }

    #[test]
    fn tokens_split_at_their_last_equals_sign_and_repeat() {
        assert_eq!(
            parse(&["token:body:/a=b=query:c", "token:header:x-next=merge-query"]),
            Ok(Next::Token(vec![
                (
                    Source::Body("/a=b".to_owned()),
                    Target::Query("c".to_owned())
                ),
                (Source::Header("x-next".to_owned()), Target::MergeQuery),
            ]))
        );
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for option in [
            "",
            "lnk",
            "url:next",
            "url:/a~2",
            "page:",
            "offset:a:5",
            "offset:a,b:0",
            "token:body:/a",
            "token:x=query:c",
            "link;x",
            "range:items",
            "range::5",
            "range:it ems:5",
            "range:items=:5",
            "none:x",
        ] {
            assert!(parse(&[option]).is_err(), "{option}");
        }
        assert!(parse(&["link", "link"]).is_err());
        assert!(parse(&["link", "token:body:/a=query:b"]).is_err());
    }
}
