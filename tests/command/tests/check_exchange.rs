//! `check` before broken set-ups with the mailboxes on an Exchange Server: what is wrong is told in words, with what to do, as
//! the snapshots beside this file show.

use std::net::TcpListener;
use std::sync::Arc;

use command::{Desk, EUGENE};
use insta::assert_snapshot;
use serde_json::json;
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

fn check(desk: &Desk) -> String {
    desk.run(&["check"]).whole()
}

/// What is told of one account: everything below its name.
fn account(desk: &Desk) -> String {
    let text = check(desk);
    text.split_once(&format!("{EUGENE}\n")).map(|(_, below)| below.to_owned()).unwrap_or(text)
}

#[test]
fn where_all_is_well_every_line_says_so() {
    let desk = Desk::on_exchange("demo");
    assert_snapshot!(check(&desk));
    assert_eq!(desk.run(&["check", "--json"]).code, 0);
}

#[test]
fn both_services_are_told_apart() {
    let desk = Desk::new("demo");
    let url = desk.exchange_address();
    let section = "user = \"sync.service@mycompany.com\"\npassword = { env = \"COMMAND_PASSWORD\" }\n";
    desk.configure("[network]", &format!("[exchange]\nurl = \"{url}\"\n{section}\n[network]"));
    desk.configure("[[account]]", "[[account]]\nmailbox = \"exchange\"");
    let told = check(&desk);
    assert!(told.contains("Sign-in at Microsoft 365:") && told.contains("Sign-in at Exchange:"), "{told}");
}

#[test]
fn a_wrong_address_of_exchange() {
    let desk = Desk::on_exchange("demo");
    desk.configure("/EWS/Exchange.asmx", "/nowhere/Exchange.asmx");
    assert_snapshot!(check(&desk));
}

#[test]
fn a_wrong_password() {
    let mut desk = Desk::on_exchange("demo");
    desk.password = "not-the-password".into();
    let told = check(&desk);
    assert!(!told.contains("not-the-password"), "{told}");
    assert_snapshot!(told);
}

#[test]
fn a_sign_in_that_may_not_act_for_the_user() {
    let desk = Desk::on_exchange("demo");
    desk.configure("sync.service@mycompany.com", "a.smith@mycompany.com");
    let smith = json!({"action": "add-user", "login": "a.smith@mycompany.com", "password": desk.password,
        "mailbox": "a.smith@mycompany.com"});
    desk.exchange(smith);
    assert_snapshot!(account(&desk));
}

#[test]
fn a_service_account_that_is_not_told_to_act_for_the_user() {
    let desk = Desk::on_exchange("demo");
    desk.configure("[exchange]", "[exchange]\nimpersonate = false");
    assert_snapshot!(account(&desk));
    // What it says helps.
    desk.configure("impersonate = false", "impersonate = true");
    assert_eq!(desk.run(&["check"]).code, 0);
}

#[test]
fn a_mailbox_that_exchange_does_not_have() {
    let desk = Desk::on_exchange("demo");
    desk.configure(EUGENE, "eugene@mycompany.com");
    let text = check(&desk);
    assert_snapshot!(text.split_once("eugene@mycompany.com\n").unwrap().1);
}

#[test]
fn a_folder_that_may_not_be_written() {
    let desk = Desk::on_exchange("demo");
    desk.exchange(json!({"action": "change-folder", "mailbox": EUGENE, "folder": "calendar", "writable": false}));
    assert_snapshot!(account(&desk));
}

#[test]
fn a_probe_of_a_mailbox_that_may_not_be_written() {
    let desk = Desk::on_exchange("demo");
    let trouble = json!({"form": "code", "operation": "CreateItem", "code": "ErrorAccessDenied", "times": 9});
    desk.exchange(json!({"action": "trouble", "trouble": trouble}));
    let told = desk.run(&["check", "--probe", "--account", EUGENE]);
    assert_snapshot!(told.whole());
}

#[test]
fn a_server_that_nobody_reaches() {
    let desk = Desk::on_exchange("demo");
    desk.configure(desk.exchange_address(), "http://127.0.0.1:9/EWS/Exchange.asmx");
    desk.configure("allow = [", "allow = [\"http://127.0.0.1:9\", ");
    assert_snapshot!(check(&desk));
}

/// A server whose certificate is from an authority that nobody here knows.
fn untrusted() -> u16 {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../host-runner/tests/certificates");
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(folder.join("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
        }
    });
    port
}

#[test]
fn a_certificate_of_an_authority_that_is_not_known() {
    let desk = Desk::on_exchange("demo");
    let port = untrusted();
    desk.configure(desk.exchange_address(), &format!("https://localhost:{port}/EWS/Exchange.asmx"));
    assert_snapshot!(check(&desk).replace(&port.to_string(), "PORT"));
}

#[test]
fn a_page_in_place_of_exchange_web_services() {
    let desk = Desk::on_exchange("demo");
    desk.fault(&json!({"service": "exchange", "times": null, "effect": {"kind": "html"}}));
    assert_snapshot!(account(&desk));
}
