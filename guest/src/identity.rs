//! How things are recognised: meeting identity, ids that derive from it, the marker, the fingerprint.

use crate::activity::Seen;
use crate::digest::Digest;
use base64::Engine as _;
use uuid::Uuid;

/// Namespace of every id that we derive (UUIDv5).
const NAMESPACE: Uuid = Uuid::from_u128(0x6b1d_5c1e_7a52_5d0e_9c6f_0d5b_8a5e_41c7);

/// First 16 bytes of every Outlook global object id, in hexadecimal.
const GLOBAL_OBJECT_ID: &str = "040000008200E00074C5B7101A82E008";
/// What stands before an id of another program in one of Outlook's.
const WRAPPER: &[u8] = b"vCal-Uid\x01\0\0\0";

/// Property set of our named property, the same on Graph and on Exchange.
pub const MARKER_SET: &str = "f3bb0a2e-6c1d-5d0a-9f0b-2f8f4b1c6a37";
/// Name of our named property.
pub const MARKER_NAME: &str = "ScheduleSync";

/// Meeting identity from Graph's `iCalUId` or EWS' `UID`: Outlook's global object id with the bytes of the occurrence's
/// date zeroed, so that all copies and all occurrences of a meeting agree; an id that another program made as it is.
#[must_use]
pub fn meeting(uid: &str) -> Option<String> {
    let uid = uid.trim();
    if uid.is_empty() {
        return None;
    }
    let upper = uid.to_ascii_uppercase();
    match (upper.strip_prefix(GLOBAL_OBJECT_ID), upper.get(40..)) {
        (Some(_), Some(rest)) if upper.chars().all(|c| c.is_ascii_hexdigit()) => {
            Some(format!("{GLOBAL_OBJECT_ID}00000000{rest}"))
        }
        _ => Some(uid.to_owned()),
    }
}

/// The bytes in which Outlook keeps a meeting identity, as Exchange searches for them: in base64. What another program made
/// is wrapped.
#[must_use]
pub fn global_object_id(identity: &str) -> String {
    let upper = identity.to_ascii_uppercase();
    let ours = upper.starts_with(GLOBAL_OBJECT_ID) && upper.len().is_multiple_of(2);
    let hexadecimal = |text: &str| -> Option<Vec<u8>> {
        let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
        pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
    };
    let bytes = hexadecimal(&upper).filter(|_| ours).unwrap_or_else(|| {
        let mut bytes = hexadecimal(GLOBAL_OBJECT_ID).unwrap_or_default();
        // No date of an occurrence, no time of creation.
        bytes.extend([0; 20]);
        let data: Vec<u8> = WRAPPER.iter().chain(identity.as_bytes()).chain(&[0]).copied().collect();
        bytes.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(data);
        bytes
    });
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Id of the activity that an imported meeting becomes, the same for every mailbox of the tenant.
#[must_use]
pub fn activity_of_meeting(tenant: &str, identity: &str) -> Uuid {
    derived(&["activity", tenant, identity])
}

/// Id of a mailbox in markers: says nothing of its address.
#[must_use]
pub fn mailbox(tenant: &str, address: &str) -> Uuid {
    derived(&["mailbox", tenant, &address.to_lowercase()])
}

/// The same by the mailbox's id in the directory, which survives a new address.
#[must_use]
pub fn mailbox_of_directory(tenant: &str, directory: &str) -> Uuid {
    derived(&["directory", tenant, &directory.to_lowercase()])
}

/// Graph's `transactionId`: one for each deliberate creation, so that the server itself drops a repeated one.
#[must_use]
pub fn transaction(activity: Uuid, mailbox: Uuid, generation: u32) -> Uuid {
    derived(&["transaction", &activity.to_string(), &mailbox.to_string(), &generation.to_string()])
}

/// What makes one attempt to create an item tell from another.
#[must_use]
pub fn nonce(run: &str, activity: Uuid, generation: u32) -> String {
    Digest::of(&("nonce", run, activity, generation)).short().to_owned()
}

/// Id of an account's test item in Creatio: one that an earlier test left behind is found by it.
#[must_use]
pub fn test_item(tenant: &str, account: &str, which: &str) -> Uuid {
    derived(&["test", tenant, account, which])
}

fn derived(parts: &[&str]) -> Uuid {
    // Lengths keep ("ab", "c") apart from ("a", "bc").
    let name = parts.iter().map(|part| format!("{}:{part}", part.len())).collect::<Vec<_>>().join(" ");
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// What we leave on an item that we made: whose it is, in whose mailbox, by which attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The activity.
    pub activity: Uuid,
    /// The mailbox it was made in. In another mailbox it is a hint of identity, never a link.
    pub mailbox: Uuid,
    /// The attempt.
    pub nonce: String,
}

impl Marker {
    /// As the item carries it.
    #[must_use]
    pub fn encode(&self) -> String {
        format!("{}/{}/{}", self.activity, self.mailbox, self.nonce)
    }

    /// Reads one; none where it is not ours.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('/');
        let activity = Uuid::parse_str(parts.next()?).ok()?;
        let mailbox = Uuid::parse_str(parts.next()?).ok()?;
        let nonce = parts.next()?.to_owned();
        parts.next().is_none().then_some(Self { activity, mailbox, nonce })
    }
}

/// What two items have in common that a person would call the same, on first contact: title, start and end; of a task
/// title and day. None where there is too little to tell by.
#[must_use]
pub fn fingerprint(seen: &Seen) -> Option<Digest> {
    let title = seen.title().to_lowercase();
    match (seen.when(), seen.days()) {
        (Some(when), _) => Some(Digest::of(&("fingerprint", title, when.start.timestamp(), when.end.timestamp()))),
        (None, Some(days)) => days.due.map(|due| Digest::of(&("task", title, due))),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_occurrences_and_copies_of_a_meeting_have_one_identity() {
        let of_day = "040000008200E00074C5B7101A82E00807EA0B16A0B1C2D3E4F5DA010000000000000000100000001122334455667788AABBCCDDEEFF0011";
        let of_series = "040000008200e00074c5b7101a82e00800000000a0b1c2d3e4f5da010000000000000000100000001122334455667788aabbccddeeff0011";
        assert_eq!(meeting(of_day), meeting(of_series));
        assert_eq!(meeting(" 7c9e@example.com "), Some("7c9e@example.com".into()));
        assert_eq!(meeting(""), None);
        assert_eq!(meeting("040000008200E00074C5B7101A82E008"), Some("040000008200E00074C5B7101A82E008".into()));
    }

    #[test]
    fn a_marker_survives_its_way_and_a_foreign_one_is_none() {
        let marker = Marker { activity: derived(&["a"]), mailbox: mailbox("t", "A@b.c"), nonce: "0123456789ab".into() };
        assert_eq!(Marker::decode(&marker.encode()), Some(marker));
        assert_eq!(Marker::decode("something else"), None);
        assert_eq!(mailbox("t", "A@B.c"), mailbox("t", "a@b.C"));
    }
}
