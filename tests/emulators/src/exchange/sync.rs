//! `SyncFolderItems`: what came, changed and went in a folder since a state.
//!
//! It knows single items and masters alone: a changed or deleted occurrence is an update of its series. Newest first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use super::Exchange;
use super::envelope::Call;
use super::mailbox::Trace;
use super::problem::{Done, Problem};
use super::shape::Shape;
use super::xml::{Node, m, t};
use super::{ids, show};
use crate::outlook::ids::Key;

/// What a sync state says: changes up to `floor` are known; of those up to `top`, what lies at `below` and above is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) floor: u64,
    pub(super) top: u64,
    pub(super) below: u64,
}

impl Token {
    /// As it is handed out.
    pub(super) fn text(&self, kind: &str, epoch: u64, mailbox: Uuid, folder: Key) -> String {
        let Self { floor, top, below } = self;
        STANDARD.encode(format!("H4sI {kind} {epoch} {mailbox} {folder} {floor} {top} {below}"))
    }

    /// Reads one of this folder and kind. What speaks of changes after the newest, `counter`, was not handed out here.
    pub(super) fn read(text: &str, kind: &str, (epoch, counter): (u64, u64), of: (Uuid, Key)) -> Done<Self> {
        let invalid = || {
            let text = "Synchronization state data is corrupt or otherwise invalid.";
            Problem::new("ErrorInvalidSyncStateData", text)
        };
        let bytes = STANDARD.decode(text.trim()).map_err(|_| invalid())?;
        let plain = String::from_utf8(bytes).map_err(|_| invalid())?;
        let (mailbox, folder) = of;
        let rest = plain.strip_prefix(&format!("H4sI {kind} {epoch} {mailbox} {folder} ")).ok_or_else(invalid)?;
        let numbers: Vec<u64> = rest.split(' ').filter_map(|number| number.parse().ok()).collect();
        match numbers.as_slice() {
            [floor, top, below] if floor <= top && *top <= counter && *below <= top.saturating_add(1) => {
                Ok(Self { floor: *floor, top: *top, below: *below })
            }
            _ => Err(invalid()),
        }
    }
}

impl Exchange {
    pub(super) fn sync_items(&mut self, call: &Call<'_>) -> Done<Vec<Node>> {
        let shape = Shape::read(call.operation.child("ItemShape"))?;
        let wanted = call.operation.child("SyncFolderId").and_then(|node| node.children.first());
        let wanted = wanted.ok_or_else(|| Problem::request("the folder is missing"))?;
        let (at, folder) = self.folder_of(call, wanted).map_err(|problem| match problem.code.as_str() {
            "ErrorFolderNotFound" => {
                Problem::new("ErrorSyncFolderNotFound", "The folder to be synchronised is not there.")
            }
            _ => problem,
        })?;
        let most =
            call.operation.text_of("MaxChangesReturned").and_then(|text| text.trim().parse().ok()).unwrap_or(512);
        let most = usize::min(most, self.knobs.sync_page_limit).max(1);
        let ignored: Vec<&str> = call
            .operation
            .child("Ignore")
            .map_or_else(Vec::new, |node| node.children.iter().filter_map(|id| id.attribute("Id")).collect());
        let (epoch, counter, repeats) = (self.epoch, self.counter, self.knobs.sync_repeats);
        let mailbox = self.mailbox(at)?;
        let token = match call.operation.text_of("SyncState").filter(|state| !state.trim().is_empty()) {
            Some(state) => Token::read(state, "items", (epoch, counter), (mailbox.guid, folder))?,
            None => Token { floor: 0, top: 0, below: 0 },
        };
        // A round that has come to its end begins anew from there.
        let begins = token.below <= token.floor;
        let token = if begins { Token { top: counter, below: counter + 1, ..token } } else { token };
        let log = &mailbox.folders.get(&folder).ok_or_else(Problem::folder_not_found)?.log;
        // A change that is told again is known all the same: a deletion of what it brought is news.
        let newest = log.traces.range(..=token.floor).next_back().filter(|_| repeats);
        let told = newest.map_or(token.floor, |(number, _)| number.saturating_sub(1));
        // What came and went unseen is nobody's news.
        let news = |(_, trace): &(&u64, &Trace)| !(trace.gone && trace.arrived > token.floor);
        let mut traces = log.traces.range(told.saturating_add(1)..token.below).rev().filter(news).peekable();
        let view = self.view(at, call, true)?;
        let (mut changes, mut below) = (Vec::new(), token.floor);
        let most = if begins && self.knobs.sync_empty_pages && traces.peek().is_some() {
            below = token.below;
            0
        } else {
            most
        };
        while changes.len() < most {
            let Some((number, trace)) = traces.next() else { break };
            below = *number;
            let node = if trace.gone {
                let id = ids::gone(mailbox.guid, trace.task, trace.key, (folder, trace.moves), None);
                t("Delete").with(t("ItemId").attr("Id", id))
            } else {
                let Some(item) = mailbox.item(trace.key) else { continue };
                let kind = if trace.arrived > told { "Create" } else { "Update" };
                t(kind).with(view.item(&item.whole(), &shape))
            };
            let id = node
                .children
                .first()
                .and_then(|one| one.child("ItemId").or(Some(one)))
                .and_then(|id| id.attribute("Id"));
            if !id.is_some_and(|id| ignored.contains(&id)) {
                changes.push(node);
            }
        }
        let last = traces.peek().is_none();
        let next = match last {
            true => Token { floor: token.top, top: token.top, below: 0 },
            false => Token { below, ..token },
        };
        Ok(vec![
            m("SyncState").text(next.text("items", epoch, mailbox.guid, folder)),
            m("IncludesLastItemInRange").text(last.to_string()),
            m("Changes").with_all(changes),
        ])
    }

    /// How items of a mailbox are shown to a request.
    pub(super) fn view(&self, at: usize, call: &Call<'_>, row: bool) -> Done<show::View> {
        let mailbox = self.mailbox(at)?.guid;
        Ok(show::View { mailbox, zone: call.frame.zone.tz, days: call.frame.days.tz, row })
    }
}

#[cfg(test)]
mod tests {
    use super::Token;
    use crate::outlook::ids::Key;
    use uuid::Uuid;

    #[test]
    fn a_state_that_was_not_handed_out_here_is_invalid() {
        let (mailbox, folder) = (Uuid::from_u128(1), Key::default());
        let read = |token: Token, counter| {
            Token::read(&token.text("items", 0, mailbox, folder), "items", (0, counter), (mailbox, folder))
        };
        let token = Token { floor: 12, top: 55, below: 40 };
        assert_eq!(read(token, 55).unwrap(), token);
        for (token, counter) in [
            (token, 54),
            (Token { floor: 56, ..token }, 60),
            (Token { below: 57, ..token }, 60),
            (Token { below: u64::MAX, ..token }, 60),
        ] {
            assert_eq!(read(token, counter).unwrap_err().code, "ErrorInvalidSyncStateData", "{token:?}");
        }
    }
}
