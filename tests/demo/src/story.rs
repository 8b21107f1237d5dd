//! The acts, in their order.

use std::collections::BTreeSet;
use std::error::Error;
use std::io;

use host_runner::config::Account;
use host_runner::journal::{Entry, Side};
use host_runner::screen::{self, Detail, Screen, Tone};
use host_runner::{Action, RunOptions};

use crate::claims::Claims;
use crate::colleague;
use crate::edits::{self, NEGOTIATION, RELEASE, TASTING, TENDER};
use crate::stage::{GROUP, Ran, Stage};

/// A private meeting of the mailbox.
const PRIVATE: &str = "Приём у врача";
/// A task of the mailbox.
const TICKETS: &str = "Купить билеты в Казань 🎫";
/// What the deletions of the second day took: an activity, its item, and an event.
const DELETED: usize = 2;
/// Lines of each group of a report.
const LINES: usize = 3;
/// Width of a heading.
const WIDTH: usize = 78;

type Told = Result<(), Box<dyn Error>>;

/// What the whole story comes to.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    runs: usize,
    written: [usize; 2],
}

/// Tells the story.
pub(crate) struct Story<'a> {
    pub(crate) stage: &'a mut Stage,
    pub(crate) screen: &'a mut Screen,
    pub(crate) claims: &'a mut Claims,
    pub(crate) sum: Sum,
    pub(crate) act: usize,
}

fn previewed() -> RunOptions {
    RunOptions { dry_run: true, ..RunOptions::default() }
}

