//! How a world ends: everything is well again, it comes to rest and is checked.

use super::Play;
use super::run::Course;
use crate::check;
use crate::history::Rest;
use crate::isolation;
use crate::step;
use guest::run::Direction;
use serde_json::json;

/// Minutes between the syncs in which a world comes to rest: some far enough apart for what failed often, and one for what
/// is looked at once a week.
const LONG: [u64; 11] = [70, 70, 1500, 70, 10_200, 70, 1500, 70, 70, 70, 70];
const SHORT: [u64; 11] = [70, 10_200, 1500, 70, 70, 1500, 10_200, 1500, 70, 70, 70];

/// Those syncs, how many of them every world is given, and in how many of the last ones nothing moves.
const fn syncs(rest: Rest, items: usize) -> ([u64; 11], usize, usize) {
    match rest {
        Rest::Long => (LONG, 6, 2),
        // Where there are many links, a sync looks at a part of them, and what it misses is told when it is missed again.
        Rest::Short if items > FEW => (SHORT, 3, 2),
        Rest::Short => (SHORT, 2, 1),
    }
}

/// So many links every sync looks at.
const FEW: usize = 20;

impl Play {
    /// Lets an item and a calendar fail in a world at rest.
    fn isolation(&mut self) {
        let Some((items, faults)) = isolation::provoke(&self.people) else { return };
        self.world.pass(20);
        faults.into_iter().for_each(|fault| self.fault(fault));
        self.ran(0, Direction::Reconcile, Course::default());
        self.world.site.lock().unwrap().faults.clear();
        isolation::check(&self.people, &items, &mut self.played.faults);
    }

    /// Faults off, rights back, and syncs until nothing moves any more.
    pub(super) fn rest(&mut self, rest: Rest) {
        self.say("-- everything is well again");
        self.rights(true);
        for who in self.people.accounts() {
            self.mailbox(who, true);
        }
        self.unticked.clear();
        self.choices.clear();
        self.people.show_all();
        if self.lied {
            // What Graph never showed is allowed to be late: it comes when the feed is read anew, as each is some day.
            self.world.graph_edit(json!({"action": "expire-delta-tokens"}));
        }
        // A sync that notes something down, though it writes nothing, may have something for the next one.
        let (mut quiet, mut noting) = (0, false);
        let items = self.people.ledger.lock().unwrap().items.len();
        let (syncs, least, still) = syncs(rest, items);
        for (made, minutes) in syncs.into_iter().enumerate() {
            if made >= least && quiet >= still && !noting {
                break;
            }
            self.world.pass(minutes);
            quiet += 1;
            noting = false;
            for who in self.people.accounts() {
                self.say(&format!("{} RUN of {}", self.world.now().format("%d %H:%M"), step::name(who)));
                let Some(ran) = self.ran(who, Direction::Reconcile, Course::default()) else { return };
                if ran.report.is_err() {
                    self.played.faults.push(format!("a run in a world that is well failed: {:?}", ran.report));
                    return;
                }
                if ran.writes() > 0 || !ran.entries.is_empty() {
                    quiet = 0;
                }
                noting |= ran.commits > 1;
            }
        }
        if quiet < still {
            self.played.faults.push("it does not come to rest".into());
        }
        check::world(&self.people, self.went_back, &mut self.played.faults);
        if rest == Rest::Long {
            self.isolation();
        }
        if self.talk.is_some() {
            self.say(&check::show(&self.people));
        }
    }
}
