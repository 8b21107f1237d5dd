//! The messages (MS-NLMP 2.2.1): offer, challenge, answer.

use super::digest::{Login, mac, utf16};

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
/// Unicode, the target's name, NTLM, a signature in principle, the session security of NTLMv2, keys of 128 and 56 bits.
const FLAGS: u32 = 0xa008_8205;
/// Head of the answer, with the version that is not told and the code that protects all three messages.
const HEAD: usize = 88;

const END: u16 = 0;
const FLAGS_PAIR: u16 = 6;
const TIME: u16 = 7;
const TARGET: u16 = 9;
const BINDING: u16 = 10;
/// In [`FLAGS_PAIR`]: the answer holds the code over all three messages.
const PROTECTED: u32 = 2;

/// What a handshake needs anew each time.
pub(super) struct Fresh {
    /// Ticks of Windows, where the server tells none.
    pub(super) now: u64,
    pub(super) random: [u8; 8],
}

/// What the server asks.
pub(super) struct Challenge {
    nonce: [u8; 8],
    flags: u32,
    pairs: Vec<(u16, Vec<u8>)>,
    raw: Vec<u8>,
}

impl Challenge {
    pub(super) fn read(raw: &[u8]) -> Option<Self> {
        if raw.get(..8)? != SIGNATURE || number(raw, 8)? != 2 {
            return None;
        }
        let flags = number(raw, 20)?;
        let nonce = raw.get(24..32)?.try_into().ok()?;
        let length = usize::from(short(raw, 40)?);
        let start = usize::try_from(number(raw, 44)?).ok()?;
        let mut rest = raw.get(start..start.checked_add(length)?)?;
        let mut pairs = Vec::new();
        while let (Some(id), Some(size)) = (short(rest, 0), short(rest, 2)) {
            if id == END {
                break;
            }
            let end = 4 + usize::from(size);
            pairs.push((id, rest.get(4..end)?.to_vec()));
            rest = rest.get(end..)?;
        }
        Some(Self { nonce, flags, pairs, raw: raw.to_vec() })
    }

    fn time(&self) -> Option<u64> {
        let (_, value) = self.pairs.iter().find(|(id, _)| *id == TIME)?;
        Some(u64::from_le_bytes(value.as_slice().try_into().ok()?))
    }
}

/// The first message.
pub(super) fn negotiate() -> Vec<u8> {
    let mut message = SIGNATURE.to_vec();
    message.extend(1_u32.to_le_bytes());
    message.extend(FLAGS.to_le_bytes());
    // No domain, no workstation, no version.
    message.extend([0; 24]);
    message
}

/// The third message. The binding says to which end of TLS the client speaks; sixteen zeros say that there is none.
pub(super) fn authenticate(
    login: &Login,
    challenge: &Challenge,
    fresh: &Fresh,
    host: &str,
    binding: [u8; 16],
) -> Vec<u8> {
    let time = challenge.time();
    let target = target(challenge, time.is_some(), host, binding);
    let response = login.response(&challenge.nonce, time.unwrap_or(fresh.now), &fresh.random, &target);
    let lm = match time {
        Some(_) => vec![0; 24],
        None => login.short_response(&challenge.nonce, &fresh.random),
    };
    let mut message = SIGNATURE.to_vec();
    message.extend(3_u32.to_le_bytes());
    let mut payload = Vec::new();
    for part in [lm, response.nt, utf16(&login.domain), utf16(&login.user), vec![], vec![]] {
        let size = u16::try_from(part.len()).unwrap_or(u16::MAX).to_le_bytes();
        message.extend(size);
        message.extend(size);
        message.extend(u32::try_from(HEAD + payload.len()).unwrap_or(u32::MAX).to_le_bytes());
        payload.extend(part);
    }
    message.extend((challenge.flags & FLAGS).to_le_bytes());
    message.extend([0; 8]);
    let mut protected = [0; 16];
    if time.is_some() {
        let whole = [message.as_slice(), &[0; 16], &payload].concat();
        protected = mac(&response.session, &[&negotiate(), &challenge.raw, &whole]);
    }
    message.extend(protected);
    message.extend(payload);
    message
}

/// What the server told of itself, and what we see of it.
fn target(challenge: &Challenge, protected: bool, host: &str, binding: [u8; 16]) -> Vec<u8> {
    let own = [FLAGS_PAIR, TARGET, BINDING];
    let mut pairs: Vec<(u16, Vec<u8>)> = challenge.pairs.iter().filter(|(id, _)| !own.contains(id)).cloned().collect();
    if protected {
        pairs.push((FLAGS_PAIR, PROTECTED.to_le_bytes().to_vec()));
    }
    pairs.push((TARGET, utf16(&format!("HTTP/{host}"))));
    pairs.push((BINDING, binding.to_vec()));
    pairs.push((END, Vec::new()));
    let mut written = Vec::new();
    for (id, value) in pairs {
        written.extend(id.to_le_bytes());
        written.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
        written.extend(value);
    }
    written
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(pairs: &[u8]) -> Vec<u8> {
        let mut raw = SIGNATURE.to_vec();
        raw.extend(2_u32.to_le_bytes());
        raw.extend([0; 8]);
        raw.extend(FLAGS.to_le_bytes());
        raw.extend([1; 8]);
        raw.extend([0; 8]);
        let size = u16::try_from(pairs.len()).unwrap().to_le_bytes();
        raw.extend(size);
        raw.extend(size);
        raw.extend(48_u32.to_le_bytes());
        raw.extend(pairs);
        raw
    }

    #[test]
    fn a_challenge_that_is_cut_short_or_points_outside_is_none() {
        let whole = challenge(&[7, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0]);
        assert_eq!(Challenge::read(&whole).unwrap().time(), Some(0x0807_0605_0403_0201));
        for cut in 0..whole.len() {
            assert!(Challenge::read(&whole[..cut]).is_none(), "{cut}");
        }
        assert!(Challenge::read(&challenge(&[7, 0, 200, 0, 1])).is_none());
        let mut far = whole;
        far[44..48].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Challenge::read(&far).is_none());
    }
}
