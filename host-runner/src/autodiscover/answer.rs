//! Answers of Autodiscover: JSON of its second version, and the older XML.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde::Deserialize;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// Where Exchange Web Services are.
    Address(String),
    /// Ask at this address instead.
    Elsewhere(String),
    /// Ask for this mail address instead.
    OtherMail(String),
    /// That there is nothing, in the server's words.
    Nothing(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    url: Option<String>,
    error_message: Option<String>,
    error_code: Option<String>,
}

/// The answer of `autodiscover.json`.
pub(super) fn json(body: &[u8]) -> Told {
    match serde_json::from_slice::<Found>(body) {
        Ok(Found { url: Some(url), .. }) => Told::Address(url),
        Ok(Found { error_message, error_code, .. }) => {
            Told::Nothing(error_message.or(error_code).unwrap_or_else(|| "tells no address".to_owned()))
        }
        Err(_) => Told::Nothing("answers something that is no JSON".to_owned()),
    }
}

/// The answer of `autodiscover.xml`: of its protocols the one for use outside (EXPR) before the one for use inside (EXCH).
pub(super) fn pox(body: &[u8]) -> Told {
    let whole = String::from_utf8_lossy(body);
    let mut reader = Reader::from_str(&whole);
    let (mut path, mut text) = (Vec::<String>::new(), String::new());
    let (mut kind, mut ews) = (String::new(), String::new());
    let (mut best, mut said): (Option<(u8, String)>, Option<Told>) = (None, None);
    let mut message = None;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                path.push(start.local_name().as_ref().to_owned());
                text.clear();
            }
            Ok(Event::Text(piece)) => text.push_str(&piece),
            Ok(Event::CData(piece)) => text.push_str(&piece),
            Ok(Event::GeneralRef(name)) => text.push_str(match &*name {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                "quot" => "\"",
                "apos" => "'",
                _ => "",
            }),
            Ok(Event::End(_)) => {
                let Some(name) = path.pop() else { break };
                let value = std::mem::take(&mut text).trim().to_owned();
                match (name.as_str(), path.last().map(String::as_str)) {
                    ("Type", Some("Protocol")) => kind = value,
                    ("EwsUrl", Some("Protocol")) => ews = value,
                    ("ASUrl", Some("Protocol")) if ews.is_empty() => ews = value,
                    ("Protocol", Some("Account")) => {
                        let rank = match kind.as_str() {
                            "EXPR" => 3,
                            "EXCH" => 2,
                            "EXHTTP" => 1,
                            _ => 0,
                        };
                        let found = std::mem::take(&mut ews);
                        if !found.is_empty() && rank > 0 && best.as_ref().is_none_or(|(known, _)| rank > *known) {
                            best = Some((rank, found));
                        }
                        kind.clear();
                    }
                    ("RedirectUrl", Some("Account")) => said = Some(Told::Elsewhere(value)),
                    ("RedirectAddr", Some("Account")) => said = Some(Told::OtherMail(value)),
                    ("Message", Some("Error")) => message = Some(value),
                    _ => {}
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => return Told::Nothing("answers something that is no XML".to_owned()),
        }
    }
    match (said, best, message) {
        (Some(elsewhere), ..) => elsewhere,
        (None, Some((_, url)), _) => Told::Address(url),
        (None, None, Some(message)) => Told::Nothing(format!("says: {message}")),
        (None, None, None) => Told::Nothing("tells no address".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(inside: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
<Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
<User><DisplayName>Eugene</DisplayName></User><Account><AccountType>email</AccountType>{inside}</Account></Response>
</Autodiscover>"#
        )
    }

    #[test]
    fn the_address_for_use_outside_is_taken_before_the_one_for_use_inside() {
        let inside = "<Protocol><Type>EXCH</Type><EwsUrl>https://in.x/EWS/Exchange.asmx</EwsUrl></Protocol>";
        let outside =
            "<Protocol><Type>EXPR</Type><ASUrl>https://out.x/EWS/Exchange.asmx?a=1&amp;b=2</ASUrl></Protocol>";
        let web = "<Protocol><Type>WEB</Type><EwsUrl>https://web.x/owa</EwsUrl></Protocol>";
        let both = pox(account(&format!("{web}{inside}{outside}")).as_bytes());
        assert_eq!(both, Told::Address("https://out.x/EWS/Exchange.asmx?a=1&b=2".to_owned()));
        let one = pox(account(&format!("{inside}{web}")).as_bytes());
        assert_eq!(one, Told::Address("https://in.x/EWS/Exchange.asmx".to_owned()));
        assert_eq!(pox(account(web).as_bytes()), Told::Nothing("tells no address".to_owned()));
    }

    #[test]
    fn redirects_and_errors_are_told_apart() {
        let to = |inside: &str| pox(account(inside).as_bytes());
        assert_eq!(
            to("<Action>redirectUrl</Action><RedirectUrl>https://b.x/autodiscover/autodiscover.xml</RedirectUrl>"),
            Told::Elsewhere("https://b.x/autodiscover/autodiscover.xml".to_owned())
        );
        assert_eq!(
            to("<Action>redirectAddr</Action><RedirectAddr>e@b.x</RedirectAddr>"),
            Told::OtherMail("e@b.x".to_owned())
        );
        let refused = "<Autodiscover><Response><Error><ErrorCode>500</ErrorCode><Message>The email address can't be found.\
                       </Message></Error></Response></Autodiscover>";
        assert_eq!(pox(refused.as_bytes()), Told::Nothing("says: The email address can't be found.".to_owned()));
        for nonsense in ["<html><body>Sign in</html>", "<a><b>", "", "\u{0}", "</a>"] {
            assert!(matches!(pox(nonsense.as_bytes()), Told::Nothing(_)), "{nonsense}");
        }
    }

    #[test]
    fn json_tells_an_address_or_an_error() {
        assert_eq!(
            json(br#"{"Protocol":"Ews","Url":"https://mail.x/EWS/Exchange.asmx"}"#),
            Told::Address("https://mail.x/EWS/Exchange.asmx".to_owned())
        );
        assert_eq!(
            json(br#"{"ErrorCode":"UserNotFound","ErrorMessage":"There is no such user."}"#),
            Told::Nothing("There is no such user.".to_owned())
        );
        assert!(matches!(json(b"<html>"), Told::Nothing(_)));
        assert!(matches!(json(b"{}"), Told::Nothing(_)));
    }
}
