//! The digests of NTLMv2 (MS-NLMP 3.3.2).

use hmac::{Hmac, KeyInit, Mac};
use md4::{Digest, Md4};
use md5::Md5;

/// A password's owner, and the key that both sides derive from the password.
pub(super) struct Login {
    pub(super) domain: String,
    pub(super) user: String,
    key: [u8; 16],
}

impl Login {
    /// `DOMAIN\user`, `user@domain` or `user`.
    pub(super) fn new(who: &str, password: &str) -> Self {
        let (domain, user) = who.split_once('\\').unwrap_or(("", who));
        let hash: [u8; 16] = Md4::digest(utf16(password)).into();
        let key = mac(&hash, &[&utf16(&(user.to_uppercase() + domain))]);
        Self { domain: domain.to_owned(), user: user.to_owned(), key }
    }

    /// The response to a challenge: the proof, what was proven, and the key of the session.
    pub(super) fn response(&self, challenge: &[u8; 8], time: u64, random: &[u8; 8], target: &[u8]) -> Response {
        let mut told = vec![1, 1, 0, 0, 0, 0, 0, 0];
        told.extend(time.to_le_bytes());
        told.extend(random);
        told.extend([0; 4]);
        told.extend(target);
        told.extend([0; 4]);
        let proof = mac(&self.key, &[challenge, &told]);
        let session = mac(&self.key, &[&proof]);
        let mut nt = proof.to_vec();
        nt.extend(told);
        Response { nt, session }
    }

    /// The response for servers that give no time.
    pub(super) fn short_response(&self, challenge: &[u8; 8], random: &[u8; 8]) -> Vec<u8> {
        let mut lm = mac(&self.key, &[challenge, random]).to_vec();
        lm.extend(random);
        lm
    }
}

/// What a challenge is answered with.
pub(super) struct Response {
    pub(super) nt: Vec<u8>,
    pub(super) session: [u8; 16],
}

/// The code that says that these messages went together.
pub(super) fn mac(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    // A key is padded with zeros to a block.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut hmac = <Hmac<Md5> as KeyInit>::new(&block.into());
    parts.iter().for_each(|part| hmac.update(part));
    hmac.finalize().into_bytes().into()
}

pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// MS-NLMP 4.2.4: the published example of NTLMv2.
    #[test]
    fn the_digests_are_those_of_the_published_example() {
        let login = Login::new("Domain\\User", "Password");
        assert_eq!(hex(&login.key), "0c868a403bfd7a93a3001ef22ef02e3f");
        let challenge = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
        let random = [0xaa; 8];
        assert_eq!(hex(&login.short_response(&challenge, &random)), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
        let mut target = vec![2, 0, 12, 0];
        target.extend(utf16("Domain"));
        target.extend([1, 0, 12, 0]);
        target.extend(utf16("Server"));
        target.extend([0; 4]);
        let response = login.response(&challenge, 0, &random, &target);
        assert_eq!(hex(&response.nt[..16]), "68cd0ab851e51c96aabc927bebef6a1c");
        assert_eq!(hex(&response.session), "8de40ccadbc14a82f15cb0ad0de95ca3");
    }

    #[test]
    fn a_domain_stands_before_the_name_or_in_it() {
        let named = |who: &str| {
            let login = Login::new(who, "x");
            (login.domain, login.user)
        };
        assert_eq!(named("CORP\\sync"), ("CORP".to_owned(), "sync".to_owned()));
        assert_eq!(named("sync@corp.example"), (String::new(), "sync@corp.example".to_owned()));
        assert_eq!(named("sync"), (String::new(), "sync".to_owned()));
    }
}
