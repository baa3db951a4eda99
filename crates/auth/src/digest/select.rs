//! Which challenge is answered.

use super::hash::{Algorithm, Hash};
use crate::Challenge;

/// Longest realm, nonce or opaque value that is answered; longer ones are an attack or a mistake.
const MAX_VALUE: usize = 1024;

/// The strongest Digest challenge that can be answered.
pub(super) fn strongest(challenges: &[Challenge], minimum: Hash) -> Option<&Challenge> {
    let mut best: Option<(Hash, &Challenge)> = None;
    for challenge in challenges {
        let Some(algorithm) = answerable(challenge) else {
            continue;
        };
        let stronger = best.is_none_or(|(hash, _)| algorithm.hash > hash);
        if algorithm.hash >= minimum && stronger {
            best = Some((algorithm.hash, challenge));
        }
    }
    best.map(|(_, challenge)| challenge)
}

pub(super) fn answerable(challenge: &Challenge) -> Option<Algorithm> {
    let algorithm = Algorithm::named(challenge.get("algorithm").unwrap_or("MD5"))?;
    let short = |name| {
        challenge
            .get_bytes(name)
            .is_none_or(|value| value.len() <= MAX_VALUE)
    };
    let whole = challenge.get_bytes("realm").is_some()
        && challenge.get_bytes("nonce").is_some_and(is_nonce)
        && short("realm")
        && short("opaque");
    // `auth-int` alone asks for a hash of the body, which is not known here.
    let known = challenge.get("qop").is_none_or(offers_auth);
    (challenge.is("Digest") && whole && known).then_some(algorithm)
}

pub(super) const fn is_nonce(nonce: &[u8]) -> bool {
    !nonce.is_empty() && nonce.len() <= MAX_VALUE
}

fn offers_auth(qop: &str) -> bool {
    qop.split(',')
        .any(|quality| quality.trim().eq_ignore_ascii_case("auth"))
}

/// Whether the nonce was at fault, and not the user or the password.
pub(super) fn is_stale(challenge: &Challenge) -> bool {
    challenge
        .get("stale")
        .is_some_and(|stale| stale.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_challenge_is_answered_and_never_a_weaker_one() {
        let of = |algorithm: &str| {
            format!(r#"Digest realm="r", nonce="n", algorithm={algorithm}, qop="auth""#)
        };
        let chosen = |line: &str, minimum| {
            strongest(&Challenge::parse(line), minimum)
                .map(|challenge| challenge.get("algorithm").unwrap_or_default().to_owned())
        };
        let all = [
            "Basic realm=\"r\"",
            &of("MD5"),
            &of("SHA-256"),
            &of("SHA-512-256"),
        ]
        .join(", ");
        assert_eq!(chosen(&all, Hash::Md5).as_deref(), Some("SHA-256"));
        assert_eq!(chosen(&of("MD5"), Hash::Md5).as_deref(), Some("MD5"));
        assert_eq!(chosen(&of("MD5"), Hash::Sha256), None);
        assert_eq!(chosen("Basic realm=\"r\"", Hash::Md5), None);
    }

    #[test]
    fn what_cannot_be_answered_is_not() {
        for challenge in [
            r#"Digest realm="r", nonce="n", qop="auth-int""#,
            r#"Digest realm="r", nonce="n", algorithm=SHA-1"#,
            r#"Digest realm="r", nonce="""#,
            r#"Digest nonce="n""#,
            r#"Digest realm="r""#,
            &format!(r#"Digest realm="r", nonce="{}""#, "n".repeat(MAX_VALUE + 1)),
        ] {
            let challenges = Challenge::parse(challenge);
            assert_eq!(challenges.len(), 1);
            assert!(strongest(&challenges, Hash::Md5).is_none(), "{challenge}");
        }
    }
}
