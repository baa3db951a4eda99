//! What one challenge was answered with, and the count of its uses.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use http::{HeaderValue, Method, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::hash::{Algorithm, Hash};
use super::select::answerable;
use crate::Challenge;

pub(super) struct Session {
    algorithm: Algorithm,
    /// Whether the challenge named it; a server that did not may not know the parameter.
    named: bool,
    user: Box<str>,
    realm: Box<[u8]>,
    nonce: Box<[u8]>,
    opaque: Option<Box<[u8]>>,
    /// Whether the server knows `qop=auth`; without it the answer is that of RFC 2069.
    quality: bool,
    cnonce: Box<str>,
    /// User, realm and password, hashed; in a session variant with its first nonces.
    base: Box<str>,
    count: AtomicU32,
    accepted: AtomicBool,
}

impl Session {
    /// Answers a challenge that [`strongest`] chose.
    pub(super) fn new(
        challenge: &Challenge,
        user: &str,
        password: &str,
        cnonce: String,
    ) -> Option<Self> {
        let algorithm = answerable(challenge)?;
        let realm = challenge.get_bytes("realm")?;
        let hash = algorithm.hash;
        let nonce = challenge.get_bytes("nonce")?;
        let mut base = hash.of(&[user.as_bytes(), realm, password.as_bytes()]);
        if algorithm.session {
            // Once: a next nonce does not change it.
            base = hash.of(&[base.as_bytes(), nonce, cnonce.as_bytes()]);
        }
        Some(Self {
            algorithm,
            named: challenge.get("algorithm").is_some(),
            user: user.into(),
            realm: realm.into(),
            nonce: nonce.into(),
            opaque: challenge.get_bytes("opaque").map(Into::into),
            quality: challenge.get("qop").is_some(),
            cnonce: cnonce.into(),
            base: base.into(),
            count: AtomicU32::new(0),
            accepted: AtomicBool::new(false),
        })
    }

    /// The same with the nonce that the server wants next (RFC 7616, section 3.5).
    pub(super) fn with_nonce(&self, nonce: &[u8], cnonce: String) -> Self {
        Self {
            user: self.user.clone(),
            realm: self.realm.clone(),
            nonce: nonce.into(),
            opaque: self.opaque.clone(),
            cnonce: cnonce.into(),
            base: self.base.clone(),
            count: AtomicU32::new(0),
            accepted: AtomicBool::new(true),
            ..*self
        }
    }

    /// Whether another challenge is of the same realm and algorithm, so that this session answers
    /// it as well.
    pub(super) fn answers(&self, challenge: &Challenge) -> bool {
        answerable(challenge) == Some(self.algorithm)
            && challenge.get_bytes("realm") == Some(&*self.realm)
    }

    pub(super) fn has_nonce(&self, nonce: &[u8]) -> bool {
        *self.nonce == *nonce
    }

    pub(super) const fn hash(&self) -> Hash {
        self.algorithm.hash
    }

    pub(super) fn accept(&self) {
        self.accepted.store(true, Ordering::Relaxed);
    }

    /// Whether the server has ever let in who answered by it.
    pub(super) fn is_accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed)
    }

    /// The value of `Authorization` for one request. The count of the nonce's uses rises with
    /// each.
    pub(super) fn authorization(&self, method: &Method, uri: &Uri) -> Option<HeaderValue> {
        // As hyper writes it on the request line.
        let target = uri.path_and_query().map(ToString::to_string)?;
        let count = self.count.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let count = format!("{count:08x}");
        let response = self.response(method, &target, &count);

        let mut value = b"Digest ".to_vec();
        if self.user.is_ascii() {
            quoted(&mut value, "username", self.user.as_bytes());
        } else {
            value.extend_from_slice(b"username*=UTF-8''");
            let user = utf8_percent_encode(&self.user, NON_ALPHANUMERIC);
            value.extend_from_slice(user.to_string().as_bytes());
        }
        for (name, text) in [
            (", realm", &*self.realm),
            (", nonce", &*self.nonce),
            (", uri", target.as_bytes()),
            (", response", response.as_bytes()),
        ] {
            quoted(&mut value, name, text);
        }
        if self.named {
            value.extend_from_slice(b", algorithm=");
            value.extend_from_slice(self.algorithm.name().as_bytes());
        }
        if self.quality {
            value.extend_from_slice(b", qop=auth, nc=");
            value.extend_from_slice(count.as_bytes());
        }
        if self.quality || self.algorithm.session {
            quoted(&mut value, ", cnonce", self.cnonce.as_bytes());
        }
        if let Some(opaque) = &self.opaque {
            quoted(&mut value, ", opaque", opaque);
        }
        let mut value = HeaderValue::from_bytes(&value).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    fn response(&self, method: &Method, target: &str, count: &str) -> String {
        let hash = self.algorithm.hash;
        let (nonce, cnonce) = (&*self.nonce, self.cnonce.as_bytes());
        let first = self.base.as_bytes();
        let second = hash.of(&[method.as_str().as_bytes(), target.as_bytes()]);
        if self.quality {
            hash.of(&[
                first,
                nonce,
                count.as_bytes(),
                cnonce,
                b"auth",
                second.as_bytes(),
            ])
        } else {
            hash.of(&[first, nonce, second.as_bytes()])
        }
    }
}

