//! Storage is lost, and the links that were exported before are put back: by the real program, as a user does it.

use kill::play::Stage;
use kill::programs::{Ended, Programs};

fn good(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.said.join("\n"));
}

fn refused(ended: &Ended, text: &str) {
    let told = format!("{}\n{}", ended.out, ended.said.join("\n"));
    assert_eq!(ended.code, Some(1), "{told}");
    let plain: Vec<&str> = told.split_whitespace().collect();
    assert!(plain.join(" ").contains(text), "{told}");
}

#[test]
fn after_lost_storage_exported_links_are_put_back_and_nothing_is_created_or_deleted() {
    let now = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).to_rfc3339();
    let stage = Stage::set(&Programs::find(), 30, &now);
    let file = stage.beside("links.jsonl");
    let file = file.to_str().unwrap();
    refused(&stage.run(&["links", "export"]), "nothing is stored for the account");
    good(&stage.run(&["sync"]));
    let before = stage.services.view();
    stage.services.forget();

    good(&stage.run(&["links", "export", "--out", file]));
    let printed = stage.run(&["links", "export"]);
    good(&printed);
    let text = std::fs::read_to_string(file).unwrap();
    let without_moment = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(without_moment(&text), without_moment(&printed.out));
    assert_eq!(text.lines().count(), 32);

    // What is there is not replaced unasked, and a damaged line is named.
    refused(&stage.run(&["links", "restore", file]), "has stored state with 30 links");
    let damaged = stage.beside("damaged.jsonl");
    std::fs::write(&damaged, text.replacen("\"kind\":\"meeting\"", "\"kind\":\"task\"", 1)).unwrap();
    refused(&stage.run(&["links", "restore", damaged.to_str().unwrap(), "--replace"]), "line 2 cannot be restored");
    std::fs::write(&damaged, text.replace("\"tenant\":\"kill\"", "\"tenant\":\"other\"")).unwrap();
    refused(&stage.run(&["links", "restore", damaged.to_str().unwrap(), "--replace"]), "are of the tenant other");
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&damaged, lines[..20].join("\n")).unwrap();
    refused(&stage.run(&["links", "restore", damaged.to_str().unwrap(), "--replace"]), "it was cut");

    stage.lose_storage();
    good(&stage.run(&["links", "restore", file, "--preview"]));
    refused(&stage.run(&["links", "export"]), "nothing is stored for the account");
    let restored = stage.run(&["links", "restore", file]);
    good(&restored);
    assert!(restored.out.contains("30 links of"), "{}", restored.out);
    assert!(stage.run(&["status"]).out.contains("links restore"));
    for _ in 0..3 {
        good(&stage.run(&["sync"]));
    }
    assert_eq!(stage.services.writes(), 0);
    assert_eq!(before.difference(&stage.services.view()), Vec::<String>::new());
    let quiet = stage.run(&["sync"]);
    assert!(!quiet.out.contains("noted") && !quiet.out.contains("held"), "{}", quiet.out);
    assert_eq!(without_moment(&stage.run(&["links", "export"]).out).len(), 31);
}
