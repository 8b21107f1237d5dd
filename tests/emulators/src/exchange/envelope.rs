//! From HTTP to an operation and back: the envelope, its headers, and what is refused before anything is looked at.

use chrono::{DateTime, Utc};

use super::Exchange;
use super::auth::Caller;
use super::problem::{Done, Problem, success};
use super::set::Frame;
use super::trouble::{Form, Met};
use super::xml::{Node, Space, m, parse, t};
use super::{names, schema};
use crate::outlook::zones::Zone;
use crate::wire::{Request, Response, http_date};

/// Where the service is.
const PATH: &str = "/EWS/Exchange.asmx";
/// Versions of the schema, oldest first.
const VERSIONS: [&str; 16] = [
    "Exchange2007",
    "Exchange2007_SP1",
    "Exchange2009",
    "Exchange2010",
    "Exchange2010_SP1",
    "Exchange2010_SP2",
    "Exchange2012",
    "Exchange2013",
    "Exchange2013_SP1",
    "Exchange2015",
    "Exchange2016",
    "V2015_10_05",
    "V2016_01_06",
    "V2016_04_13",
    "V2016_07_13",
    "V2016_10_10",
];

/// One operation with what it is asked under.
pub(super) struct Call<'a> {
    pub(super) caller: Caller,
    pub(super) operation: &'a Node,
    pub(super) frame: Frame,
}

impl Call<'_> {
    /// The mailbox that is meant where none is named.
    pub(super) fn own(&self) -> Done<usize> {
        self.caller.own.ok_or_else(|| {
            Problem::new(
                "ErrorMissingEmailAddress",
                "When making a request as an account that does not have a mailbox, \
                you must specify the mailbox primary SMTP address for any distinguished folder Ids.",
            )
        })
    }
}

fn plain(status: u16) -> Response {
    Response { status, headers: vec![("server".into(), "Microsoft-IIS/10.0".into())], body: Vec::new() }
}

impl Exchange {
    pub(super) fn answer(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        let date = http_date(now);
        let mut response = self.answer_at_door(request, now).with("date", date);
        if let Some(id) = request.header("client-request-id")
            && request.header("return-client-request-id").is_some_and(|wanted| wanted.eq_ignore_ascii_case("true"))
        {
            response = response.with("client-request-id", id);
        }
        response.with("request-id", crate::outlook::ids::named(&format!("answer {now}")).to_string())
    }

