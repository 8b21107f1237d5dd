//! Ids as Outlook hands them out: opaque, case-sensitive, and carrying what is needed to find the thing again.
//!
//! A classic id names the folder and how often the item has moved, so it dies with every move; an immutable id names the
//! item alone. Both are computed, so that no index of ids has to be kept.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use uuid::Uuid;

/// The key of an item inside the emulator; never shown.
pub(crate) type Key = u64;

/// All ids of the emulator descend from this namespace, so that the same world has the same ids in every run.
const NAMESPACE: Uuid = Uuid::from_u128(0x3d0f_7c0a_41b6_4e0c_9d2b_6f1c_5a77_e310);

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Event,
    Calendar,
    Group,
    TaskList,
    Task,
    Folder,
}

/// An id taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) kind: Kind,
    pub(crate) mailbox: Uuid,
    pub(crate) key: Key,
    /// Original date, for one occurrence of a series.
    pub(crate) date: Option<NaiveDate>,
    /// Folder and number of moves; `None` in an immutable id.
    pub(crate) place: Option<(Key, u32)>,
}

/// Classic ids are 140 characters.
const CLASSIC: usize = 105;
/// Immutable ids are 72 characters.
const IMMUTABLE: usize = 54;
/// "No date" in an id.
const NO_DATE: i32 = i32::MIN;

impl Id {
    /// The id as it goes over the wire.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(CLASSIC);
        bytes.extend(if self.place.is_some() { [0x00, 0x03, 0x24] } else { [0x00, 0x09, 0x00] });
        bytes.push(match self.kind {
            Kind::Event => 1,
            Kind::Calendar => 2,
            Kind::Group => 3,
            Kind::TaskList => 4,
            Kind::Task => 5,
            Kind::Folder => 6,
        });
        bytes.extend(self.mailbox.as_bytes());
        bytes.extend(self.key.to_be_bytes());
        let date = self.date.map_or(NO_DATE, |date| date.num_days_from_ce());
        bytes.extend(date.to_be_bytes());
        let (calendar, moves) = self.place.unwrap_or_default();
        if self.place.is_some() {
            bytes.extend(calendar.to_be_bytes());
            bytes.extend(moves.to_be_bytes());
        }
        let length = if self.place.is_some() { CLASSIC } else { IMMUTABLE };
        let mut seed = self.key ^ (u64::from(date.unsigned_abs()) << 20) ^ (u64::from(moves) << 40) ^ calendar;
        while bytes.len() < length {
            seed = mix(seed);
            let room = length - bytes.len();
            bytes.extend(seed.to_be_bytes().into_iter().take(room));
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Takes an id apart; `None` where the service would say `ErrorInvalidIdMalformed`.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (head, rest) = bytes.split_first_chunk::<3>()?;
        let classic = match (head, bytes.len()) {
            ([0x00, 0x03, 0x24], CLASSIC) => true,
            ([0x00, 0x09, 0x00], IMMUTABLE) => false,
            _ => return None,
        };
        let (kind, rest) = rest.split_first()?;
        let kind = match kind {
            1 => Kind::Event,
            2 => Kind::Calendar,
            3 => Kind::Group,
            4 => Kind::TaskList,
            5 => Kind::Task,
            6 => Kind::Folder,
            _ => return None,
        };
        let (mailbox, rest) = rest.split_first_chunk::<16>()?;
        let (key, rest) = rest.split_first_chunk::<8>()?;
        let (date, rest) = rest.split_first_chunk::<4>()?;
        let date = match i32::from_be_bytes(*date) {
            NO_DATE => None,
            days => Some(NaiveDate::from_num_days_from_ce_opt(days)?),
        };
        let place = if classic {
            let (calendar, rest) = rest.split_first_chunk::<8>()?;
            let (moves, _) = rest.split_first_chunk::<4>()?;
            Some((u64::from_be_bytes(*calendar), u32::from_be_bytes(*moves)))
        } else {
            None
        };
        let id = Self { kind, mailbox: Uuid::from_bytes(*mailbox), key: u64::from_be_bytes(*key), date, place };
        (id.encode() == text).then_some(id)
    }
}

/// One step of splitmix64: cheap, and good enough to make ids look like ids.
pub(crate) const fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stable UUID for a name.
pub(crate) fn named(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// A change key: the mailbox and a counter, as Exchange builds them.
pub(crate) fn change_key(mailbox: Uuid, change: u64) -> String {
    let mut bytes = [0_u8; 22];
    for (slot, byte) in
        bytes.iter_mut().zip(mailbox.as_bytes().iter().copied().chain(change.to_be_bytes().into_iter().skip(2)))
    {
        *slot = byte;
    }
    STANDARD.encode(bytes)
}

/// Outlook's global object id of a meeting, without the date of an occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GlobalId {
    created: u64,
    guid: Uuid,
    /// The UID of a meeting that another calendar system has made, which stands for itself.
    foreign: Option<Arc<str>>,
}

