//! Which addresses a component may be connected to: public ones, unless the configuration names the origin.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is on the public internet; otherwise what it is, for the error message.
///
/// # Errors
/// The kind of address that it is instead.
pub fn permits(address: IpAddr) -> Result<(), &'static str> {
    match address {
        IpAddr::V4(v4) => permits_v4(v4),
        IpAddr::V6(v6) => permits_v6(v6),
    }
}

fn permits_v4(address: Ipv4Addr) -> Result<(), &'static str> {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (0, ..) => Err("an unspecified address"),
        (127, ..) => Err("a loopback address"),
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => Err("a private address"),
        (100, 64..=127, _) => Err("a carrier's private address"),
        (169, 254, _) => Err("a link-local or metadata address"),
        // Wire server of Azure, reachable from its virtual machines only.
        (168, 63, 129) => Err("a metadata address"),
        (192, 0, 0 | 2) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => Err("a reserved address"),
        (224..=239, ..) => Err("a multicast address"),
        (240..=255, ..) => Err("a reserved address"),
        _ => Ok(()),
    }
}

fn permits_v6(address: Ipv6Addr) -> Result<(), &'static str> {
    if address.is_unspecified() {
        return Err("an unspecified address");
    }
    if address.is_loopback() {
        return Err("a loopback address");
    }
    if let Some(v4) = embedded(address) {
        return permits_v4(v4);
    }
    let [first, second, ..] = address.segments();
    match first {
        0xfc00..=0xfdff => Err("a private address"),
        0xfe80..=0xfeff => Err("a link-local address"),
        0xff00..=0xffff => Err("a multicast address"),
        0x2001 if second == 0x0db8 || second < 0x0200 => Err("a reserved address"),
        0x2000..=0x3fff => Ok(()),
        _ => Err("a reserved address"),
    }
}

/// The IPv4 address that a router would unpack from this one: mapped, compatible, NAT64 and 6to4 spellings.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let tail = || Ipv4Addr::from((u32::from(g) << 16) | u32::from(h));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(tail()),
        (0x64, 0xff9b, 1, ..) => Some(tail()),
        (0x2002, ..) => Some(Ipv4Addr::from((u32::from(b) << 16) | u32::from(c))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> bool {
        permits(text.parse().unwrap()).is_ok()
    }

    #[test]
    fn mapped_ipv6_spellings_are_judged_as_the_ipv4_address() {
        for refused in ["::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::"] {
            assert!(!judged(refused), "{refused}");
        }
        assert!(judged("::ffff:52.96.0.1"));
        assert!(judged("64:ff9b::52.96.0.1"));
    }

    #[test]
    fn private_loopback_link_local_and_metadata_addresses_are_refused() {
        for refused in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "168.63.129.16",
            "100.100.100.200",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00:ec2::254",
            "ff02::1",
        ] {
            assert!(!judged(refused), "{refused}");
        }
    }

    #[test]
    fn public_addresses_are_permitted() {
        for allowed in ["8.8.8.8", "172.32.0.1", "52.96.0.1", "2603:1026::1", "2a01:111::1"] {
            assert!(judged(allowed), "{allowed}");
        }
    }
}
