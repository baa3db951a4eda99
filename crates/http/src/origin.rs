use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;

/// Scheme, host and effective port of a URI (RFC 6454, section 4).
///
/// `https://Example.com` and `https://example.com:443` are one origin; `http://example.com`
/// is another.
///
/// ```
/// use outbound_http::Origin;
///
/// let api: Origin = "https://API.example.com".parse()?;
/// assert!(api.contains(&"https://api.example.com:443/v1?x".parse()?));
/// assert!(!api.contains(&"http://api.example.com/v1".parse()?));
/// assert!(!api.contains(&"/v1".parse()?)); // names no origin
/// # Ok::<_, outbound_http::BoxError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Lower case.
    scheme: Cow<'static, str>,
    /// As most URIs of this origin write it, in lower case: the host, an IPv6 address in its
    /// brackets, and the port unless it is the scheme's own.
    authority: Box<str>,
    /// How much of `authority` is the host.
    host: usize,
    port: u16,
}

impl Origin {
    /// The origin of an absolute URI.
    ///
    /// `None` if it has no scheme or no host, if its port is no number up to 65535, or if it names
    /// none and its scheme has no known one.
    #[must_use]
    pub fn of(uri: &Uri) -> Option<Self> {
        let (scheme, host, port) = parts(uri)?;
        let authority = if default_port(scheme) == Some(port) {
            host.to_ascii_lowercase()
        } else {
            format!("{}:{port}", host.to_ascii_lowercase())
        };
        // The two that nearly all have cost no allocation.
        let scheme = match ["https", "http"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(scheme))
        {
            Some(known) => Cow::Borrowed(known),
            None => Cow::Owned(scheme.to_ascii_lowercase()),
        };
        Some(Self {
            scheme,
            authority: authority.into(),
            host: host.len(),
            port,
        })
    }

    /// Whether `uri` lies in this origin. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn contains(&self, uri: &Uri) -> bool {
        // Two comparisons for what nearly every request is written like; taking an authority
        // apart costs several hundred instructions.
        let is_https = &*self.scheme == "https" && uri.scheme_str() == Some("https");
        is_https && is_written(uri, &self.authority) || self.contains_otherwise(uri)
    }

    fn contains_otherwise(&self, uri: &Uri) -> bool {
        if uri.scheme_str() == Some(&self.scheme) && is_written(uri, &self.authority) {
            return true;
        }
        parts(uri).is_some_and(|(scheme, host, port)| {
            self.port == port
                && self.host().eq_ignore_ascii_case(host)
                && self.scheme.eq_ignore_ascii_case(scheme)
        })
    }

    /// Whether what is sent there is encrypted.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        matches!(self.scheme(), "https" | "wss")
    }

    /// Whether it is this machine: `localhost`, a name beneath it (RFC 6761, section 6.3), or
    /// a loopback address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host().trim_end_matches('.');
        if host == "localhost" || host.ends_with(".localhost") {
            return true;
        }
        let address = host.trim_start_matches('[').trim_end_matches(']');
        address.parse().is_ok_and(|address: IpAddr| match address {
            IpAddr::V4(address) => address.is_loopback(),
            IpAddr::V6(address) => {
                address.is_loopback()
                    || address
                        .to_ipv4_mapped()
                        .is_some_and(|mapped| mapped.is_loopback())
            }
        })
    }

    /// The scheme, in lower case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host, in lower case; an IPv6 address is in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.authority[..self.host]
    }

    /// The effective port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

/// Whether the authority of `uri` is `authority`, byte for byte.
#[inline]
fn is_written(uri: &Uri, authority: &str) -> bool {
    uri.authority()
        .is_some_and(|written| written.as_str() == authority)
}

fn parts(uri: &Uri) -> Option<(&str, &str, u16)> {
    let scheme = uri.scheme_str()?;
    let host = uri.host().filter(|host| !host.is_empty())?;
    let port = port(uri, scheme, host)?;
    Some((scheme, host, port))
}

