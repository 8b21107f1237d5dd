//! Components of a few instructions, to see what the host does around one.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Address of a zeroed result: `ok` of a complete report without numbers, or of an empty catalogue.
pub(crate) const NOTHING: &str = "(i32.const 4096)";

/// A component whose functions have these bodies; the others return [`NOTHING`].
pub(crate) fn component(bodies: &[(&str, &str)]) -> Vec<u8> {
    let body = |name: &str| bodies.iter().find(|(known, _)| *known == name).map_or(NOTHING, |(_, body)| body);
    let functions: String =
        ["import", "export", "reconcile", "undo", "links", "restore", "discover", "check", "takeovers", "forget"]
            .iter()
            .map(|name| {
                format!(
                    "(func (export \"schedule:sync/synchronizer@0.1.0#{name}\") (param i32) (result i32) {})\n",
                    body(name)
                )
            })
            .collect();
    let module = format!(
        r#"(module
            (import "schedule:sync/progress@0.1.0" "note" (func $note (param i32 i32 i32)))
            (import "schedule:sync/progress@0.1.0" "step" (func $step (param i32 i32 i64 i32 i64) (result i32)))
            (import "schedule:sync/journal@0.1.0" "append" (func $append (param i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "it broke")
            (data (i32.const 16) "held")
            (data (i32.const 32) "update")
            (data (i32.const 48) "Review")
            (data (i32.const 64) "would-notify")
            (global $free (mut i32) (i32.const 8192))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                (global.get $free)
                (global.set $free (i32.add (global.get $free) (local.get 3))))
            (func $hold
                ;; one journal entry at 1024, field by field
                (i32.store (i32.const 1024) (i32.const 16)) (i32.store (i32.const 1028) (i32.const 4))
                (i32.store (i32.const 1032) (i32.const 16)) (i32.store (i32.const 1036) (i32.const 4))
                (i32.store (i32.const 1040) (i32.const 32)) (i32.store (i32.const 1044) (i32.const 6))
                (i32.store8 (i32.const 1048) (i32.const 1))
                (i32.store (i32.const 1076) (i32.const 48)) (i32.store (i32.const 1080) (i32.const 6))
                (i32.store (i32.const 1112) (i32.const 64)) (i32.store (i32.const 1116) (i32.const 12))
                (call $append (i32.const 1024) (i32.const 1)))
            {functions})"#
    );
    let mut wasm = wat::parse_str(module).unwrap();
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit")).unwrap();
    let world = resolve.select_world(&[package], Some("connector")).unwrap();
    embed_component_metadata(&mut wasm, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&wasm).unwrap().validate(true).encode().unwrap()
}

/// A configuration for nobody's mailbox. Its secrets are in files beside it.
#[allow(dead_code)] // not every test lives at this site
pub(crate) fn configuration(folder: &std::path::Path) -> std::path::PathBuf {
    std::fs::write(folder.join("secret"), "not-in-any-output\n").unwrap();
    let path = folder.join("schedule-sync.toml");
    let text = r#"
        [tenant]
        id = "mycompany"
        [creatio]
        url = "https://mycompany.creatio.invalid"
        sign-in = "forms"
        user = "Supervisor"
        password = { file = "secret" }
        [microsoft]
        graph-url = "https://graph.invalid"
        login-url = "https://login.invalid"
        directory = "mycompany.onmicrosoft.com"
        client-id = "app"
        client-secret = { file = "secret" }
        [[account]]
        mail = "e.mirny@mycompany.com"
        user = "e.mirny"
        time-zone = "Europe/Moscow"
        import-meetings = "all"
    "#;
    std::fs::write(&path, text).unwrap();
    path
}
