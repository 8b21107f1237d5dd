//! Beside the syncs: a run is undone, an account is forgotten.

use super::Play;
use crate::choice::ERRANDS;
use crate::people::{People, SECOND};
use crate::sight::{self, Sight};
use crate::step::{Deed, Place, Step, Who};
use guest::activity::{SideId, Unit};
use guest::report::{Ending, Outcome};
use guest::settings::{Budget, Options};
use host_runner::store::Store;
use scenarios::Ran;
use scenarios::native::Unwatched;
use scenarios::switch::Cut;
use std::collections::{BTreeMap, BTreeSet};

/// What is to be seen of the items, without the ids that a restoration changes.
type Views = BTreeMap<(Place, u32), Vec<View>>;

/// One of them: its values, whether it is cancelled and whether it is a task.
type View = (BTreeMap<Unit, String>, bool, bool);

/// A run, and what there was before it.
pub(super) struct Last {
    pub(super) who: Who,
    pub(super) before: Views,
}

/// The step needs an account that synchronises tasks.
pub(super) const fn of_tasks(step: &Step) -> bool {
    matches!(step, Step::Choose(..) | Step::Deed(Deed::CreateTask { .. } | Deed::Flip { .. }))
}

/// Everything as it is now.
pub(super) fn everything(people: &People) -> Views {
    let mut all = Views::new();
    for at in std::iter::once(Place::Creatio).chain(people.accounts().map(Place::Mailbox)) {
        for (item, Sight { values, cancelled, task, .. }) in people.see_all_but(at, &[]) {
            all.entry((at, item)).or_default().push((values, cancelled, task));
        }
    }
    all
}

impl Play {
    /// Items that the settings leave out of this run: what was imported lies in what is not ticked, what was exported is in
    /// no selected group. Which of the two a pair is can be told as long as nothing was forgotten, and no run was cut off.
    pub(super) fn left_out(&self, who: Who) -> BTreeSet<u32> {
        if self.disturbed {
            return BTreeSet::new();
        }
        let choices = self.choices.get(&who).cloned().unwrap_or_default();
        let mailbox = self.people.mailbox(who);
        let mut unticked: BTreeSet<u32> = BTreeSet::new();
        if self.unticked.contains(&who) {
            let events = self.people.mail.events(mailbox);
            let there = events.iter().filter(|event| event.calendar == SECOND);
            unticked.extend(there.filter_map(|event| sight::item_of(&event.subject)));
        }
        if choices.one_list() {
            let tasks = self.people.mail.tasks(mailbox);
            let there = tasks.iter().filter(|task| task.list == ERRANDS);
            unticked.extend(there.filter_map(|task| sight::item_of(&task.title)));
        }
        let (items, copies) = {
            let ledger = self.people.ledger.lock().unwrap();
            (ledger.items.clone(), ledger.copies.clone())
        };
        // A copy has the title of its original, and may lie in what is ticked.
        let copied = |item: &u32| copies.iter().any(|copy| copy.item == *item);
        let made = |item: &u32, side: SideId| !copied(item) && items.get(item).is_some_and(|made| made.side == side);
        unticked.retain(|item| made(item, SideId::Mailbox));
        if choices.grouped() {
            let outside = self.people.see_all_but(Place::Creatio, &[]).into_iter();
            let outside = outside.filter(|(_, seen)| !self.people.is_member(&seen.id)).map(|(item, _)| item);
            unticked.extend(outside.filter(|item| made(item, SideId::Creatio)));
        }
        // A copy has its original's title, and may lie elsewhere.
        let ledger = self.people.ledger.lock().unwrap();
        unticked.retain(|item| ledger.copies.iter().all(|copy| copy.item != *item));
        unticked
    }

    /// Nothing of them was written.
    pub(super) fn judge_left_out(&mut self, left_out: &BTreeSet<u32>, ran: &Ran) {
        for entry in ran.entries.iter().filter(|entry| entry.outcome == Outcome::Written) {
            if sight::item_of(&entry.title).is_some_and(|item| left_out.contains(&item)) {
                let (title, side) = (&entry.title, entry.target.code());
                self.played.faults.push(format!("{title} was written in {side}, and the settings leave it out"));
            }
        }
    }

