//! What to do about one pair: operations with their reasons, and what holds them. Pure: a plan can be printed, approved
//! or refused before anything is written.

use crate::activity::{Kind, Seen, SideId, State, Status, Unit, Value, Values};
use crate::convert;
use crate::deliberate::Deliberate;
use crate::digest::Digest;
use crate::link::{Link, LinkState, Origin};
use crate::merge::{self, Decision, Facts, Rules};
use crate::policy::{ConflictTie, Conflicts, Invitations, Notes};
use crate::reason::Reason;
use crate::report::Action;
use crate::settings::Settings;
use crate::side::Side;
use crate::time;
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A task that has been overdue for longer is not worth a place in the mailbox.
pub const OVERDUE_DAYS: u64 = 30;

/// Two changes closer than this have no order that clocks of two servers could tell.
const SIMULTANEOUS: Duration = Duration::minutes(2);

/// One side of a pair, as far as this run knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It is there.
    Here(Box<Seen>),
    /// The side answers, and it is not there.
    Absent,
    /// There is none that could be looked at.
    None,
}

impl End {
    /// The item, where it is there.
    #[must_use]
    pub fn here(&self) -> Option<&Seen> {
        match self {
            Self::Here(seen) => Some(seen),
            Self::Absent | Self::None => None,
        }
    }
}

/// A pair, or one half of what may become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The activity; of an item to be imported the id it will have.
    pub activity: Uuid,
    /// The link, where there is one.
    pub link: Option<Link>,
    /// The activity.
    pub creatio: End,
    /// The item.
    pub mailbox: End,
    /// Another account's link decides about this meeting.
    pub follower: bool,
    /// The activity is a meeting that comes by invitation.
    pub invited: bool,
    /// Another item of the mailbox may be the counterpart of this activity.
    pub lookalike: Option<Reason>,
}

/// What the account's settings say about pairs.
pub struct Frame<'a> {
    /// Settings.
    pub settings: &'a Settings,
    /// The Creatio side.
    pub creatio: &'a dyn Side,
    /// The mailbox side.
    pub mailbox: &'a dyn Side,
    /// Hash of the policies that decide how items are seen.
    pub policy: &'a Digest,
    /// Now.
    pub now: DateTime<Utc>,
    /// The day before which nothing is imported, as an instant.
    pub import_from: DateTime<Utc>,
    /// The beginning of today in the account's zone.
    pub today: DateTime<Utc>,
    /// Folders to import from.
    pub imported: &'a [String],
    /// Folders that may not be written.
    pub read_only: &'a [String],
    /// Where exports land.
    pub targets: &'a Targets,
}

/// Where exports land; empty where nothing can.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets {
    /// The calendar.
    pub meetings: String,
    /// The task folder.
    pub tasks: String,
}

impl Targets {
    /// For a kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> &str {
        match kind {
            Kind::Appointment => &self.meetings,
            Kind::Task => &self.tasks,
        }
    }

    /// Exports of some kind land there.
    #[must_use]
    pub fn contains(&self, folder: &str) -> bool {
        self.meetings == folder || self.tasks == folder
    }
}

/// One unit of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitWrite {
    /// What the target holds.
    pub before: Option<Value>,
    /// What is written, in the form that the target keeps.
    pub after: Value,
    /// Digest of the source's value that this decision used; none where there is no source.
    pub source: Option<Digest>,
    /// The target's own change is lost.
    pub conflict: bool,
}

/// An intended write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Id, the same in every run that intends the same.
    pub id: String,
    /// What it does.
    pub action: Action,
    /// Where.
    pub target: SideId,
    /// What it writes.
    pub units: BTreeMap<Unit, UnitWrite>,
    /// Why.
    pub reason: Reason,
    /// What the code cannot say.
    pub detail: String,
    /// Why it is held, if it is.
    pub held: Option<Reason>,
}

impl Operation {
    /// An operation on a pair.
    #[must_use]
    pub fn new(pair: &Pair, action: Action, target: SideId, units: BTreeMap<Unit, UnitWrite>, reason: Reason) -> Self {
        let values: BTreeMap<Unit, Digest> = units.iter().map(|(unit, write)| (*unit, write.after.digest())).collect();
        let item = pair.mailbox.here().map(|seen| seen.id.as_str());
        // Ids of items that the operation makes are not known beforehand.
        let item = if action == Action::Create { None } else { item };
        let id = Self::id_of(action, target, pair.activity, item, &values);
        Self { id, action, target, units, reason, detail: String::new(), held: None }
    }

