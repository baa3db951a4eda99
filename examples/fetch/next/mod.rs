//! How the next page is found, as `--next` says it.

mod parse;
mod places;

pub(crate) use self::places::{Source, Target, pointer};

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

impl Next {
    /// Reads all `--next` options of a command line.
    pub(crate) fn parse(options: &[String]) -> Result<Self, String> {
        match options {
            [] => Ok(Self::None),
            [one] if !one.starts_with("token:") => named(one, parse::way(one)),
            tokens if tokens.iter().all(|option| option.starts_with("token:")) => tokens
                .iter()
                .map(|option| named(option, parse::token(option)))
                .collect::<Result<_, _>>()
                .map(Self::Token),
            _ => Err("only --next token:SRC=DST may be given more than once".to_owned()),
        }
    }

    /// Whether items must be counted to see the end.
    pub(crate) const fn counts_items(&self) -> bool {
        matches!(self, Self::Page { .. } | Self::Offset { .. })
    }
}

fn named<T>(option: &str, parsed: Result<T, String>) -> Result<T, String> {
    parsed.map_err(|error| format!("--next {option}: {error}"))
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