/// 100-nanosecond ticks between 1601 and 1970.
const FILETIME_EPOCH: i64 = 116_444_736_000_000_000;

impl GlobalId {
    /// A new identity, made by `mailbox` as its item `key`.
    pub(crate) fn new(mailbox: Uuid, key: Key, now: DateTime<Utc>) -> Self {
        let (low, high) = (mix(key), mix(key ^ 0x5555));
        let tail = Uuid::from_u64_pair(low, high);
        let guid = Uuid::from_u128(mailbox.as_u128() ^ tail.as_u128());
        Self { created: (now.timestamp_micros() * 10 + FILETIME_EPOCH).unsigned_abs(), guid, foreign: None }
    }

    /// The identity that an `iCalUId` names.
    pub(crate) fn named(uid: &str) -> Self {
        match Self::parse(uid) {
            Some((id, _)) => id,
            None => Self { created: 0, guid: named(&format!("uid {uid}")), foreign: Some(uid.into()) },
        }
    }

    /// The `iCalUId`: bytes 16 to 19 hold the original date of an occurrence and are zero elsewhere.
    pub(crate) fn text(&self, date: Option<NaiveDate>) -> String {
        match (&self.foreign, date) {
            (Some(uid), None) => uid.to_string(),
            _ => self.wrapped(date),
        }
    }

    /// The whole id in hexadecimal, where a foreign UID is wrapped.
    pub(crate) fn wrapped(&self, date: Option<NaiveDate>) -> String {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(112);
        text.push_str("040000008200E00074C5B7101A82E008");
        let (year, month, day) = date.map_or((0, 0, 0), |date| (date.year(), date.month(), date.day()));
        let swapped = self.created.swap_bytes();
        if let Some(uid) = &self.foreign {
            // Exchange wraps a foreign UID when it has to put the date of an occurrence beside it.
            let length = u32::try_from(uid.len() + 13).unwrap_or_default().swap_bytes();
            // Writing to a String cannot fail.
            let _ = write!(text, "{year:04X}{month:02X}{day:02X}{:032X}{length:08X}7643616C2D55696401000000", 0);
            for byte in uid.bytes() {
                let _ = write!(text, "{byte:02X}");
            }
            text.push_str("00");
            return text;
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{year:04X}{month:02X}{day:02X}{swapped:016X}000000000000000010000000");
        let _ = write!(text, "{:032X}", self.guid.as_u128());
        text
    }

    /// Reads an `iCalUId` back.
    pub(crate) fn parse(text: &str) -> Option<(Self, Option<NaiveDate>)> {
        if text.len() != 112 {
            return None;
        }
        let hex = |from: usize, to: usize| text.get(from..to);
        if !hex(0, 32)?.eq_ignore_ascii_case("040000008200E00074C5B7101A82E008") {
            return None;
        }
        let year = i32::from_str_radix(hex(32, 36)?, 16).ok()?;
        let month = u32::from_str_radix(hex(36, 38)?, 16).ok()?;
        let day = u32::from_str_radix(hex(38, 40)?, 16).ok()?;
        let date = if year == 0 { None } else { Some(NaiveDate::from_ymd_opt(year, month, day)?) };
        let created = u64::from_str_radix(hex(40, 56)?, 16).ok()?.swap_bytes();
        let guid = Uuid::from_u128(u128::from_str_radix(hex(80, 112)?, 16).ok()?);
        Some((Self { created, guid, foreign: None }, date))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_outlooks_lengths_and_survive_the_round_trip() {
        let mailbox = named("a@b.c");
        let date = NaiveDate::from_ymd_opt(2026, 11, 22);
        for place in [None, Some((7, 3))] {
            let id = Id { kind: Kind::Event, mailbox, key: 12, date, place };
            let text = id.encode();
            assert_eq!(text.len(), if place.is_some() { 140 } else { 72 });
            assert_eq!(Id::decode(&text), Some(id));
            assert_eq!(Id::decode(&text.to_lowercase()), None);
        }
    }

    #[test]
    fn a_global_object_id_carries_the_occurrences_date_in_bytes_16_to_19() {
        let id = GlobalId::new(named("a@b.c"), 5, DateTime::UNIX_EPOCH);
        let date = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let text = id.text(Some(date));
        assert_eq!(text.len(), 112);
        assert_eq!(text.get(32..40), Some("07EA0B16"));
        assert_eq!(GlobalId::parse(&text), Some((id.clone(), Some(date))));
        assert_eq!(GlobalId::parse(&id.text(None)), Some((id, None)));
    }

    #[test]
    fn a_foreign_uid_stands_for_itself_until_a_date_joins_it() {
        let id = GlobalId::named("abc@google.com");
        assert_eq!(id.text(None), "abc@google.com");
        let dated = id.text(NaiveDate::from_ymd_opt(2026, 11, 22));
        assert!(dated.contains("07EA0B16") && dated.contains("7643616C2D556964") && dated.len() == 2 * (40 + 13 + 14));
    }
}
