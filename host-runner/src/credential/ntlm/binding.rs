//! Channel binding (RFC 5929, `tls-server-end-point`): the answer names the certificate that the client sees, so that it is
//! worth nothing to whoever stands between. Servers with Extended Protection refuse an answer without it, and one that was
//! made before another certificate: behind a proxy that ends TLS with a certificate of its own there is no NTLM.

use md5::{Digest, Md5};
use sha2::{Sha256, Sha384, Sha512};

/// The digest that goes into the answer; zeros where there is no TLS.
pub(super) fn of(certificate: Option<&[u8]>) -> [u8; 16] {
    let Some(certificate) = certificate else { return [0; 16] };
    let mut data = b"tls-server-end-point:".to_vec();
    data.extend(end_point(certificate));
    // No addresses of either side: four numbers that are zero.
    let mut structure = vec![0; 16];
    structure.extend(u32::try_from(data.len()).unwrap_or_default().to_le_bytes());
    structure.extend(data);
    Md5::digest(structure).into()
}

/// The certificate by the digest that it is signed with; SHA-256 in the place of weaker ones.
fn end_point(certificate: &[u8]) -> Vec<u8> {
    match signed_with(certificate) {
        Some([.., 1, 1, 12] | [.., 4, 3, 3]) => Sha384::digest(certificate).to_vec(),
        Some([.., 1, 1, 13] | [.., 4, 3, 4]) => Sha512::digest(certificate).to_vec(),
        _ => Sha256::digest(certificate).to_vec(),
    }
}

/// The object identifier of a certificate's signature: behind the part that is signed.
fn signed_with(certificate: &[u8]) -> Option<&[u8]> {
    let (_, whole, _) = element(certificate)?;
    let (_, _signed, rest) = element(whole)?;
    let (_, algorithm, _) = element(rest)?;
    let (tag, identifier, _) = element(algorithm)?;
    (tag == 6).then_some(identifier)
}

/// The first element of DER: its tag, its content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, first, rest) = (*bytes.first()?, *bytes.get(1)?, bytes.get(2..)?);
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let digits = usize::from(first & 0x7f);
        let length = rest.get(..digits).filter(|_| digits <= 4)?;
        (length.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest.get(digits..)?)
    };
    Some((tag, rest.get(..length)?, rest.get(length..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], length.as_slice(), content].concat()
    }

    fn certificate(identifier: &[u8]) -> Vec<u8> {
        let algorithm = der(0x30, &der(6, identifier));
        der(0x30, &[der(0x30, &[1; 300]), algorithm, der(3, &[0, 1])].concat())
    }

    #[test]
    fn a_certificate_is_named_by_the_digest_that_it_is_signed_with() {
        let rsa = |number: u8| certificate(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, number]);
        let sizes: Vec<usize> = [5, 11, 12, 13].map(|number| end_point(&rsa(number)).len()).to_vec();
        assert_eq!(sizes, [32, 32, 48, 64]);
        assert_eq!(end_point(&certificate(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3])).len(), 48);
        assert_eq!(end_point(b"no certificate at all").len(), 32);
        assert_ne!(of(Some(&rsa(11))), of(Some(&rsa(12))));
        assert_eq!(of(None), [0; 16]);
    }
}