    /// The id of what is intended, the same in every run that intends the same.
    #[must_use]
    pub fn id_of(
        action: Action,
        target: SideId,
        activity: Uuid,
        item: Option<&str>,
        values: &BTreeMap<Unit, Digest>,
    ) -> String {
        Digest::of(&(action, target, activity, item, values)).short().to_owned()
    }

    /// It takes something away from a user.
    #[must_use]
    pub const fn removes(&self) -> bool {
        matches!(self.action, Action::Delete | Action::Cancel)
    }

    /// The kind that its values are of, where they tell.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.units.values().find_map(|write| match write.after {
            Value::When(_) | Value::Reminder(_) => Some(Kind::Appointment),
            Value::Days(_) | Value::Status(_) | Value::RemindAt(_) => Some(Kind::Task),
            _ => None,
        })
    }

    /// The values to write.
    #[must_use]
    pub fn values(&self) -> Values {
        self.units.iter().map(|(unit, write)| (*unit, write.after.clone())).collect()
    }
}

/// Something that is not written, but that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The side it is about.
    pub side: SideId,
    /// Units that differ, with the values of Creatio and of the mailbox.
    pub units: Vec<(Unit, Value, Value)>,
}

/// What to do about a pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Writes.
    pub operations: Vec<Operation>,
    /// Units whose current values become the bases of both sides.
    pub rebase: Vec<Unit>,
    /// State of the link when the operations are done.
    pub state: Option<LinkState>,
    /// How the pair comes to be, where it is new.
    pub origin: Option<Origin>,
    /// What to tell.
    pub notes: Vec<Note>,
    /// The pair is not to be linked: it is left alone, for this reason.
    pub leave: Option<Reason>,
    /// The item is gone or cancelled: the removals stage decides.
    pub gone: Option<(SideId, Reason)>,
    /// Once the operations are done the pair has to be looked at again.
    pub again: bool,
    /// It is the removals stage's decision about a side that is gone.
    pub removal: Option<SideId>,
}

impl Plan {
    /// Leaves an unlinked item alone.
    #[must_use]
    pub fn leave(reason: Reason) -> Self {
        Self { leave: Some(reason), ..Self::default() }
    }
}

/// Plans one pair.
#[must_use]
pub fn plan(pair: &Pair, frame: &Frame) -> Plan {
    match &pair.link {
        None => unlinked(pair, frame),
        Some(link) => match link.state {
            LinkState::Active => active(pair, link, frame),
            LinkState::Parked => parked(pair, link, frame),
            LinkState::Ended { gone, cancelled } => ended(pair, link, gone, cancelled, frame),
        },
    }
}

fn unlinked(pair: &Pair, frame: &Frame) -> Plan {
    match (&pair.mailbox, &pair.creatio) {
        (End::Here(item), End::Here(activity)) => {
            if let Some(reason) = item.left_alone.or(activity.left_alone) {
                return Plan::leave(reason);
            }
            let marked = item.marker.is_some();
            if item.kind != activity.kind && !marked {
                return Plan::leave(Reason::KindChanged);
            }
            let mut plan = Plan {
                origin: Some(if marked { Origin::Exported } else { Origin::Adopted }),
                state: Some(LinkState::Active),
                ..Plan::default()
            };
            let viewed = frame.creatio.viewed(activity, item.kind);
            // "Show in calendar" was changed while nothing was remembered: the item follows when the pair is linked.
            plan.again = item.kind != activity.kind;
            merge_units(pair, None, item, &viewed, frame, &mut plan);
            let reason = if plan.notes.is_empty() { Reason::SamePair } else { Reason::AdoptedDifferent };
            if plan.notes.is_empty() {
                plan.notes.push(Note { action: Action::Adopt, reason, side: SideId::Mailbox, units: Vec::new() });
            }
            plan
        }
        (End::Here(item), End::Absent | End::None) => import(pair, item, frame),
        (End::Absent | End::None, End::Here(activity)) => export(pair, activity, frame),
        (End::Absent | End::None, End::Absent | End::None) => Plan::leave(Reason::Absent),
    }
}

