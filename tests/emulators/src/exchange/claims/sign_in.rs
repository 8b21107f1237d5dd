//! Who may ask, and for whom.

use super::*;

const GET: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"calendar\"/></m:FolderIds></m:GetFolder>";

fn impersonate(who: &str) -> String {
    format!(
        "{VERSION}<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>{who}</t:PrimarySmtpAddress></t:ConnectingSID>\
         </t:ExchangeImpersonation>"
    )
}

fn offered(desk: &mut Desk) -> Vec<String> {
    let response = desk.post(GET);
    assert_eq!(response.status, 401);
    let ways = response.headers.iter().filter(|(name, _)| name == "www-authenticate");
    ways.map(|(_, way)| way.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn a_wrong_password_is_told_how_to_sign_in() {
    let mut desk = Desk::new();
    desk.login = (EUGENE, "wrong");
    // What is carried out, and by a knob what a server offers besides.
    assert_eq!(offered(&mut desk), ["Basic", "Bearer"]);
    desk.exchange.knobs.windows = true;
    assert_eq!(offered(&mut desk), ["Negotiate", "NTLM", "Basic", "Bearer"]);
    for name in ["MYCOMPANY\\e.mirny", "e.mirny", "E.Mirny@MyCompany.com"] {
        desk.login = (name, "Mirny-2026");
        assert_eq!(desk.post(GET).status, 200, "{name}");
    }
    desk.exchange.knobs.basic = false;
    assert_eq!(offered(&mut desk), ["Negotiate", "NTLM", "Bearer"]);
    desk.exchange.add_bearer("token", EUGENE);
    desk.headers.clear();
    let request = |token: &str| Request {
        method: "POST".into(),
        target: "/EWS/Exchange.asmx".into(),
        headers: vec![("authorization".into(), format!("Bearer {token}")), ("content-type".into(), "text/xml".into())],
        body: Vec::new(),
    };
    let now = desk.now;
    assert_eq!(desk.exchange.handle(&request("token"), now).status, 400);
    assert_eq!(desk.exchange.handle(&request("another"), now).status, 401);
}

#[test]
fn a_service_account_acts_as_the_user_it_names() {
    let mut desk = Desk::new();
    desk.login = (world::SERVICE, world::SERVICE_PASSWORD);
    assert_eq!(desk.codes(GET), ["ErrorMissingEmailAddress"]);
    desk.header = impersonate(EUGENE);
    let id = desk.create(&meeting("a", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"));
    assert_eq!(desk.exchange.find(EUGENE, "a").unwrap().id, id.id);
    desk.header = impersonate("a.smith@mycompany.com");
    assert_eq!(desk.codes(&get_item(&id.element(), "IdOnly", "")), ["ErrorAccessDenied"]);
    desk.header = impersonate("nobody@mycompany.com");
    assert_eq!(desk.fault(GET).0, "ErrorNonExistentMailbox");
    desk.login = (EUGENE, "Mirny-2026");
    desk.header = impersonate("a.smith@mycompany.com");
    assert_eq!(desk.fault(GET).0, "ErrorImpersonateUserDenied");
}

#[test]
fn the_anchor_may_be_required() {
    let mut desk = Desk::new();
    desk.exchange.knobs.anchor_required = true;
    desk.login = (world::SERVICE, world::SERVICE_PASSWORD);
    desk.header = impersonate(EUGENE);
    assert_eq!(desk.post(GET).status, 503);
    desk.headers.push(("x-anchormailbox".into(), EUGENE.into()));
    assert_eq!(desk.post(GET).status, 200);
}

#[test]
fn other_paths_methods_and_kinds_are_not_served() {
    let mut desk = Desk::new();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{EUGENE}:Mirny-2026"));
    let mut status = |method: &str, target: &str, kind: &str| {
        let headers = vec![("authorization".into(), format!("Basic {basic}")), ("content-type".into(), kind.into())];
        let request = Request { method: method.into(), target: target.into(), headers, body: Vec::new() };
        let now = desk.now;
        desk.exchange.handle(&request, now).status
    };
    assert_eq!(status("POST", "/EWS/Other.asmx", "text/xml"), 404);
    assert_eq!(status("GET", "/ews/exchange.asmx", "text/xml"), 405);
    assert_eq!(status("POST", "/EWS/Exchange.asmx", "application/json"), 415);
}
