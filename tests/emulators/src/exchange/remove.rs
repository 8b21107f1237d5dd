//! `DeleteItem`: into Deleted Items, or away for good.

use super::Exchange;
use super::envelope::Call;
use super::item::What;
use super::mail::Sending;
use super::problem::{Done, Problem};
use super::tasks;
use super::xml::Node;

impl Exchange {
    /// One of the items.
    pub(super) fn delete_item(&mut self, call: &Call<'_>, node: &Node) -> Done<Vec<Node>> {
        let target = self.target(call, node)?;
        let (at, key, now) = (target.at, target.key, call.frame.now);
        let item = self.item(at, key)?;
        if let Some(given) = target.change_key.as_deref().filter(|given| !given.is_empty())
            && !super::ids::is_change_key(given)
        {
            return Err(Problem::change_key());
        }
        self.writable(at, item.folder)?;
        if item.is_task() {
            let Some(affected) = call.operation.attribute("AffectedTaskOccurrences") else {
                let text = "AffectedTaskOccurrences attribute is required for tasks.";
                return Err(Problem::new("ErrorAffectedTaskOccurrencesRequired", text));
            };
            if affected == "SpecifiedOccurrenceOnly" {
                return self.skip(at, key, now).map(|()| Vec::new());
            }
        } else {
            let Some(sending) = call.operation.attribute("SendMeetingCancellations") else {
                let text = "SendMeetingCancellations attribute is required for calendar items.";
                return Err(Problem::new("ErrorSendMeetingCancellationsRequired", text));
            };
            self.cancel(at, key, target.date, Sending::read(sending), now);
        }
        let in_bin = self
            .mailbox(at)?
            .known("deleteditems")
            .is_some_and(|bin| self.item(at, key).is_ok_and(|item| item.folder == bin.key));
        match call.operation.attribute("DeleteType") {
            Some("MoveToDeletedItems") if !in_bin => self.bin(at, key, target.date, now)?,
            _ => match target.date {
                Some(date) => self.remove_occurrence(at, key, date, now)?,
                None => self.discard(at, key)?,
            },
        }
        Ok(Vec::new())
    }

    /// Lets a series of tasks go on without its current one being done.
    fn skip(&mut self, at: usize, key: crate::outlook::ids::Key, now: chrono::DateTime<chrono::Utc>) -> Done<()> {
        let mut item = self.item(at, key)?.clone();
        let next = item.content.task().and_then(|task| tasks::next(task, now.date_naive())).ok_or_else(|| {
            let text = "The task is no series, or its last occurrence.";
            Problem::new("ErrorCannotDeleteTaskOccurrence", text)
        })?;
        item.content.what = What::Task(Box::new(next));
        let number = self.number();
        self.store(at, item, number, now)
    }
}
