//! Every target for a moment, and whatever was found once.

use fuzz::allocation::Counting;
use fuzz::hunt::{hunt, replay};
use fuzz::target::Target;
use fuzz::{corpus, target};
use std::time::{Duration, SystemTime};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SEED: u64 = 1;
const TIME: Duration = Duration::from_secs(2);

fn stands(name: &str) {
    let target: &'static Target = target::ALL.iter().find(|target| target.name == name).unwrap();
    let again = replay(target, corpus::findings(target));
    assert!(again.is_empty(), "what was found once fails again: {again:?}");
    let chance = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for seed in [SEED, chance] {
        let caught = hunt(target, seed, TIME);
        println!("{name}: seed {seed}, {} inputs", caught.inputs);
        let told: Vec<String> = caught
            .found
            .iter()
            .map(|(wrong, input)| format!("{wrong}\n  {}", String::from_utf8_lossy(&input[..input.len().min(2000)])))
            .collect();
        assert!(told.is_empty(), "seed {seed} of {name}:\n{}", told.join("\n"));
    }
}

macro_rules! stand {
    ($($(#[$about:meta])* $test:ident: $name:literal),+ $(,)?) => {
        $(#[test] fn $test() { stands($name); })+

        #[test]
        fn every_target_is_among_these() {
            let here = [$($name),+];
            assert!(target::ALL.iter().all(|target| here.contains(&target.name)));
        }
    };
}

stand! {
    no_answer_of_creatio_breaks_the_engine: "creatio-answers",
    no_answer_of_graph_breaks_the_engine: "graph-answers",
    no_answer_of_exchange_breaks_its_codec: "exchange-answers",
    no_answer_of_exchange_breaks_the_engine: "exchange-side",
    no_settings_break_the_engine: "settings",
    no_stored_row_breaks_its_decoder: "stored-rows",
    no_text_breaks_the_engine: "texts",
    no_configuration_breaks_the_host: "config",
    no_answer_breaks_the_hosts_http: "host-http",
    no_record_breaks_what_the_host_shows: "host-records",
    no_stored_row_breaks_a_run: "run-over-rows",
    no_answer_breaks_a_run: "run-over-answers",
    no_stored_row_breaks_a_run_on_exchange: "run-over-exchange-rows",
    no_answer_of_exchange_breaks_a_run: "run-over-exchange-answers",
}
