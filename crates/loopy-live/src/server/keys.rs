//! Who may do what: the token of the settings, and signed tokens that end.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::config::{PLACEHOLDER, StartError, TOKEN_LENGTH};
use crate::protocol::session::Scopes;

/// Digest of a token; what is kept of it.
pub(super) type Digest = [u8; 32];

/// What a token gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) scopes: Scopes,
    /// Unix time.
    pub(super) expires: Option<u64>,
    /// Tells tokens apart.
    pub(super) token: Digest,
}

/// What a link allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scope {
    /// Watch.
    View,
    /// Steer.
    Control,
    /// Read figures.
    Metrics,
}

impl Scope {
    fn scopes(self) -> Scopes {
        let mut scopes = Scopes::default();
        match self {
            Scope::View => scopes.view = true,
            Scope::Control => scopes.control = true,
            Scope::Metrics => scopes.metrics = true,
        }
        scopes
    }
}

/// Scope, end and eight random bytes.
const CLAIM: usize = 17;

/// A claim and its signature.
const SIGNED: usize = CLAIM + 32;

/// Checks tokens. The token itself is not kept.
pub(super) struct Keys {
    token: Digest,
    signing: [u8; 64],
}

impl Keys {
    pub(super) fn new(token: &str) -> Result<Self, StartError> {
        if token.trim() == PLACEHOLDER {
            return Err(StartError::Placeholder);
        }
        if token.len() < TOKEN_LENGTH {
            return Err(StartError::ShortToken);
        }
        let mut signing = [0; 64];
        for (number, half) in signing.chunks_mut(32).enumerate() {
            let mut digest = Sha256::new();
            digest.update(b"loopy.v1 link\0");
            digest.update([number as u8]);
            digest.update(token);
            half.copy_from_slice(&digest.finalize());
        }
        Ok(Self {
            token: Sha256::digest(token).into(),
            signing,
        })
    }

    /// What `token` gives at `now` of Unix time. Takes as long for no token as for any other.
    pub(super) fn check(&self, token: &[u8], now: u64) -> Option<Grant> {
        let digest: Digest = Sha256::digest(token).into();
        let is_token = digest.ct_eq(&self.token);
        let mut signed = [0; SIGNED];
        let decoded = URL_SAFE_NO_PAD.decode_slice(token, &mut signed);
        let is_whole = Choice::from(u8::from(decoded == Ok(SIGNED)));
        let (claim, signature) = signed.split_at(CLAIM);
        let is_signed = self.sign(claim).ct_eq(signature) & is_whole;
        if bool::from(is_token) {
            return Some(Grant {
                scopes: Scopes::ALL,
                expires: None,
                token: digest,
            });
        }
        let (scope, rest) = claim.split_first()?;
        let expires = u64::from_be_bytes(*rest.first_chunk()?);
        let scope = match scope {
            0 => Scope::View,
            1 => Scope::Control,
            2 => Scope::Metrics,
            _ => return None,
        };
        (bool::from(is_signed) && now < expires).then_some(Grant {
            scopes: scope.scopes(),
            expires: Some(expires),
            token: digest,
        })
    }

    /// A token with one scope that ends at `expires` of Unix time.
    pub(super) fn link(&self, scope: Scope, expires: u64) -> Result<String, getrandom::Error> {
        let mut signed = [0; SIGNED];
        let (claim, signature) = signed.split_at_mut(CLAIM);
        claim[0] = scope as u8;
        claim[1..9].copy_from_slice(&expires.to_be_bytes());
        getrandom::fill(&mut claim[9..])?;
        signature.copy_from_slice(&self.sign(claim));
        Ok(URL_SAFE_NO_PAD.encode(signed))
    }

    fn sign(&self, claim: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new(&self.signing.into());
        mac.update(claim);
        mac.finalize().into_bytes().into()
    }
}

/// So many random bytes as letters, for names and tickets.
pub(super) fn random<const N: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn the_placeholder_and_what_can_be_guessed_are_refused() {
        assert!(matches!(
            Keys::new(PLACEHOLDER),
            Err(StartError::Placeholder)
        ));
        assert!(matches!(
            Keys::new(" generate_random_token_here\n"),
            Err(StartError::Placeholder)
        ));
        assert!(matches!(Keys::new("secret"), Err(StartError::ShortToken)));
        assert!(matches!(Keys::new(""), Err(StartError::ShortToken)));
    }

    #[test]
    fn a_link_has_one_scope_and_ends() {
        let keys = Keys::new(TOKEN).unwrap();
        for (scope, names) in [
            (Scope::View, ["view"]),
            (Scope::Control, ["control"]),
            (Scope::Metrics, ["metrics"]),
        ] {
            let link = keys.link(scope, 1000).unwrap();
            let grant = keys.check(link.as_bytes(), 999).unwrap();
            assert_eq!(grant.scopes.names(), names);
            assert_eq!(grant.expires, Some(1000));
            assert_eq!(keys.check(link.as_bytes(), 1000), None);
        }
        let other = Keys::new("another token of thirty characters").unwrap();
        let link = other.link(Scope::View, 1000).unwrap();
        assert_eq!(keys.check(link.as_bytes(), 0), None);
    }

    proptest! {
        #[test]
        fn a_changed_link_is_worth_nothing(at in 0_usize..66, letter in "[A-Za-z0-9_-]") {
            let keys = Keys::new(TOKEN).unwrap();
            let link = keys.link(Scope::View, u64::MAX).unwrap();
            let mut changed = link.clone().into_bytes();
            changed[at] = letter.as_bytes()[0];
            let same = changed == link.as_bytes();
            prop_assert_eq!(keys.check(&changed, 0).is_some(), same);
        }

        #[test]
        fn only_the_token_is_the_token(token in prop::collection::vec(any::<u8>(), 0..80)) {
            let keys = Keys::new(TOKEN).unwrap();
            prop_assert_eq!(keys.check(&token, 0).is_some(), token == TOKEN.as_bytes());
        }
    }
}