impl Story<'_> {
    /// From the first look to a run that writes nothing.
    pub(crate) async fn tell(&mut self) -> Told {
        let before = self.stage.sizes();
        let (own, mails) = (self.stage.own(), self.stage.mails());
        self.opening(before)?;
        self.first_contact().await?;
        self.edits()?;
        self.second_day().await?;
        let (after, standing) = (self.stage.sizes(), self.stage.standing()?.len());
        self.claims.that("nothing is doubled on either side", self.stage.doubles() == 0);
        self.claims.that("one operation waits for a person", standing == 1);
        self.forget(&own).await?;
        self.exchange_server().await?;
        self.closing(before, after, standing, mails)
    }

    fn opening(&mut self, (activities, events): (usize, usize)) -> Told {
        self.claims.that("the world has a hundred or more activities and meetings", activities + events >= 100);
        let title = self.screen.tone(Tone::Strong, "schedule-sync: the main job");
        self.screen.line(title)?;
        let text = format!(
            "Creatio, Microsoft 365 and an Exchange Server, emulated on loopback; the real component in the real host; storage in a temporary \
             folder. {} has {activities} activities in Creatio and {events} events in the mailbox, and nothing was ever \
             synchronised. It is Monday, 23 November 2026, nine in the morning in Moscow.",
            self.stage.person.name
        );
        self.screen.wrapped(0, Tone::Plain, &text)?;
        self.screen.line("")?;
        Ok(())
    }

    async fn first_contact(&mut self) -> Told {
        self.heading("Preview", "What a sync would do, before anything is written anywhere.")?;
        let sizes = self.stage.sizes();
        let preview = self.run(Action::Reconcile, previewed(), LINES).await?;
        self.claims.that("a preview writes nothing", self.stage.sizes() == sizes && preview.written() == 0);
        let planned = preview.with(&["planned"]).count();
        self.claims.that("the preview plans creations on both sides", planned >= 80);
        let paired = preview.with(&["noted"]).filter(|entry| entry.action == "adopt").count();
        self.claims.that("meetings that are on both sides are paired, not doubled", paired == 3);

        self.group(&preview).await?;

        self.heading("Import", "Only from the mailbox to Creatio.")?;
        let import = self.run(Action::Import, RunOptions::default(), 2).await?;
        self.claims.that(
            "import writes to Creatio only",
            import.writes(Side::Mailbox) == 0 && import.writes(Side::Creatio) > 0,
        );

        let masked = !self.stage.has_activity(PRIVATE) && self.stage.has_activity("Личное");
        self.claims.that("of private meetings Creatio gets the times alone", masked);
        let brought = self.stage.has_activity(TICKETS);
        self.claims.that("tasks of the mailbox are activities now", brought);
        let text = format!("«{PRIVATE}» is private: in Creatio it is «Личное», without place and notes.");
        self.screen.wrapped(0, Tone::Good, &text)?;
        self.screen.line("")?;

        self.heading("Export", "Only from Creatio to the mailbox.")?;
        let tasks = self.stage.tasks();
        let export = self.run(Action::Export, RunOptions::default(), 2).await?;
        self.claims.that(
            "export writes to the mailbox only",
            export.writes(Side::Creatio) == 0 && export.writes(Side::Mailbox) > 0,
        );
        self.claims.that("tasks of Creatio are tasks in the mailbox", self.stage.tasks() > tasks);
        self.claims.that(
            format!("the plan was carried out: {planned} planned"),
            import.written() + export.written() == planned,
        );

        self.heading("Sync", "Both directions. Both halves were done already: nothing is left to do.")?;
        let sync = self.run(Action::Reconcile, RunOptions::default(), LINES).await?;
        self.claims.that("a sync after both halves writes nothing", sync.written() == 0);
        self.quiet(&sync)
    }

    /// What a narrower choice would come to, without a change.
    async fn group(&mut self, whole: &Ran) -> Told {
        let entries = self.stage.only_group(GROUP).await?;
        let created = |entry: &&Entry| entry.outcome == "planned" && entry.action == "create";
        let planned: Vec<&str> = entries.iter().filter(created).map(|entry| entry.title.as_str()).collect();
        let members = self.stage.members(GROUP);
        let made = whole.with(&["planned"]).filter(created);
        let exports = made.filter(|entry| entry.target == Side::Mailbox).count();
        let inside = !planned.is_empty() && planned.iter().all(|title| members.contains(*title));
        self.claims.that("of a selected group only members are exported", inside && planned.len() < exports);
        let text = format!(
            "Were only the group «{GROUP}» exported, {} activities would be created in the mailbox instead of {exports}.",
            planned.len()
        );
        self.screen.wrapped(0, Tone::Good, &text)?;
        self.screen.line("")?;
        Ok(())
    }

    /// The same for somebody whose mailbox lies on an Exchange Server.
    async fn exchange_server(&mut self) -> Told {
        let name = self.stage.colleague.name.clone();
        let text = format!(
            "{name}'s mailbox lies on the company's own Exchange Server, which is reached by Exchange Web Services. The rest is \
             the same."
        );
        self.heading("A colleague on an Exchange Server: sync", &text)?;
        let account = self.stage.colleagues.clone();
        let before = colleague::sizes(self.stage);
        let first = self.run_for(&account, Action::Reconcile, RunOptions::default(), LINES).await?;
        let after = colleague::sizes(self.stage);
        self.claims.that(
            "appointments and tasks of Creatio are in the Exchange mailbox",
            after.0 > before.0 && after.1 > before.1 && first.writes(Side::Mailbox) > 0,
        );
        let brought = [colleague::CALL, colleague::TASK].iter().all(|title| self.stage.colleague_has_activity(title));
        self.claims.that("appointments and tasks of the Exchange mailbox are in Creatio", brought);

        colleague::rename(self.stage)?;
        self.stage.pass(10);
        let second = self.run_for(&account, Action::Reconcile, RunOptions::default(), LINES).await?;
        let one = second.written() == 1 && self.stage.colleague_has_activity(colleague::RENAMED);
        self.claims.that("one edit in Exchange is one write in Creatio", one);
        self.stage.pass(10);
        let quiet = self.run_for(&account, Action::Reconcile, RunOptions::default(), LINES).await?;
        self.claims.that("a run without edits writes nothing to Exchange either", quiet.written() == 0);
        self.claims.that("nothing is doubled in the Exchange mailbox", colleague::doubles(self.stage) == 0);
        self.quiet(&quiet)
    }

    /// The end of it, without a trace.
    async fn forget(&mut self, own: &BTreeSet<String>) -> Told {
        let text = "The sync's markers and its storage go, and with them what the sync made and nobody has touched. What people \
                    made or edited stays.";
        self.heading("Forget", text)?;
        let action = Action::Forget { remove_items: true };
        let seen = self.stage.run(action.clone(), previewed()).await?;
        let wanted = seen.with(&["planned", "held"]).map(|entry| entry.operation.clone()).collect();
        let mails = self.stage.mails();
        let confirmed = RunOptions { only: Some(wanted), ..RunOptions::default() };
        let ran = self.stage.run(action, confirmed).await?;
        self.sum.runs += 2;
        let done = ran.run.report.counts.iter().any(|count| count.what == "forgotten");
        self.claims.that("the account is forgotten", done);
        let (marks, rows) = self.stage.traces()?;
        self.claims.that("no marker is left in the mailbox, and no row in storage", (marks, rows) == (0, 0));
        self.claims.that("nobody is mailed by that", self.stage.mails() == mails);
        let now = self.stage.own();
        let lost = own.difference(&now).count();
        self.claims.that("of what people made only what they deleted is gone", lost == DELETED);
        let kept = ran.with(&["noted"]).count();
        let removed = ran.with(&["written"]).filter(|entry| entry.action == "delete").count();
        let unmarked = ran.with(&["written"]).filter(|entry| entry.action == "unmark").count();
        let rows = [
            ("removed", format!("{removed} activities, events and tasks that the sync had made")),
            ("kept", format!("{kept} that somebody has edited or takes part in; {unmarked} lost their marker")),
            ("left", "no marker, no row in storage; all that people made is there".to_owned()),
        ];
        for (name, value) in rows {
            self.screen.line(format!("  {name:<12}{value}"))?;
        }
        self.screen.line("")?;
        Ok(())
    }

    fn edits(&mut self) -> Told {
        self.heading("A day later, people edit both sides", "")?;
        self.stage.pass(24 * 60);
        let creatio = edits::in_creatio(self.stage)?;
        self.stage.pass(10);
        let mailbox = edits::in_mailbox(self.stage)?;
        self.stage.pass(5);
        for (who, edits) in [("In Creatio, somebody", creatio), ("In the mailbox, somebody", mailbox)] {
            self.screen.line(who)?;
            for edit in edits {
                self.screen.wrapped(2, Tone::Plain, &format!("- {edit}"))?;
            }
        }
        self.screen.line("")?;
        Ok(())
    }

    async fn second_day(&mut self) -> Told {
        self.heading("Sync", "Each change goes to the other side; what needs a person comes first.")?;
        let sync = self.run(Action::Reconcile, RunOptions::default(), usize::MAX).await?;
        self.after_edits(&sync);

        let text = "Creatio says nothing about deletions, and rights can hide an activity as well. So an activity counts as \
                    gone only when it was missed twice, an hour apart.";
        self.heading("Seventy minutes later: sync", text)?;
        self.stage.pass(70);
        let later = self.run(Action::Reconcile, RunOptions::default(), LINES).await?;
        let deleted = later.with(&["written"]).filter(|entry| entry.action == "delete").count();
        self.claims.that("the deletion in Creatio is carried out an hour later", deleted == 1);
        self.claims.that("the deleted activity's meeting is gone", edits::event(self.stage, &TENDER).is_none());

        self.heading("Once more: sync", "Nobody has edited anything.")?;
        let quiet = self.run(Action::Reconcile, RunOptions::default(), LINES).await?;
        self.claims.that("a run without edits writes nothing", quiet.written() == 0);
        self.claims.that("a quiet run asks little", quiet.run.requests <= 12);
        self.quiet(&quiet)
    }

    fn after_edits(&mut self, sync: &Ran) {
        let stage = &*self.stage;
        let held: Vec<_> = sync.with(&["held"]).collect();
        let one =
            held.len() == 1 && held.iter().all(|entry| entry.reason == "would-notify" && entry.title == NEGOTIATION.0);
        self.claims.that("the change that would mail a client is held", one);
        self.claims.that("there is one conflict, and it is told", sync.with(&["conflict"]).count() == 1);
        let places = (edits::activity_place(stage, &RELEASE), edits::event_place(stage, &RELEASE));
        let later = Some("Переговорная «Байкал»".to_owned());
        self.claims.that("the later change won the conflict on both sides", places == (later.clone(), later));
        let cancelled = sync.with(&["written"]).filter(|entry| entry.action == "cancel").count();
        self.claims.that("the deletion in the mailbox cancels its activity", cancelled == 1);
        self.claims.that("a cancelled activity is kept", edits::activity(stage, &TASTING).is_some());
        self.claims.that("the first miss of an activity deletes nothing", edits::event(stage, &TENDER).is_some());
        let updates = sync.with(&["written", "conflict"]).filter(|entry| entry.action == "update").count();
        self.claims.that("six edits and the conflict travelled", updates == 7);
    }

    fn quiet(&mut self, ran: &Ran) -> Told {
        let text = format!("nothing to do: {} writes, {} requests", ran.written(), ran.run.requests);
        let text = self.screen.tone(Tone::Good, text);
        self.screen.line(text)?;
        self.screen.line("")?;
        Ok(())
    }

    fn closing(&mut self, before: (usize, usize), after: (usize, usize), standing: usize, mails: usize) -> Told {
        self.heading("What you saw", "")?;
        let mails = self.stage.mails().saturating_sub(mails);
        self.claims.that("nobody was mailed", mails == 0);
        let [creatio, mailbox] = self.sum.written;
        let rows = [
            ("Creatio", format!("{} → {} activities, {creatio} writes", before.0, after.0)),
            ("mailboxes", format!("{} → {} events of the first one, {mailbox} writes", before.1, after.1)),
            ("requests", format!("{} in {} runs, sign-ins apart", self.stage.requests, self.sum.runs)),
            ("mails sent", mails.to_string()),
            ("held", format!("{standing}, which waited for a person: approve ID")),
        ];
        for (name, value) in rows {
            self.screen.line(format!("  {name:<12}{value}"))?;
        }
        self.screen.line("")?;
        self.claims.tell(self.screen)?;
        self.screen.line("")?;
        self.screen.wrapped(
            0,
            Tone::Plain,
            "Go on with such a world, served until you press Ctrl-C; then, in another terminal:",
        )?;
        for command in [
            "cargo run --bin emulators".to_owned(),
            "cargo run --bin emulators -- --print-config > demo.toml".to_owned(),
            format!("export EMULATORS_SECRET='{}'", self.stage.secret),
            "cargo run --bin host-runner -- --config demo.toml preview --all".to_owned(),
        ] {
            self.screen.line(format!("  {command}"))?;
        }
        Ok(())
    }

    async fn run(&mut self, action: Action, options: RunOptions, most: usize) -> Result<Ran, Box<dyn Error>> {
        let account = self.stage.account.clone();
        self.run_for(&account, action, options, most).await
    }

    async fn run_for(
        &mut self,
        account: &Account,
        action: Action,
        options: RunOptions,
        most: usize,
    ) -> Result<Ran, Box<dyn Error>> {
        self.screen.flush()?;
        let ran = self.stage.run_for(account, action, options).await?;
        self.sum.runs += 1;
        for (sum, side) in self.sum.written.iter_mut().zip([Side::Creatio, Side::Mailbox]) {
            *sum += ran.writes(side);
        }
        let detail = Detail { written: true, most, ..Detail::default() };
        screen::report(self.screen, account, &ran.run, &ran.journal, detail)?;
        Ok(ran)
    }

    fn heading(&mut self, title: &str, text: &str) -> io::Result<()> {
        self.act += 1;
        let title = format!("── {}  {title} ", self.act);
        let line = format!("{title}{}", "─".repeat(WIDTH.saturating_sub(title.chars().count())));
        let line = self.screen.tone(Tone::Strong, line);
        self.screen.line(line)?;
        self.screen.wrapped(0, Tone::Faint, text)?;
        self.screen.line("")?;
        // Progress goes another way, and comes after what it is about.
        self.screen.flush()
    }
}