/// The port as it is written, or else the scheme's own. `http` lets any text pass for a port and
/// then knows none: taken for the default port it would be another origin than somebody else may
/// read in it.
fn port(uri: &Uri, scheme: &str, host: &str) -> Option<u16> {
    let authority = uri.authority()?.as_str().rsplit('@').next()?;
    match authority.strip_prefix(host)? {
        "" | ":" => default_port(scheme),
        written => {
            let digits = written.strip_prefix(':')?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| plain)
        }
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss") {
        Some(443)
    } else if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("ws") {
        Some(80)
    } else {
        None
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    /// Parses `scheme://host[:port]`, with nothing behind it but perhaps a `/`.
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let uri: Uri = text.parse().map_err(|_| InvalidOrigin(()))?;
        let bare = uri.query().is_none()
            && matches!(uri.path(), "" | "/")
            && uri
                .authority()
                .is_some_and(|authority| !authority.as_str().contains('@'));
        Self::of(&uri).filter(|_| bare).ok_or(InvalidOrigin(()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

/// A text is no origin. The text is not repeated: it may hold a password.
#[derive(Debug)]
pub struct InvalidOrigin(());

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not an origin; write scheme://host or scheme://host:port, without user, path or query",
        )
    }
}

impl Error for InvalidOrigin {}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    #[test]
    fn case_and_the_default_port_make_no_difference() {
        assert_eq!(
            origin("HTTPS://Example.COM"),
            origin("https://example.com:443/")
        );
        assert_eq!(origin("http://h:8080").to_string(), "http://h:8080");
        assert_eq!(origin("http://h:80").to_string(), "http://h");
    }

    #[test]
    fn scheme_host_and_port_make_a_difference() {
        let api = origin("https://example.com");
        for other in [
            "http://example.com/",
            "https://example.com:8443/",
            "https://api.example.com/",
            "https://example.com.evil.test/",
            "https://example.co/",
        ] {
            assert!(!api.contains(&other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn user_information_does_not_hide_the_host() {
        let api = origin("https://example.com");
        assert!(!api.contains(&"https://example.com@evil.test/".parse().unwrap()));
        assert!(api.contains(&"https://user:pw@example.com/".parse().unwrap()));
    }

    #[test]
    fn what_is_more_than_an_origin_is_refused_without_repeating_it() {
        for text in [
            "",
            "/",
            "example.com",
            "https://",
            "https://h/p",
            "https://h?q",
            "https://u:secret@h",
            "x://h",
        ] {
            let error = text.parse::<Origin>().expect_err(text).to_string();
            assert!(!error.contains("secret"));
        }
    }

    #[test]
    fn a_port_that_is_none_is_not_taken_for_the_default_port() {
        let api = origin("https://example.com");
        for port in ["99999", "65979", "4x3", "+443", "-", "80:443"] {
            let text = format!("https://example.com:{port}/");
            assert!(text.parse::<Origin>().is_err(), "{text}");
            if let Ok(uri) = text.parse() {
                assert!(!api.contains(&uri), "{text}");
                assert!(Origin::of(&uri).is_none(), "{text}");
            }
        }
        for port in ["", ":", ":443", ":0443"] {
            let uri: Uri = format!("https://u:7@example.com{port}/").parse().unwrap();
            assert!(api.contains(&uri), "{uri}");
        }
        let local = origin("http://[::1]");
        assert!(local.contains(&"http://[::1]:80/".parse().unwrap()));
        assert!(!local.contains(&"http://[::1]:99999/".parse().unwrap()));
    }

    #[test]
    fn loopback_is_recognised_in_every_form() {
        for here in [
            "http://localhost",
            "http://LOCALHOST.:1",
            "http://a.localhost",
            "http://127.3.2.1",
            "http://[::1]:8",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert!(origin(here).is_loopback(), "{here}");
        }
        for there in [
            "http://localhost.evil.test",
            "http://128.0.0.1",
            "http://[::2]",
            "http://127.0.0.1.nip.test",
        ] {
            assert!(!origin(there).is_loopback(), "{there}");
        }
    }
}