    fn options(&mut self, suffix: &str) -> Options {
        self.runs += 1;
        let run = format!("run-{}{suffix}", self.runs);
        Options { run, dry_run: false, only: None, budget: Budget::default() }
    }

    /// Undoes the last run. Where nothing has happened since, everything is then as it was before that run, but for what
    /// the undo names.
    pub(super) fn undo(&mut self, who: Who) {
        let Some(last) = self.last.take().filter(|last| last.who == who) else { return };
        self.disturbed = true;
        let (of, options) = (format!("run-{}", self.runs), self.options("u"));
        let ran = self.world.runner().undo(self.account(who), &of, &options, &Unwatched);
        self.tell("undo", &ran);
        if let Err(why) = &ran.report {
            self.played.faults.push(format!("an undo failed: {why:?}"));
        }
        self.played.met.add("a run undone");
        let named: BTreeSet<u32> = ran.entries.iter().filter_map(|entry| sight::item_of(&entry.title)).collect();
        let stays: BTreeSet<u32> = ran
            .entries
            .iter()
            .filter(|entry| entry.outcome != Outcome::Written)
            .filter_map(|entry| sight::item_of(&entry.title))
            .collect();
        let now = everything(&self.people);
        let mut ledger = self.people.ledger.lock().unwrap();
        let places: BTreeSet<(Place, u32)> = last.before.keys().chain(now.keys()).copied().collect();
        for (at, item) in &places {
            let (was, is) = (last.before.get(&(*at, *item)), now.get(&(*at, *item)));
            if was != is && !stays.contains(item) {
                let title = sight::name(*item);
                self.played.faults.push(format!("{title} in {at} is not what it was before the run that was undone"));
            }
        }
        ledger.undone.extend(named);
    }

    /// Forgets the account: neither a row nor a marker of it is left.
    pub(super) fn forget(&mut self, who: Who, items: bool, cut: Option<Cut>) {
        self.disturbed = true;
        self.out_of_step();
        for cut in cut.into_iter().chain([Cut::Never]) {
            let options = self.options("f");
            self.world.switch.arm(cut);
            let ran: Ran = self.world.runner().forget(self.account(who), items, &options, &Unwatched);
            let died = self.world.switch.dead();
            self.world.switch.arm(Cut::Never);
            self.tell("forget", &ran);
            if died {
                continue;
            }
            match &ran.report {
                // More at once than a sync may remove waits for a yes; nothing has changed.
                Ok(report) if report.ending == Ending::Complete => self.forgotten(),
                Ok(_) if ran.writes() == 0 => {}
                other => self.played.faults.push(format!("an account was not forgotten: {other:?}")),
            }
            break;
        }
        self.played.met.add("an account forgotten");
    }

    fn forgotten(&mut self) {
        self.people.ledger.lock().unwrap().strangers = true;
        if !self.world.store.scan("", None, 1).unwrap().entries.is_empty() {
            self.played.faults.push("rows are left of an account that was forgotten".into());
        }
        let mut state = self.world.mail.state();
        // Graph neither shows nor changes what lies in Deleted Items.
        for mailbox in state["mailboxes"].as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
            mailbox["deletedItems"] = serde_json::Value::Null;
        }
        let state = state.to_string();
        if state.contains("Name ScheduleSync") || state.contains("\"schedule-sync\"") {
            self.played.faults.push("markers are left of an account that was forgotten".into());
        }
    }

    /// Nothing tells later of these that they are one, or that they were deleted.
    fn out_of_step(&self) {
        let now = everything(&self.people);
        let mut ledger = self.people.ledger.lock().unwrap();
        let items: Vec<u32> = ledger.items.keys().copied().collect();
        for item in items {
            let one = |at: Place| now.get(&(at, item)).filter(|all| all.len() == 1);
            let (here, there) = (one(Place::Creatio), one(Place::Mailbox(0)));
            if here != there || here.is_none() {
                ledger.astray.insert(item);
            }
        }
    }
}
