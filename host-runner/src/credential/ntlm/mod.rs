//! NTLM as MS-NLMP has it, version 2 of the response only: the three messages of a handshake that signs one connection in.
//!
//! It is written out here because the crates that have it bring Kerberos, smart cards and a client of their own along; what
//! an HTTP client needs of it is two messages and four digests.

mod binding;
mod digest;
mod message;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret;
use tokio_rustls::rustls::crypto::ring::default_provider;

use super::Password;
use crate::http::{Handshake, Peer};
use digest::Login;
use message::{Challenge, Fresh};

/// Seconds from 1601, where Windows begins to count, to 1970.
const EPOCH: u64 = 11_644_473_600;

/// One account's side of the handshake.
pub(super) struct Ntlm {
    login: Password,
}

impl Ntlm {
    pub(super) fn new(login: Password) -> Self {
        Self { login }
    }
}

impl Handshake for Ntlm {
    fn who(&self) -> &str {
        &self.login.user
    }

    fn scheme(&self) -> &'static str {
        "NTLM"
    }

    fn opening(&self) -> String {
        format!("NTLM {}", BASE64_STANDARD.encode(message::negotiate()))
    }

    fn answer(&self, challenge: &str, peer: &Peer<'_>) -> Result<String, String> {
        let told = BASE64_STANDARD.decode(challenge.trim()).ok();
        let Some(challenge) = told.as_deref().and_then(Challenge::read) else {
            return Err("its NTLM challenge is not understood".to_owned());
        };
        let mut random = [0; 8];
        let drawn = default_provider().secure_random.fill(&mut random);
        drawn.map_err(|_| "the machine gives no random numbers".to_owned())?;
        // Ticks of 100 nanoseconds.
        let now = peer.now / 1000 * 10_000_000 + peer.now % 1000 * 10_000 + EPOCH * 10_000_000;
        let login = Login::new(&self.login.user, self.login.password.expose_secret());
        let fresh = Fresh { now, random };
        let message = message::authenticate(&login, &challenge, &fresh, peer.host, binding::of(peer.certificate));
        Ok(format!("NTLM {}", BASE64_STANDARD.encode(message)))
    }
}