    fn answer_at_door(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        if !request.path().eq_ignore_ascii_case(PATH) {
            return plain(404);
        }
        let login = match self.sign_in(request) {
            Ok(login) => login,
            Err(refusal) => return refusal,
        };
        if request.method != "POST" {
            return plain(405);
        }
        if !request.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/xml")) {
            return plain(415);
        }
        let Ok(text) = std::str::from_utf8(&request.body) else { return plain(400) };
        let Ok(root) = parse(text) else { return plain(400) };
        let answer = opened(&root).map_err(|violation| refused(&violation, text)).and_then(|(header, operation)| {
            self.check_version(header)?;
            if schema::is_elsewhere(operation) {
                let text = format!("The operation {} is not served by this emulator.", operation.name);
                return Err(Problem::new("ErrorInvalidOperation", text).fault(&[]));
            }
            for node in header.into_iter().chain([operation]) {
                schema_of(node).map_err(|violation| refused(&violation, text))?;
            }
            Ok((header, operation))
        });
        let (header, operation) = match answer {
            Ok(found) => found,
            Err(fault) => return self.respond_with(500, fault),
        };
        let named = |name: &str| header.and_then(|header| header.child(name));
        let caller = match self.caller(login, named("ExchangeImpersonation"), request) {
            Ok(caller) => caller,
            Err(problem) if problem.code == "ErrorServerBusy" => return plain(503),
            Err(problem) => return self.respond_with(500, problem.fault(&[])),
        };
        let zone = match context(named("TimeZoneContext")) {
            Ok(zone) => zone,
            Err(problem) => return self.respond_with(500, problem.fault(&[])),
        };
        let mailbox_zone = caller.own.and_then(|at| self.mailboxes.get(at)).and_then(|one| Zone::find(&one.zone));
        let days = match (&zone, mailbox_zone) {
            (None, Some(mailbox)) if self.knobs.task_days_in_mailbox_zone => mailbox,
            _ => zone.clone().unwrap_or_else(Zone::utc),
        };
        let frame = Frame { zone: zone.unwrap_or_else(Zone::utc), days, now };
        let met = self.meet(operation, text);
        let call = Call { caller, operation, frame };
        self.carry_out(&call, met)
    }

    fn carry_out(&mut self, call: &Call<'_>, met: Option<Met>) -> Response {
        if let Some(met) = &met {
            let whole = match met.form {
                Form::Unavailable => Some(plain(503)),
                Form::ErrorPage => Some(plain(302).with("location", "/ews/genericerrorpage.htm")),
                Form::BusyFault | Form::BusyInside => Some(self.respond_with(500, met.problem.fault(&[]))),
                Form::Garbled => {
                    let mut answer = plain(200).with("content-type", "text/xml; charset=utf-8");
                    answer.body = b"<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope".to_vec();
                    Some(answer)
                }
                Form::Code if met.item.is_none() => Some(self.respond_with(500, met.problem.fault(&[]))),
                Form::Busy | Form::Stop | Form::Code => None,
            };
            if let Some(whole) = whole {
                if met.acts {
                    self.operate(call, None);
                }
                return whole;
            }
        }
        let messages = self.operate(call, met.as_ref());
        let name = &call.operation.name;
        let node = m(format!("{name}Response")).with(m("ResponseMessages").with_all(messages));
        self.respond_with(200, node)
    }

    fn operate(&mut self, call: &Call<'_>, met: Option<&Met>) -> Vec<Node> {
        let name = &*call.operation.name;
        match name {
            "GetFolder" => self.each(call, "FolderIds", met, Self::get_folder),
            "FindFolder" => self.each(call, "ParentFolderIds", met, Self::find_folder),
            "CreateFolder" => self.each(call, "Folders", met, Self::create_folder),
            "DeleteFolder" => self.each(call, "FolderIds", met, Self::delete_folder),
            "SyncFolderHierarchy" => self.once(call, met, Self::sync_hierarchy),
            "SyncFolderItems" => self.once(call, met, Self::sync_items),
            "FindItem" => self.each(call, "ParentFolderIds", met, Self::find_item),
            "GetItem" => self.each(call, "ItemIds", met, Self::get_item),
            "CreateItem" => self.each(call, "Items", met, Self::create_item),
            "UpdateItem" => self.each(call, "ItemChanges", met, Self::update_item),
            "DeleteItem" => self.each(call, "ItemIds", met, Self::delete_item),
            "MoveItem" => self.each(call, "ItemIds", met, Self::move_item),
            "ConvertId" => self.each(call, "SourceIds", met, Self::convert_id),
            "ResolveNames" => vec![self.resolve_names(call)],
            _ => self.once(call, met, Self::server_time_zones),
        }
    }

    /// One response message for each of what a list holds, in its order; one that is refused leaves the others alone.
    fn each(
        &mut self,
        call: &Call<'_>,
        list: &str,
        met: Option<&Met>,
        one: fn(&mut Self, &Call<'_>, &Node) -> Done<Vec<Node>>,
    ) -> Vec<Node> {
        let name = &call.operation.name;
        let listed = call.operation.child(list).map(|list| list.children.as_slice()).unwrap_or_default();
        let mut messages = Vec::with_capacity(listed.len());
        for (at, node) in listed.iter().enumerate() {
            let refusal = met.filter(|met| match met.form {
                Form::Busy => met.item.is_none_or(|item| item == at + 1),
                Form::Stop => met.item.is_none_or(|item| item <= at + 1),
                _ => met.item == Some(at + 1),
            });
            messages.push(match refusal {
                Some(met) => {
                    if met.acts {
                        // What comes of it is not told.
                        let _ = one(self, call, node);
                    }
                    let class = if met.form == Form::Stop { "Warning" } else { "Error" };
                    met.problem.classed(name, class, empty(name))
                }
                None => match one(self, call, node) {
                    Ok(payload) => success(name).with_all(payload),
                    Err(problem) => problem.message(name, empty(name)),
                },
            });
        }
        messages
    }

    /// The one response message of an operation without a list.
    fn once(
        &mut self,
        call: &Call<'_>,
        met: Option<&Met>,
        work: fn(&mut Self, &Call<'_>) -> Done<Vec<Node>>,
    ) -> Vec<Node> {
        let name = &call.operation.name;
        let done = match met {
            Some(met) => Err(met.problem.clone()),
            None => work(self, call),
        };
        vec![match done {
            Ok(payload) => success(name).with_all(payload),
            Err(problem) => problem.message(name, empty(name)),
        }]
    }

    fn check_version(&self, header: Option<&Node>) -> Result<(), Node> {
        let wanted = header.and_then(|header| header.child("RequestServerVersion"));
        let Some(wanted) = wanted.and_then(|node| node.attribute("Version")) else { return Ok(()) };
        let place = |name: &str| VERSIONS.iter().position(|version| *version == name);
        if place(wanted).is_some_and(|wanted| place(&self.knobs.newest).is_none_or(|newest| wanted <= newest)) {
            return Ok(());
        }
        Err(Problem::new("ErrorInvalidServerVersion", "The specified server version is invalid.").fault(&[]))
    }

    fn respond_with(&self, status: u16, body: Node) -> Response {
        wrapped(status, body, &self.knobs.schema)
    }
}

/// An answer, as a server says it that is set to nothing in particular.
pub(super) fn enveloped(status: u16, body: Node) -> Response {
    wrapped(status, body, &super::Knobs::default().schema)
}

fn wrapped(status: u16, body: Node, schema: &str) -> Response {
    let version = t("ServerVersionInfo")
        .attr("MajorVersion", "15")
        .attr("MinorVersion", "2")
        .attr("MajorBuildNumber", "1544")
        .attr("MinorBuildNumber", "4")
        .attr("Version", schema);
    let soap = |name: &'static str| Node::new(Space::Soap, name);
    let envelope = soap("Envelope").with(soap("Header").with(version)).with(soap("Body").with(body));
    let mut response = plain(status).with("content-type", "text/xml; charset=utf-8");
    response.body = envelope.document().into_bytes();
    response
}

/// What a response message has even where nothing came of it.
pub(super) fn empty(operation: &str) -> Option<Node> {
    match operation {
        "GetItem" | "CreateItem" | "UpdateItem" | "MoveItem" => Some(m("Items")),
        "GetFolder" | "CreateFolder" => Some(m("Folders")),
        _ => None,
    }
}

/// Header and operation of an envelope.
fn opened(root: &Node) -> Result<(Option<&Node>, &Node), schema::Violation> {
    let soap = |node: &Node, name: &str| node.space == Space::Soap && node.name == name;
    let wrong = |text: &str| schema::Violation { text: text.to_owned(), offset: root.offset };
    if !soap(root, "Envelope") {
        return Err(wrong("The document is not a SOAP 1.1 envelope."));
    }
    let (header, body) = match root.children.as_slice() {
        [body] if soap(body, "Body") => (None, body),
        [header, body] if soap(header, "Header") && soap(body, "Body") => (Some(header), body),
        _ => return Err(wrong("The envelope is not a header and a body.")),
    };
    match body.children.as_slice() {
        [operation] => Ok((header, operation)),
        _ => Err(wrong("The body does not have exactly one element.")),
    }
}

fn schema_of(node: &Node) -> Result<(), schema::Violation> {
    if node.space == Space::Soap {
        return node.children.iter().try_for_each(schema::check);
    }
    schema::check(node)
}

/// The fault that tells of a violation of the schema, and where it is.
fn refused(violation: &schema::Violation, text: &str) -> Node {
    let before = text.get(..violation.offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let position = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let lines = [
        ("LineNumber", line.to_string()),
        ("LinePosition", position.to_string()),
        ("Violation", violation.text.clone()),
    ];
    let said = format!("The request failed schema validation: {}", violation.text);
    Problem::new("ErrorSchemaValidation", said).fault(&lines)
}

/// The zone that a request's times are of.
fn context(node: Option<&Node>) -> Done<Option<Zone>> {
    let Some(definition) = node.and_then(|node| node.child("TimeZoneDefinition")) else { return Ok(None) };
    let id = definition.attribute("Id").unwrap_or_default();
    match Zone::find(id) {
        Some(zone) => Ok(Some(zone)),
        None => Err(Problem::new("ErrorTimeZone", format!("The specified time zone is not valid: {id}."))),
    }
}

/// The mailbox of an id.
pub(super) fn known_mailbox(mailboxes: &[super::Mailbox], guid: uuid::Uuid) -> Done<usize> {
    mailboxes.iter().position(|mailbox| mailbox.guid == guid).ok_or_else(names::not_here)
}
