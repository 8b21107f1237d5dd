//! A Creatio site with two people, and a client that is signed in.

use chrono::{DateTime, TimeDelta, Utc};
use emulators::creatio::{Creatio, Knobs, NewUser, UserIds};
use emulators::wire::{Request, Response, Service as _};
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) site: Creatio,
    pub(crate) anna: UserIds,
    pub(crate) egor: UserIds,
    pub(crate) now: DateTime<Utc>,
    pub(crate) token: String,
}

pub(crate) fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_else(|_| panic!("{response:?}"))
}

pub(crate) fn form(site: &mut Creatio, now: DateTime<Utc>, fields: &str) -> Response {
    let request = Request {
        method: "POST".into(),
        target: "/connect/token".into(),
        headers: vec![("content-type".into(), "application/x-www-form-urlencoded".into())],
        body: fields.as_bytes().to_vec(),
    };
    site.handle(&request, now)
}

impl World {
    /// Anna is signed in, as an ordinary user.
    pub(crate) fn new() -> Self {
        let now: DateTime<Utc> = "2026-11-22T10:00:00Z".parse().unwrap();
        let mut site = Creatio::new(now);
        let user = |login, name| NewUser { login, password: "secret", name, mail: login, ..NewUser::default() };
        let anna = site.add_user(&user("anna@x.example", "Anna"), now);
        let egor = site.add_user(&user("egor@x.example", "Egor"), now);
        site.add_client("app", "hush", anna.user);
        site.add_client("other", "hush", egor.user);
        let mut world = Self { site, anna, egor, now, token: String::new() };
        world.token = world.sign_in("app");
        world
    }

    pub(crate) fn sign_in(&mut self, client: &str) -> String {
        let fields = format!("grant_type=client_credentials&client_id={client}&client_secret=hush");
        body(&form(&mut self.site, self.now, &fields))["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn with(mut self, knobs: impl FnOnce(&mut Knobs)) -> Self {
        knobs(self.site.knobs_mut());
        self
    }

    pub(crate) fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)], content: &[u8]) -> Response {
        let mut all = vec![
            ("host".to_owned(), "crm.example".to_owned()),
            ("authorization".to_owned(), format!("Bearer {}", self.token)),
        ];
        if !content.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            all.push(("content-type".to_owned(), "application/json; charset=utf-8; IEEE754Compatible=true".to_owned()));
        }
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let request = Request {
            method: method.into(),
            target: format!("/0/odata/{target}"),
            headers: all,
            body: content.to_vec(),
        };
        self.now += TimeDelta::seconds(1);
        self.site.handle(&request, self.now)
    }

    pub(crate) fn get(&mut self, target: &str) -> Response {
        self.send("GET", target, &[], &[])
    }

    pub(crate) fn post(&mut self, target: &str, content: &Value) -> Response {
        self.send("POST", target, &[], content.to_string().as_bytes())
    }

    pub(crate) fn patch(&mut self, target: &str, content: &Value) -> Response {
        self.send("PATCH", target, &[], content.to_string().as_bytes())
    }

    pub(crate) fn delete(&mut self, target: &str) -> Response {
        self.send("DELETE", target, &[], &[])
    }

    /// Titles of the activities that a query finds, in order.
    pub(crate) fn titles(&mut self, query: &str) -> Vec<String> {
        let response = self.get(&format!("Activity?{query}"));
        assert_eq!(response.status, 200, "{query}: {}", String::from_utf8_lossy(&response.body));
        let rows = body(&response)["value"].as_array().unwrap().clone();
        rows.iter().map(|row| row["Title"].as_str().unwrap().to_owned()).collect()
    }

    /// A new activity of Anna's.
    pub(crate) fn activity(&mut self, title: &str) -> String {
        let owner = self.anna.contact;
        let response = self.post(
            "Activity",
            &json!({"Title": title, "StartDate": "2026-11-23T09:00:00Z", "DueDate": "2026-11-23T10:30:00Z", "OwnerId": owner}),
        );
        assert_eq!(response.status, 201, "{}", String::from_utf8_lossy(&response.body));
        body(&response)["Id"].as_str().unwrap().to_owned()
    }
}
