//! Sign-ins at an Exchange Server.

use super::*;
use crate::credential::Password;

const EWS: &str = "https://mail.mycompany.com/EWS/Exchange.asmx";

fn login() -> Password {
    Password { user: "MYCOMPANY\\sync".to_owned(), password: SECRET.to_owned().into() }
}

struct Office {
    world: World,
    egress: Arc<Egress>,
}

impl Office {
    fn new(sign_in: SignIn, script: impl Fn(usize, &Seen) -> Does + Send + Sync + 'static) -> Self {
        let world = World::new(script);
        let service = MailboxService::Exchange(Url::parse(EWS).unwrap());
        let fake: Arc<dyn Transport> = world.fake.clone();
        let egress = world.egress.beside(service, sign_in, fake);
        Self { world, egress }
    }

    fn ask(&self) -> Result<Response, Error> {
        let request = Request { method: "POST".to_owned(), ..Request::get(EWS, Credential::Mailbox) };
        let policy = self.egress.policy(MAIL, RunWindow::default());
        self.world.clock.run(policy.send(vec![request])).unwrap().remove(0)
    }
}

#[test]
fn one_refusal_may_be_an_overloaded_server_and_two_are_a_wrong_password() {
    let office = Office::new(SignIn::Basic(login()), |n, _| if n == 1 { status(401, &[]) } else { ok() });
    assert!(office.ask().is_ok());
    assert_eq!(office.world.times(), [0, 2000]);

    let refusal = [("www-authenticate", "Basic realm=\"mail.mycompany.com\"")];
    let office = Office::new(SignIn::Basic(login()), move |_, _| status(401, &refusal));
    let Err(Error::Credential(text)) = office.ask() else { panic!("refused") };
    assert!(text.contains("Exchange at https://mail.mycompany.com refuses the sign-in of MYCOMPANY\\sync"), "{text}");
    assert!(text.contains("neither locked nor expired") && !text.contains(SECRET), "{text}");
    // Many tries lock an account.
    assert_eq!(office.ask(), Err(Error::Credential(text)));
    assert_eq!(office.world.times().len(), 2);
    office.world.clock.run(office.world.clock.sleep(Duration::from_secs(601))).unwrap();
    assert!(office.ask().is_err());
    assert_eq!(office.world.times().len(), 4);
}

#[test]
fn a_server_that_takes_other_sign_ins_is_told_with_them() {
    let offers = [("www-authenticate", "Negotiate"), ("www-authenticate", "NTLM")];
    let office = Office::new(SignIn::Basic(login()), move |_, _| status(401, &offers));
    let text = office.ask().unwrap_err().to_string();
    assert!(text.contains("does not take sign-in = \"basic\"; it offers Negotiate and NTLM"), "{text}");
}

#[test]
fn a_token_that_exchange_refuses_is_told_with_where_to_look() {
    let SignIn::ClientCredentials(client) = oauth() else { panic!("client credentials") };
    let sign_in = SignIn::ClientCredentials(ClientCredentials { place: "Exchange", ..client });
    let office = Office::new(sign_in, |_, seen| if is_sign_in(seen) { token("t", 3600) } else { status(401, &[]) });
    let text = office.ask().unwrap_err().to_string();
    assert!(text.contains("refuses the token of the application app") && text.contains("full_access_as_app"), "{text}");
    let paths: Vec<String> = office.world.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths.iter().filter(|path| path.ends_with("/token")).count(), 2, "a token is renewed once: {paths:?}");
}

#[test]
fn a_transport_without_connections_of_its_own_refuses_ntlm() {
    let office = Office::new(SignIn::Ntlm(login()), |_, _| ok());
    let Err(Error::Denied(text)) = office.ask() else { panic!("refused") };
    assert!(text.contains("NTLM"), "{text}");
}

#[test]
fn the_page_of_an_overloaded_server_is_followed_by_another_try_of_a_read() {
    let office = Office::new(SignIn::Basic(login()), |n, _| match n {
        1 => status(302, &[("location", "/ews/genericerrorpage.htm")]),
        _ => ok(),
    });
    assert_eq!(office.ask().unwrap().status, 200);
    assert_eq!(office.world.times(), [0, 1000]);
    let office = Office::new(SignIn::Basic(login()), |_, _| status(302, &[("location", "https://evil.example/")]));
    assert_eq!(office.ask().unwrap().status, 302, "no redirect is followed");
    assert_eq!(office.world.times().len(), 1);
}

#[test]
fn a_sign_in_that_autodiscover_refused_everywhere_rests_before_it_is_shown_again() {
    let office = Office::new(SignIn::Basic(login()), |_, seen| match seen.path.as_str() {
        "/autodiscover/autodiscover.xml" => status(401, &[("www-authenticate", "Basic realm=\"x\"")]),
        _ => status(404, &[]),
    });
    let clock = &office.world.clock;
    let find = |mail: &str| clock.run(crate::autodiscover::find(&office.egress, mail, &[])).unwrap();
    let shown = || {
        let seen = office.world.seen();
        seen.iter().filter(|seen| seen.headers.iter().any(|(name, _)| name == "authorization")).count()
    };
    let Err(Error::Credential(text)) = find(MAIL) else { panic!("refused") };
    assert!(text.contains("refuses the sign-in of MYCOMPANY\\sync") && !text.contains(SECRET), "{text}");
    assert!(text.contains(&format!("Autodiscover finds no Exchange Server for {MAIL}")), "{text}");
    assert_eq!(shown(), 2, "one place that refuses proves nothing about another");
    // Not for another account either: it is the same password.
    assert_eq!(find("a.smith@mycompany.com"), Err(Error::Credential(text.clone())));
    assert_eq!(office.ask(), Err(Error::Credential(text)));
    assert_eq!(shown(), 2);
    clock.run(clock.sleep(Duration::from_secs(601))).unwrap();
    assert!(find(MAIL).is_err());
    assert_eq!(shown(), 4);
}

#[test]
fn a_sign_in_that_one_place_of_autodiscover_refused_is_good_where_another_takes_it() {
    let pox = format!(
        "<Autodiscover><Response><Account><Action>settings</Action><Protocol><Type>EXPR</Type><EwsUrl>{EWS}</EwsUrl>\
         </Protocol></Account></Response></Autodiscover>"
    );
    let office = Office::new(SignIn::Basic(login()), move |number, seen| match (seen.path.as_str(), number) {
        ("/autodiscover/autodiscover.xml", 2) => status(401, &[]),
        ("/autodiscover/autodiscover.xml", _) => Does::Answer(200, vec![], pox.clone()),
        ("/EWS/Exchange.asmx", _) => ok(),
        _ => status(404, &[]),
    });
    let clock = &office.world.clock;
    let found = clock.run(crate::autodiscover::find(&office.egress, MAIL, &[])).unwrap();
    assert_eq!(found.unwrap().as_str(), EWS);
    assert!(office.ask().is_ok());
}

#[test]
fn an_address_that_is_known_stays_in_use_where_autodiscover_refuses_the_sign_in() {
    let office = Office::new(SignIn::Basic(login()), |_, seen| match seen.path.as_str() {
        "/EWS/Exchange.asmx" => ok(),
        _ => status(401, &[]),
    });
    let clock = &office.world.clock;
    let again = clock.run(crate::autodiscover::look_again(&office.egress, MAIL, &[])).unwrap();
    assert!(matches!(again, Err(Error::Credential(_))), "{again:?}");
    assert!(office.ask().is_ok());
}
