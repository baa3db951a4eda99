//! `format`, where it is asserted.

use crate::Draft;

/// A format that the engine asserts by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Ipv4,
    Ipv6,
}

impl Format {
    /// By its name; `None` if no validator knows one of this name, and an error if others do.
    pub(crate) fn named(_draft: Draft, name: &str) -> Result<Option<Self>, ()> {
        Ok(Some(match name {
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            _ => return Err(()),
        }))
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }

    pub(crate) fn matches(self, text: &str) -> bool {
        match self {
            Self::Ipv4 => text.parse::<std::net::Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<std::net::Ipv6Addr>().is_ok(),
        }
    }
}
