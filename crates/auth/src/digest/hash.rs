//! The hash functions of HTTP Digest (RFC 7616, section 3.4).

use md5::Md5;
use sha2::Sha256;
use sha2::digest::Digest as _;

/// What a challenge's `algorithm` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) hash: Hash,
    /// The session variant: the first hash covers both nonces.
    pub(super) session: bool,
}

/// In the order of their strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    Md5,
    Sha256,
}

impl Algorithm {
    /// `None` if it is not one of those that are known here.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (hash, session) = match name.strip_suffix("-sess") {
            Some(hash) => (hash, true),
            None => (&*name, false),
        };
        let hash = match hash {
            "md5" => Hash::Md5,
            "sha-256" => Hash::Sha256,
            _ => return None,
        };
        Some(Self { hash, session })
    }

    pub(super) const fn name(self) -> &'static str {
        match (self.hash, self.session) {
            (Hash::Md5, false) => "MD5",
            (Hash::Md5, true) => "MD5-sess",
            (Hash::Sha256, false) => "SHA-256",
            (Hash::Sha256, true) => "SHA-256-sess",
        }
    }
}

impl Hash {
    /// The hash, in hexadecimal, of `parts` with colons between them.
    pub(super) fn of(self, parts: &[&[u8]]) -> String {
        let text = parts.join(&b':');
        match self {
            Self::Md5 => hexadecimal(&Md5::digest(&text)),
            Self::Sha256 => hexadecimal(&Sha256::digest(&text)),
        }
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}
