//! Forgetting that is cut off, or that follows a sync that was: it ends where an undisturbed one ends.

use crate::forget::{busy, confirmed, differences, everything, marks, removed, sync, synced, unmarked};
use guest::run::Direction;
use guest::settings::Account;
use host_runner::RunOptions;
use scenarios::World;
use scenarios::component::Sandboxed;
use scenarios::mail::Server;
use scenarios::switch::Cut;

#[scenarios::scenario]
fn what_an_interrupted_sync_had_in_flight_is_forgotten_too() {
    for at in 0..12 {
        for cut in [Cut::Before(at), Cut::After(at)] {
            let (mut world, account) = synced();
            let before = (world.subjects(), world.titles());
            world.activity("Late", 62);
            world.run_until(account.clone(), Direction::Reconcile, |_| {}, cut);
            world.pass(10);
            let ran = removed(&mut world, &account, Cut::Never);
            assert_eq!(ran.report().number("forgotten"), 1, "{cut:?} {:#?}", ran.report());
            assert_eq!((marks(&world), world.store_size()), (0, 0), "{cut:?}");
            assert!(world.titles().contains(&"Late".to_owned()) && before.1.len() > 3, "{cut:?}");
        }
    }
}

/// What forgets: the library, or the built component in the host's sandbox.
fn forget_with(component: Option<&Sandboxed>, world: &mut World, account: &Account, only: Option<&[String]>, cut: Cut) {
    let (remove, only) = (only.is_some(), only.map(<[String]>::to_vec));
    match component {
        None => drop(world.forget_until(account.clone(), remove, |options| options.only = only, cut)),
        Some(sandboxed) => {
            let options = RunOptions { only, ..RunOptions::default() };
            let action = host_runner::Action::Forget { remove_items: remove };
            let ran = sandboxed.run_cut(world, action, options, cut);
            assert!(cut != Cut::Never || ran.as_ref().is_some_and(Result::is_ok), "{:?}", ran.map(Result::err));
        }
    }
}

/// Forgets with the power cut, then again until it is done.
fn through(component: bool, cut: Cut, remove: bool) -> (World, u64) {
    let mut world = World::empty();
    busy(&world);
    // Without tasks: so the component is configured in these worlds.
    let account = world.policies(&[("export-tasks", "no")]);
    sync(&mut world, &account);
    let sandboxed = component.then(|| Sandboxed::beside(&world));
    let named = confirmed(&mut world, &account);
    let only = remove.then_some(named.as_slice());
    forget_with(sandboxed.as_ref(), &mut world, &account, only, cut);
    let effects = world.switch.effects();
    for _ in 0..3 {
        world.pass(10);
        forget_with(sandboxed.as_ref(), &mut world, &account, only, Cut::Never);
    }
    (world, effects)
}

fn sweep(component: bool) {
    // Of the other mailbox's effects the library has met each; the sandbox is the same.
    let every = if component && scenarios::both::server() == Server::Exchange { 4 } else { 1 };
    let mut points = 0;
    for remove in [false, true] {
        let (calm, effects) = through(component, Cut::Never, remove);
        let wanted = unmarked(&everything(&calm));
        for at in (0..effects).step_by(every) {
            for cut in [Cut::Before(at), Cut::After(at)] {
                points += 1;
                let (world, _) = through(component, cut, remove);
                let mut found = Vec::new();
                differences("", &wanted, &unmarked(&everything(&world)), &mut found);
                assert!(found.is_empty(), "{cut:?} {remove}: {found:#?}");
                assert_eq!((marks(&world), world.store_size()), (0, 0), "{cut:?} {remove}");
                assert_eq!(world.outbox().len(), calm.outbox().len());
            }
        }
    }
    println!("{points} points");
    assert!(points * every > 40, "only {points} points");
}

#[scenarios::scenario]
fn a_crash_before_or_after_any_effect_ends_where_an_undisturbed_forgetting_ends() {
    sweep(false);
}

#[scenarios::scenario]
fn the_component_forgets_through_crashes_as_the_library_does() {
    sweep(true);
}
