//! What the built component asks of its host, printed back from its bytes.

#[test]
fn the_component_imports_and_exports_what_its_world_declares_and_nothing_else() {
    let decoded = wit_component::decode(component::bytes()).expect("the bytes are a component");
    let mut printer = wit_component::WitPrinter::default();
    printer.print(decoded.resolve(), decoded.package(), &[]).expect("its world can be printed");
    let printed = printer.output.to_string();
    let world: Vec<&str> = printed
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("import ") || line.starts_with("export "))
        .collect();
    println!("{printed}");
    assert_eq!(
        world,
        [
            "import schedule:sync/http@0.1.0;",
            "import schedule:sync/storage@0.1.0;",
            "import schedule:sync/journal@0.1.0;",
            "import schedule:sync/progress@0.1.0;",
            "import wasi:clocks/wall-clock@0.2.0;",
            "export schedule:sync/synchronizer@0.1.0;",
        ]
    );
    let interfaces = &decoded.resolve().interfaces;
    let synchronizer = interfaces.iter().find(|(_, interface)| interface.name.as_deref() == Some("synchronizer"));
    let (_, interface) = synchronizer.expect("it is exported");
    let functions: Vec<&str> = interface.functions.keys().map(String::as_str).collect();
    let declared =
        ["import", "export", "reconcile", "undo", "links", "restore", "discover", "check", "takeovers", "forget"];
    assert_eq!(functions, declared);
}