fn import(pair: &Pair, item: &Seen, frame: &Frame) -> Plan {
    if let Some(reason) = not_importable(item, frame) {
        return Plan::leave(reason);
    }
    if item.marker.is_some() {
        let note =
            Note { action: Action::Skip, reason: Reason::MarkedOrphan, side: SideId::Mailbox, units: Vec::new() };
        return Plan { notes: vec![note], ..Plan::leave(Reason::MarkedOrphan) };
    }
    if item.state == State::Cancelled {
        return Plan::leave(Reason::CancelledByOrganizer);
    }
    let operation = create(pair, item, SideId::Creatio, Reason::NewInMailbox, frame);
    Plan {
        operations: vec![operation],
        origin: Some(Origin::Imported),
        state: Some(LinkState::Active),
        ..Plan::default()
    }
}

/// Why an item is not imported, if it is not.
#[must_use]
pub fn not_importable(item: &Seen, frame: &Frame) -> Option<Reason> {
    if let Some(reason) = item.left_alone {
        return Some(reason);
    }
    if !item.folder.as_ref().is_some_and(|folder| frame.imported.contains(folder)) {
        return Some(Reason::LeftScope);
    }
    let within = match (item.when(), item.days()) {
        (Some(when), _) => when.end >= frame.import_from,
        // What is still to be done counts from any day.
        (None, Some(days)) => {
            item.status() != Some(Status::Completed) || days.day().is_some_and(|day| day >= frame.settings.import_from)
        }
        (None, None) => false,
    };
    (!within).then_some(Reason::OutOfWindow)
}

/// Why an activity is not exported, if it is not.
#[must_use]
pub fn not_exportable(activity: &Seen, frame: &Frame) -> Option<Reason> {
    if let Some(reason) = activity.left_alone {
        return Some(reason);
    }
    if !activity.exportable || activity.state != State::Open {
        return Some(Reason::NotExported);
    }
    if activity.kind == Kind::Task && frame.targets.tasks.is_empty() {
        return Some(Reason::TasksUnavailable);
    }
    let within = match (activity.when(), activity.days()) {
        (Some(when), _) => when.end >= frame.today,
        (None, Some(days)) => {
            let oldest = time::minus_days(time::date_in(frame.settings.zone, frame.now), OVERDUE_DAYS);
            days.day().is_some_and(|day| day >= oldest)
        }
        (None, None) => false,
    };
    (!within).then_some(Reason::NotExported)
}

fn export(pair: &Pair, activity: &Seen, frame: &Frame) -> Plan {
    if let Some(reason) = not_exportable(activity, frame) {
        return Plan::leave(reason);
    }
    let mut operation = create(pair, activity, SideId::Mailbox, Reason::NewInCreatio, frame);
    operation.held = if pair.invited {
        Some(Reason::ByInvitation)
    } else if let Some(reason) = pair.lookalike {
        Some(reason)
    } else {
        let target = frame.targets.of(activity.kind);
        frame.read_only.iter().any(|folder| folder == target).then_some(Reason::FolderReadOnly)
    };
    Plan {
        operations: vec![operation],
        origin: Some(Origin::Exported),
        state: Some(LinkState::Active),
        ..Plan::default()
    }
}

/// A create out of what the other side holds.
#[must_use]
pub fn create(pair: &Pair, source: &Seen, target: SideId, reason: Reason, frame: &Frame) -> Operation {
    let side = side(target, frame);
    let mut units = BTreeMap::new();
    for unit in Unit::of(source.kind) {
        let Some(value) = source.values.get(unit) else { continue };
        let mut after = side.conform(*unit, value, None);
        match (source.when(), &after) {
            (Some(when), _) => after = reminder_to_come(after, when.start, frame.now),
            (None, Value::RemindAt(Some(at))) if *at <= frame.now => after = Value::RemindAt(None),
            (None, _) => {}
        }
        units.insert(*unit, UnitWrite { before: None, after, source: Some(value.digest()), conflict: false });
    }
    Operation::new(pair, Action::Create, target, units, reason)
}

/// A reminder of a new item; one in the past would ring at once.
#[must_use]
pub fn reminder_to_come(value: Value, start: DateTime<Utc>, now: DateTime<Utc>) -> Value {
    match value {
        Value::Reminder(Some(minutes)) if time::minutes_before(start, minutes) <= now => Value::Reminder(None),
        value => value,
    }
}

fn side<'a>(id: SideId, frame: &Frame<'a>) -> &'a dyn Side {
    match id {
        SideId::Creatio => frame.creatio,
        SideId::Mailbox => frame.mailbox,
    }
}

