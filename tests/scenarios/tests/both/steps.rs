//! What scenarios do again and again: a sync, and rest.

use guest::report::{Action, Outcome};
use guest::run::Direction;
use guest::settings::Account;
use scenarios::{Ran, World, show};

/// A sync, in which items may fail; then it is shown.
pub fn tried(world: &mut World, account: &Account) -> Ran {
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    if ran.report.is_err() || ran.number(Outcome::Failed) > 0 {
        show(&ran);
    }
    ran.report();
    ran
}

/// A sync in which nothing fails.
pub fn sync(world: &mut World, account: &Account) -> Ran {
    let ran = tried(world, account);
    assert_eq!(ran.number(Outcome::Failed), 0);
    ran
}

/// Two syncs that find nothing to do.
pub fn rests(world: &mut World, account: &Account) {
    for _ in 0..2 {
        world.pass(20);
        sync(world, account).idle();
    }
}

/// Nothing was deleted or cancelled.
pub fn nothing_removed(ran: &Ran) {
    let removed = |action| matches!(action, Action::Delete | Action::Cancel);
    assert!(!ran.entries.iter().any(|entry| removed(entry.action)), "{:?}", ran.entries);
}