fn quoted(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"=\"");
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            text.push(b'\\');
        }
        text.push(*byte);
    }
    text.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::digest::hash::Hash;
    use crate::digest::select::strongest;

    fn session(challenge: &str, user: &str, password: &str, cnonce: &str) -> Session {
        let challenges = Challenge::parse(challenge);
        let challenge = strongest(&challenges, Hash::Md5).unwrap();
        Session::new(challenge, user, password, cnonce.to_owned()).unwrap()
    }

    fn value(session: &Session, uri: &str) -> String {
        let value = session
            .authorization(&Method::GET, &uri.parse().unwrap())
            .unwrap();
        assert!(value.is_sensitive());
        value.to_str().unwrap().to_owned()
    }

    const RFC_7616: &str = concat!(
        r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=ALGORITHM, "#,
        r#"nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
    );
    const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

    #[test]
    fn the_vectors_of_rfc_7616_section_3_9_1() {
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            (
                "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let challenge = RFC_7616.replace("ALGORITHM", algorithm);
            let session = session(&challenge, "Mufasa", "Circle of Life", CNONCE);
            assert_eq!(
                value(&session, "http://www.example.org/dir/index.html"),
                format!(
                    r#"Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", response="{response}", algorithm={algorithm}, qop=auth, nc=00000001, cnonce="{CNONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
                )
            );
        }
    }

    #[test]
    fn the_vectors_of_rfc_2617_and_of_rfc_2069_with_its_erratum() {
        let challenge =
            r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#;
        let with_qop = format!(r#"{challenge}, qop="auth""#);
        let with_qop = session(&with_qop, "Mufasa", "Circle Of Life", "0a4f113b");
        let sent = value(&with_qop, "/dir/index.html");
        assert!(
            sent.contains(r#"response="6629fae49393a05397450978507c4ef1""#),
            "{sent}"
        );
        assert!(!sent.contains("algorithm"), "it was not named: {sent}");

        let without = session(challenge, "Mufasa", "Circle Of Life", "0a4f113b");
        let sent = value(&without, "/dir/index.html");
        assert!(
            sent.contains(r#"response="670fd8c2df070c60b045671b8b24ff02""#),
            "{sent}"
        );
        assert!(!sent.contains("nc=") && !sent.contains("qop"), "{sent}");
    }

    #[test]
    fn the_session_variants_hash_both_nonces_first() {
        // Computed from the formulas of RFC 7616, section 3.4.2, by Python's hashlib.
        for (algorithm, response) in [
            ("MD5-sess", "e783283f46242139c486a698fec7211d"),
            (
                "sha-256-SESS",
                "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7",
            ),
        ] {
            let challenge = RFC_7616.replace("ALGORITHM", algorithm);
            let session = session(&challenge, "Mufasa", "Circle of Life", CNONCE);
            let sent = value(&session, "/dir/index.html");
            assert!(
                sent.contains(&format!("response=\"{response}\"")),
                "{algorithm}: {sent}"
            );
        }
    }

    #[test]
    fn a_name_beyond_ascii_and_quotes_are_written_as_the_rfc_says() {
        let challenge = r#"Digest realm="a \"b\" \\c", nonce="n", qop=auth"#;
        let session = session(challenge, "Jäsøn Doe", "p", "c");
        let sent = value(&session, "/?q=1");
        assert!(
            sent.starts_with("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, "),
            "{sent}"
        );
        assert!(sent.contains(r#"realm="a \"b\" \\c""#), "{sent}");
        assert!(sent.contains(r#"uri="/?q=1""#), "{sent}");
    }

    #[test]
    fn the_count_of_a_nonce_rises_with_each_use_and_the_response_with_it() {
        let session = session(r#"Digest realm="r", nonce="n", qop=auth"#, "u", "p", "c");
        let (first, second) = (value(&session, "/"), value(&session, "/"));
        assert!(first.contains("nc=00000001") && second.contains("nc=00000002"));
        let response = |sent: &str| {
            sent.split("response=")
                .nth(1)
                .map(|rest| rest[..34].to_owned())
        };
        assert_ne!(response(&first), response(&second));
        let next = session.with_nonce(b"m", "d".to_owned());
        assert!(value(&next, "/").contains("nc=00000001"));
        assert_eq!(next.base, session.base);
    }

    proptest! {
        #[test]
        fn whatever_a_server_asks_is_answered_in_a_form_that_it_can_read(
            realm in "[ -~]{0,20}",
            nonce in "[ -~]{1,20}",
            user in "\\PC{0,8}",
            noise in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
            let (quoted_realm, quoted_nonce) = (quote(&realm), quote(&nonce));
            let mut line = format!(r#"Digest realm="{quoted_realm}", nonce="{quoted_nonce}", qop=auth, x="#);
            line.retain(|sign| sign != '\n');
            let line = [line.as_bytes(), &noise].concat();
            let challenges = Challenge::parse(&line);
            let Some(challenge) = strongest(&challenges, Hash::Md5) else {
                // The noise is a string without an end.
                prop_assert!(noise.contains(&b'"'));
                return Ok(());
            };
            let session = Session::new(challenge, &user, "p", "c".to_owned()).unwrap();
            let uri = "/a?b".parse().unwrap();
            let value = session.authorization(&Method::GET, &uri).unwrap();
            let read = &Challenge::parse(value.as_bytes())[0];
            prop_assert_eq!(read.get("realm"), Some(&*realm));
            prop_assert_eq!(read.get("nonce"), Some(&*nonce));
            prop_assert_eq!(read.get("uri"), Some("/a?b"));
        }
    }
}