fn active(pair: &Pair, link: &Link, frame: &Frame) -> Plan {
    let (item, activity) = match (&pair.mailbox, &pair.creatio) {
        (End::Here(item), End::Here(activity)) => (item, activity),
        (End::Absent | End::None, _) => {
            return Plan { gone: Some((SideId::Mailbox, Reason::DeletedInMailbox)), ..Plan::default() };
        }
        (_, End::Absent | End::None) => {
            return Plan { gone: Some((SideId::Creatio, Reason::DeletedInCreatio)), ..Plan::default() };
        }
    };
    if item.state == State::Cancelled {
        return Plan { gone: Some((SideId::Mailbox, Reason::CancelledByOrganizer)), ..Plan::default() };
    }
    if let Some(reason) = left_scope(link, item, activity, frame) {
        if reason == Reason::KindChanged {
            return convert::plan(pair, link, item, activity, frame);
        }
        return Plan {
            state: Some(LinkState::Parked),
            notes: vec![Note { action: Action::Park, reason, side: SideId::Mailbox, units: Vec::new() }],
            ..Plan::default()
        };
    }
    let mut plan = Plan::default();
    merge_units(pair, Some(link), item, activity, frame, &mut plan);
    plan
}

/// Why a pair is no longer followed, if it is not.
fn left_scope(link: &Link, item: &Seen, activity: &Seen, frame: &Frame) -> Option<Reason> {
    if activity.kind != item.kind {
        return Some(Reason::KindChanged);
    }
    if let Some(reason) = item.left_alone.or(activity.left_alone) {
        return Some(reason);
    }
    // A pair made by export is followed in every folder.
    let folder = item.folder.as_deref().unwrap_or(&link.folder);
    let followed = link.origin == Origin::Exported || frame.imported.iter().any(|imported| imported == folder);
    (!followed).then_some(Reason::LeftScope)
}

fn parked(pair: &Pair, link: &Link, frame: &Frame) -> Plan {
    match (&pair.mailbox, &pair.creatio) {
        (End::Here(item), End::Here(activity)) if left_scope(link, item, activity, frame).is_none() => {
            let mut plan = Plan { state: Some(LinkState::Active), ..Plan::default() };
            merge_units(pair, Some(link), item, activity, frame, &mut plan);
            plan
        }
        _ => Plan::default(),
    }
}

fn ended(pair: &Pair, link: &Link, gone: SideId, cancelled: bool, frame: &Frame) -> Plan {
    match (&pair.mailbox, &pair.creatio) {
        (End::Here(item), End::Here(activity)) => {
            if item.state == State::Cancelled || left_scope(link, item, activity, frame).is_some() {
                return Plan::default();
            }
            let mut plan = Plan { state: Some(LinkState::Active), ..Plan::default() };
            let mut activity = activity.clone();
            if cancelled && activity.state == State::Cancelled && frame.settings.ever_writes(SideId::Creatio) {
                let write = restored(item, &activity, frame);
                if let Value::Status(_) = write.after {
                    // It is no edit of the user's that the status says otherwise.
                    activity.values.insert(Unit::State, write.after.clone());
                }
                let units = BTreeMap::from([(Unit::State, write)]);
                plan.operations.push(Operation::new(pair, Action::Restore, SideId::Creatio, units, Reason::Returned));
            }
            merge_units(pair, Some(link), item, &activity, frame, &mut plan);
            plan
        }
        // The activity is back, and its item was removed because of it.
        (End::Absent | End::None, End::Here(activity))
            if gone == SideId::Creatio
                && link.origin == Origin::Exported
                && not_exportable(activity, frame).is_none()
                && frame.settings.ever_writes(SideId::Mailbox) =>
        {
            let operation = create(pair, activity, SideId::Mailbox, Reason::Returned, frame);
            Plan { operations: vec![operation], state: Some(LinkState::Active), ..Plan::default() }
        }
        // The activity is back, and meanwhile its item was deleted: the removals stage decides about it.
        (End::Absent, End::Here(_)) if gone == SideId::Creatio && link.origin != Origin::Exported => {
            Plan { state: Some(LinkState::Active), again: true, ..Plan::default() }
        }
        _ => Plan::default(),
    }
}

/// What takes back that the sync cancelled an activity.
fn restored(item: &Seen, activity: &Seen, frame: &Frame) -> UnitWrite {
    let before = Some(activity.standing());
    match item.values.get(&Unit::State) {
        Some(status @ Value::Status(_)) => UnitWrite {
            before,
            after: frame.creatio.conform(Unit::State, status, Some(activity)),
            source: Some(status.digest()),
            conflict: false,
        },
        _ => UnitWrite { before, after: Value::State(State::Open), source: None, conflict: false },
    }
}

