//! Ids of items and folders, their change keys, and the forms that `ConvertId` turns into each other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use uuid::Uuid;

use super::item::{Item, Seen};
use super::problem::{Done, Problem};
use super::xml::{Node, t};
use crate::outlook::ids::{self, Id, Key, Kind};

/// How an id is written.
fn text(id: &Id) -> String {
    // Graph writes the same with two signs that need no escape in an address.
    id.encode().replace('-', "/").replace('_', "+")
}

/// An id taken apart.
pub(super) fn read(text: &str) -> Done<Id> {
    if text.is_empty() {
        return Err(Problem::new("ErrorInvalidIdEmpty", "Id is empty."));
    }
    let id = Id::decode(&text.replace('/', "-").replace('+', "_"));
    id.filter(|id| id.place.is_some()).ok_or_else(Problem::malformed_id)
}

/// The id of a folder, which lasts.
pub(super) fn folder(mailbox: Uuid, key: Key) -> String {
    text(&Id { kind: Kind::Folder, mailbox, key, date: None, place: Some((0, 0)) })
}

/// The id of an item or occurrence, which dies with every move.
pub(super) fn item(mailbox: Uuid, item: &Item, date: Option<NaiveDate>) -> String {
    gone(mailbox, item.is_task(), item.key, (item.folder, item.moves), date)
}

/// The same of an item that is not there any more.
pub(super) fn gone(mailbox: Uuid, task: bool, key: Key, place: (Key, u32), date: Option<NaiveDate>) -> String {
    let kind = if task { Kind::Task } else { Kind::Event };
    text(&Id { kind, mailbox, key, date, place: Some(place) })
}

/// A change key as it is shown.
pub(super) fn change_key(mailbox: Uuid, change: u64) -> String {
    ids::change_key(mailbox, change)
}

/// `ItemId` of what is seen.
pub(super) fn item_id(mailbox: Uuid, seen: &Seen<'_>) -> Node {
    t("ItemId").attr("Id", item(mailbox, seen.item, seen.date)).attr("ChangeKey", change_key(mailbox, seen.change()))
}

/// Whether a text may be a change key at all.
pub(super) fn is_change_key(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == 22)
}

/// An id in another form.
pub(super) fn convert(id: &str, from: &str, to: &str) -> Done<String> {
    let malformed = |_| Problem::malformed_id();
    let utf8 = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| Problem::malformed_id());
    let plain = match from {
        "EwsId" | "EwsLegacyId" => id.to_owned(),
        "OwaId" => percent_encoding::percent_decode_str(id).decode_utf8().map_err(malformed_utf8)?.into_owned(),
        "EntryId" | "StoreId" => STANDARD.encode(STANDARD.decode(id).map_err(malformed)?),
        "HexEntryId" => {
            let bytes: Option<Vec<u8>> = (0..id.len())
                .step_by(2)
                .map(|at| id.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
                .collect();
            STANDARD.encode(bytes.ok_or_else(Problem::malformed_id)?)
        }
        other => return Err(Problem::request(format!("{other} is no format of ids."))),
    };
    read(&plain)?;
    let bytes = || STANDARD.decode(&plain).map_err(malformed);
    match to {
        "EwsId" | "EwsLegacyId" => Ok(plain),
        "OwaId" => {
            let encoded = percent_encoding::utf8_percent_encode(&plain, percent_encoding::NON_ALPHANUMERIC);
            utf8(encoded.to_string().into_bytes())
        }
        "EntryId" | "StoreId" => Ok(STANDARD.encode(bytes()?)),
        "HexEntryId" => Ok(bytes()?.iter().map(|byte| format!("{byte:02X}")).collect()),
        other => Err(Problem::request(format!("{other} is no format of ids."))),
    }
}

fn malformed_utf8(_: std::str::Utf8Error) -> Problem {
    Problem::malformed_id()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_every_form() {
        let id = folder(ids::named("a@b.c"), 77);
        assert_eq!(read(&id).unwrap().key, 77);
        for form in ["EwsId", "EntryId", "HexEntryId", "StoreId", "OwaId"] {
            let there = convert(&id, "EwsId", form).unwrap();
            assert_eq!(convert(&there, form, "EwsId").unwrap(), id, "{form}");
        }
        assert!(convert(&id, "EwsId", "HexEntryId").unwrap().starts_with("000324"));
        for (wrong, form) in
            [("", "EwsId"), ("AAMk", "EwsId"), ("0", "HexEntryId"), ("é", "HexEntryId"), ("%", "OwaId")]
        {
            assert!(convert(wrong, form, "EwsId").is_err(), "{wrong}");
        }
        assert!(read(&id.to_lowercase()).is_err());
    }
}