pub(crate) fn merge_units(
    pair: &Pair,
    link: Option<&Link>,
    item: &Seen,
    activity: &Seen,
    frame: &Frame,
    plan: &mut Plan,
) {
    if pair.follower {
        // Shared units are judged on the writer's link; here they only keep step.
        plan.rebase.extend(Unit::of(item.kind));
        return;
    }
    let mut to_creatio: BTreeMap<Unit, UnitWrite> = BTreeMap::new();
    let mut to_mailbox: BTreeMap<Unit, UnitWrite> = BTreeMap::new();
    let mut reasons: BTreeMap<SideId, Vec<Reason>> = BTreeMap::new();
    let mut different = Vec::new();
    // What a restored pair held is not known: nothing of it is filled or overwritten.
    let restored = link.is_some_and(|link| link.restored);
    let winner = winner(link, item, activity, frame.settings);
    for unit in Unit::of(item.kind).iter().copied() {
        let (Some(there), Some(here)) = (item.values.get(&unit), activity.values.get(&unit)) else { continue };
        let for_creatio = frame.creatio.conform(unit, there, Some(activity));
        let for_mailbox = frame.mailbox.conform(unit, here, Some(item));
        let base = |side: SideId| link.and_then(|link| link.end(side).bases.get(&unit));
        let changed = |base: Option<&Digest>, value: &Value| base.is_none_or(|base| *base != value.digest());
        let mut facts = Facts {
            mailbox_changed: changed(base(SideId::Mailbox), there),
            creatio_changed: changed(base(SideId::Creatio), here),
            equal: for_creatio == *here || for_mailbox == *there,
            unknown: base(SideId::Mailbox).is_none() && base(SideId::Creatio).is_none(),
            mailbox_empty: there.is_empty(),
            creatio_empty: here.is_empty(),
        };
        if Deliberate::CompareClocks.on() {
            let later = |seen: &Seen| seen.modified > link.map(|link| link.recorded);
            facts = Facts { mailbox_changed: later(item), creatio_changed: later(activity), ..facts };
        }
        let rules = Rules {
            winner,
            writes_mailbox: frame.settings.ever_writes(SideId::Mailbox),
            writes_creatio: frame.settings.ever_writes(SideId::Creatio),
            foreign: (!item.ours && unit != Unit::Reminder) || (link.is_none() && gate(unit, item, frame).is_some()),
            policy_changed: link.is_some_and(|link| link.policy != *frame.policy),
        };
        let (source, reason, conflict) = match merge::decide(facts, rules) {
            Decision::Nothing if Deliberate::WriteInStep.on() && unit == Unit::Title => {
                (SideId::Mailbox, Reason::ChangedInMailbox, false)
            }
            Decision::Nothing if Deliberate::WriteAllUnits.on() && !to_creatio.is_empty() => {
                (SideId::Mailbox, Reason::ChangedInMailbox, false)
            }
            Decision::Nothing => continue,
            Decision::Rebase => {
                plan.rebase.push(unit);
                continue;
            }
            Decision::Take(_, Reason::FilledEmpty) if restored => {
                plan.rebase.push(unit);
                different.push((unit, here.clone(), there.clone()));
                continue;
            }
            Decision::RebaseDifferent => {
                plan.rebase.push(unit);
                different.push((unit, here.clone(), there.clone()));
                continue;
            }
            Decision::Take(source, reason) => (source, reason, false),
            Decision::Conflict(source, reason) => (source, reason, true),
        };
        let (writes, before, after, from) = match source {
            SideId::Mailbox => (&mut to_creatio, here, for_creatio, there),
            SideId::Creatio => (&mut to_mailbox, there, for_mailbox, here),
        };
        let write = UnitWrite { before: Some(before.clone()), after, source: Some(from.digest()), conflict };
        writes.insert(unit, write);
        reasons.entry(source.other()).or_default().push(reason);
    }
    if !different.is_empty() {
        let note =
            Note { action: Action::Adopt, reason: Reason::AdoptedDifferent, side: SideId::Mailbox, units: different };
        plan.notes.push(note);
    }
    let reason = |side: SideId, fallback: Reason| {
        let all = reasons.get(&side).map(Vec::as_slice).unwrap_or_default();
        // What a person has to know comes before what is ordinary.
        all.iter().copied().find(|reason| !ordinary(*reason)).or_else(|| all.first().copied()).unwrap_or(fallback)
    };
    if !to_creatio.is_empty() {
        let reason = reason(SideId::Creatio, Reason::ChangedInMailbox);
        plan.operations.push(Operation::new(pair, Action::Update, SideId::Creatio, to_creatio, reason));
    }
    let reason = reason(SideId::Mailbox, Reason::ChangedInCreatio);
    plan.operations.extend(gated(pair, item, to_mailbox, reason, frame));
}

/// Updates of an item: what may be written now goes apart from what is held, and each kind of held apart from the others.
#[must_use]
pub fn gated(
    pair: &Pair,
    item: &Seen,
    units: BTreeMap<Unit, UnitWrite>,
    reason: Reason,
    frame: &Frame,
) -> Vec<Operation> {
    let mut by_gate: BTreeMap<Option<Reason>, BTreeMap<Unit, UnitWrite>> = BTreeMap::new();
    // A reminder counts from the start, so it goes with it.
    let start = units.contains_key(&Unit::When).then(|| gate(Unit::When, item, frame)).flatten();
    for (unit, write) in units {
        let held = if unit == Unit::Reminder { start.or(gate(unit, item, frame)) } else { gate(unit, item, frame) };
        by_gate.entry(held).or_default().insert(unit, write);
    }
    let operation = |(held, units): (Option<Reason>, BTreeMap<Unit, UnitWrite>)| {
        let mut operation = Operation::new(pair, Action::Update, SideId::Mailbox, units, reason);
        if matches!(held, Some(Reason::WouldNotify | Reason::MailForbidden)) {
            operation.detail = item.attendees.join(", ");
        }
        operation.held = held;
        operation
    };
    by_gate.into_iter().map(operation).collect()
}

const fn ordinary(reason: Reason) -> bool {
    matches!(reason, Reason::ChangedInMailbox | Reason::ChangedInCreatio | Reason::FilledEmpty)
}

/// What holds a write of this unit to this item, if anything does.
fn gate(unit: Unit, item: &Seen, frame: &Frame) -> Option<Reason> {
    let policies = &frame.settings.policies;
    if item.masked {
        return Some(Reason::MaskedPrivate);
    }
    if item.folder.as_ref().is_some_and(|folder| frame.read_only.contains(folder)) {
        return Some(Reason::FolderReadOnly);
    }
    if unit == Unit::When && item.recurring {
        return Some(Reason::RecurringTask);
    }
    if unit == Unit::Body && item.online {
        return Some(Reason::JoinBlock);
    }
    if unit == Unit::Body && !item.attendees.is_empty() && policies.notes == Notes::FromMailbox {
        return Some(Reason::NotesFromMailbox);
    }
    if unit.notifies() && item.ours && !item.attendees.is_empty() {
        return mail(policies.invitations);
    }
    None
}

/// What holds a write that mails attendees.
#[must_use]
pub fn mail(policy: Invitations) -> Option<Reason> {
    match policy {
        _ if Deliberate::IgnoreInvitations.on() => None,
        Invitations::Ask => Some(Reason::WouldNotify),
        Invitations::Never => Some(Reason::MailForbidden),
        Invitations::Send => None,
    }
}

/// Who wins where both sides changed the same unit. Stamps decide only where both are later than the last record and
/// neither is of a version that we wrote.
fn winner(link: Option<&Link>, item: &Seen, activity: &Seen, settings: &Settings) -> SideId {
    let tie = match settings.policies.conflict_tie {
        ConflictTie::Mailbox => SideId::Mailbox,
        ConflictTie::Creatio => SideId::Creatio,
    };
    match settings.policies.conflicts {
        Conflicts::CreatioWins => return SideId::Creatio,
        Conflicts::MailboxWins => return SideId::Mailbox,
        Conflicts::NewestWins => {}
    }
    let (Some(link), Some(there), Some(here)) = (link, item.modified, activity.modified) else { return tie };
    let ours = |side: SideId, version: &str| link.end(side).by_us && link.end(side).version == version;
    if ours(SideId::Mailbox, &item.version) || ours(SideId::Creatio, &activity.version) {
        return tie;
    }
    if there <= link.recorded || here <= link.recorded || (there - here).abs() < SIMULTANEOUS {
        return tie;
    }
    if there > here { SideId::Mailbox } else { SideId::Creatio }
}
