//! Faults of single items of a SOAP request, and of listings: the item is taken out, the service answers the rest, and the
//! response message is put in. What a fault says as a status is said by the code that Exchange has for it.

use std::time::Duration;

use serde_json::Value as Json;

use super::envelope::{empty, enveloped};
use super::problem::Problem;
use super::xml::{Node, Space, m, read};
use crate::page::{Link, PageFault};
use crate::splice::{PartFault, is_xml};
use crate::wire::{Request, Response};

/// Operations with a list of what is answered one by one, and the list.
const LISTS: [(&str, &str); 10] = [
    ("GetFolder", "FolderIds"),
    ("CreateFolder", "Folders"),
    ("DeleteFolder", "FolderIds"),
    ("FindFolder", "ParentFolderIds"),
    ("FindItem", "ParentFolderIds"),
    ("GetItem", "ItemIds"),
    ("CreateItem", "Items"),
    ("UpdateItem", "ItemChanges"),
    ("DeleteItem", "ItemIds"),
    ("MoveItem", "ItemIds"),
];
/// Operations that write, and the method that does the same.
const WRITES: [(&str, &str); 3] = [("CreateItem", "POST"), ("UpdateItem", "PATCH"), ("DeleteItem", "DELETE")];

/// The operation of an envelope, with the envelope around it.
fn opened(body: &[u8]) -> Option<Node> {
    if !is_xml(body) {
        return None;
    }
    let root = read(std::str::from_utf8(body).ok()?).ok()?;
    (root.space == Space::Soap && root.name == "Envelope").then_some(root)
}

fn operation(root: &Node) -> Option<&Node> {
    root.child("Body")?.children.first()
}

/// What is answered one by one; an operation without a list is one part.
fn parts(operation: &Node) -> Vec<&Node> {
    match list(&operation.name) {
        Some(list) => operation.child(list).map(|list| list.children.iter().collect()).unwrap_or_default(),
        None => vec![operation],
    }
}

fn list(operation: &str) -> Option<&'static str> {
    LISTS.iter().find(|(name, _)| *name == operation).map(|(_, list)| *list)
}

fn holds(node: &Node, text: &str) -> bool {
    node.text.contains(text)
        || node.attributes.iter().any(|(_, value)| value.contains(text))
        || node.children.iter().any(|child| holds(child, text))
}

/// Whether a fault is about this part: by its place, by what it holds, and by its operation or the method of HTTP that
/// does the same.
fn is_about(fault: &PartFault, operation: &str, index: usize, part: &Node) -> bool {
    let method = WRITES.iter().find(|(name, _)| *name == operation).map_or("GET", |(_, method)| *method);
    fault.nth.is_none_or(|nth| nth == index + 1)
        && fault.url.as_deref().is_none_or(|text| holds(part, text))
        && fault
            .method
            .as_deref()
            .is_none_or(|wanted| [method, operation].iter().any(|one| one.eq_ignore_ascii_case(wanted)))
}

/// Whether a request has a part that a fault is about.
pub(crate) fn hits(fault: &PartFault, request: &Request) -> bool {
    // An operation is named where it is asked for: without its name nothing else needs to be read.
    let written = fault.method.as_deref().and_then(|wanted| {
        WRITES.iter().find(|(_, method)| method.eq_ignore_ascii_case(wanted)).map(|(operation, _)| *operation)
    });
    if written.is_some_and(|name| !str::from_utf8(&request.body).is_ok_and(|text| text.contains(name))) {
        return false;
    }
    let Some(root) = opened(&request.body) else { return false };
    let Some(operation) = operation(&root) else { return false };
    parts(operation).iter().enumerate().any(|(index, part)| is_about(fault, &operation.name, index, part))
}

/// What Exchange says in place of a status.
fn problem(fault: &PartFault) -> Problem {
    let said = fault.body.pointer("/error/code").and_then(Json::as_str).filter(|code| code.starts_with("Error"));
    let code = said.unwrap_or(match fault.status {
        403 => "ErrorAccessDenied",
        404 => "ErrorItemNotFound",
        410 => "ErrorInvalidSyncStateData",
        412 => "ErrorIrresolvableConflict",
        429 | 503 => "ErrorServerBusy",
        504 => "ErrorTimeoutExpired",
        _ => "ErrorInternalServerError",
    });
    let wait = fault.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
    let seconds = wait.and_then(|(_, value)| value.as_str()).and_then(|text| text.parse::<u32>().ok());
    let problem = Problem::new(code, "The operation failed.");
    match seconds.filter(|_| code == "ErrorServerBusy") {
        Some(seconds) => problem.value("BackOffMilliseconds", (u64::from(seconds) * 1000).to_string()),
        None => problem,
    }
}

/// A request without the parts that a fault answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Splice {
    /// What the service is asked; none: every part was answered by a fault.
    pub(crate) request: Option<Request>,
    operation: String,
    /// In the order of the request, each part's message if a fault gives it.
    order: Vec<Option<Node>>,
    /// Parts that the service is asked later, each alone.
    pub(crate) late: Vec<(Duration, Request)>,
}

impl Splice {
    /// Takes the parts out; `None` where the request is no envelope or no part is hit.
    pub(crate) fn of(request: &Request, faults: &[PartFault]) -> Option<Self> {
        let root = opened(&request.body)?;
        let asked = operation(&root)?;
        let (mut order, mut kept, mut late) = (Vec::new(), Vec::new(), Vec::new());
        for (at, part) in parts(asked).into_iter().enumerate() {
            let fault = faults.iter().find(|fault| is_about(fault, &asked.name, at, part));
            if let Some(wait) = fault.and_then(|fault| fault.late) {
                late.push((wait, with_parts(request, &root, &[part])));
            } else if fault.is_none_or(|fault| fault.acts) {
                kept.push(part);
            }
            order.push(fault.map(|fault| problem(fault).message(&asked.name, empty(&asked.name))));
        }
        if order.iter().all(Option::is_none) {
            return None;
        }
        let rest = (!kept.is_empty()).then(|| with_parts(request, &root, &kept));
        Some(Self { request: rest, operation: asked.name.to_string(), order, late })
    }

    /// Puts the messages in, `response` being what the service said to the rest.
    pub(crate) fn join(&self, response: Option<Response>) -> Response {
        let mut told = Vec::new();
        if let Some(response) = response {
            let root = if response.status == 200 { opened(&response.body) } else { None };
            let messages = root.as_ref().and_then(operation).and_then(|answer| answer.child("ResponseMessages"));
            // What is refused as a whole is refused so.
            let Some(messages) = messages else { return response };
            told.clone_from(&messages.children);
        }
        let answered = told.len() == self.order.len();
        let mut told = told.into_iter();
        let mut messages = Vec::new();
        for own in &self.order {
            // Where a faulted part was carried out, its own message is among these.
            let said = if own.is_none() || answered { told.next() } else { None };
            messages.extend(own.clone().or(said));
        }
        let name = &self.operation;
        enveloped(200, m(format!("{name}Response")).with(m("ResponseMessages").with_all(messages)))
    }
}

/// The request with these parts alone.
fn with_parts(request: &Request, root: &Node, parts: &[&Node]) -> Request {
    let mut root = root.clone();
    let body = root.children.iter_mut().find(|child| child.name == "Body");
    if let Some(operation) = body.and_then(|body| body.children.first_mut())
        && let Some(list) = list(&operation.name)
        && let Some(list) = operation.children.iter_mut().find(|child| child.name == list)
    {
        list.children = parts.iter().map(|part| (*part).clone()).collect();
    }
    Request { body: root.document().into_bytes(), ..request.clone() }
}

/// A page of `SyncFolderItems` or `FindItem` with something wrong in it; what is no such page stays as it is.
pub(crate) fn spoil(page: &PageFault, response: Response) -> Response {
    let Some(mut root) = opened(&response.body) else { return response };
    let body = root.children.iter_mut().find(|child| child.name == "Body");
    let Some(answer) = body.and_then(|body| body.children.first_mut()) else { return response };
    let Some(messages) = answer.children.first_mut() else { return response };
    let mut changed = false;
    for message in &mut messages.children {
        changed |= message.children.iter_mut().any(|child| child.name == "Changes");
        for child in &mut message.children {
            match &*child.name {
                "Changes" => shuffle(page, &mut child.children),
                "IncludesLastItemInRange" => child.text = end(page.link, &child.text),
                "RootFolder" => {
                    changed = true;
                    let items = child.children.iter_mut().find(|one| one.name == "Items");
                    let left_out = items.map_or(0, |items| {
                        let before = items.children.len();
                        shuffle(page, &mut items.children);
                        before.saturating_sub(items.children.len())
                    });
                    for (name, value) in &mut child.attributes {
                        match &**name {
                            "IncludesLastItemInRange" => *value = end(page.link, value),
                            "TotalItemsInView" if page.miscount => {
                                let all: usize = value.parse().unwrap_or(0);
                                *value = all.saturating_sub(left_out).to_string();
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
    }
    if !changed {
        return response;
    }
    Response { body: root.document().into_bytes(), ..response }
}

fn end(link: Link, said: &str) -> String {
    match link {
        Link::Kept => said.to_owned(),
        Link::EndsEarly => "true".to_owned(),
        Link::GoesOn => "false".to_owned(),
    }
}

fn shuffle(page: &PageFault, items: &mut Vec<Node>) {
    items.truncate(items.len().saturating_sub(page.drop));
    if page.reverse {
        items.reverse();
    }
    if page.repeat {
        let again = items.clone();
        items.extend(again);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::xml::t;
    use super::*;

    fn ids(of: &[&str]) -> Request {
        let items = of.iter().map(|id| t("ItemId").attr("Id", *id));
        let operation = m("GetItem").with(m("ItemIds").with_all(items));
        Request { method: "POST".into(), body: enveloped(200, operation).body, ..Request::default() }
    }

    fn fault(value: Json) -> PartFault {
        let mut fault = PartFault {
            nth: None,
            method: None,
            url: None,
            status: 503,
            headers: Default::default(),
            body: Json::Null,
            acts: value["acts"] == true,
            late: value["late"].as_u64().map(Duration::from_millis),
        };
        fault.url = value["url"].as_str().map(str::to_owned);
        fault.method = value["method"].as_str().map(str::to_owned);
        fault
    }

    fn asked(request: &Request) -> Vec<String> {
        let root = opened(&request.body).unwrap();
        parts(operation(&root).unwrap()).iter().map(|part| part.attribute("Id").unwrap().to_owned()).collect()
    }

    fn answer(number: usize) -> Response {
        let messages = (0..number).map(|_| super::super::problem::success("GetItem"));
        enveloped(200, m("GetItemResponse").with(m("ResponseMessages").with_all(messages)))
    }

    fn codes(response: &Response) -> Vec<String> {
        let root = opened(&response.body).unwrap();
        let messages = operation(&root).unwrap().child("ResponseMessages").unwrap();
        messages.children.iter().map(|one| one.text_of("ResponseCode").unwrap().to_owned()).collect()
    }

    #[test]
    fn a_faulted_item_never_reaches_the_service_and_its_message_stands_in_its_place() {
        let splice = Splice::of(&ids(&["a", "b", "c"]), &[fault(json!({"url": "b"}))]).unwrap();
        assert_eq!(asked(splice.request.as_ref().unwrap()), ["a", "c"]);
        assert_eq!(codes(&splice.join(Some(answer(2)))), ["NoError", "ErrorServerBusy", "NoError"]);
    }

    #[test]
    fn an_item_that_acts_reaches_the_service_and_its_message_is_replaced() {
        let splice = Splice::of(&ids(&["a", "b"]), &[fault(json!({"url": "a", "acts": true}))]).unwrap();
        assert_eq!(asked(splice.request.as_ref().unwrap()), ["a", "b"]);
        assert_eq!(codes(&splice.join(Some(answer(2)))), ["ErrorServerBusy", "NoError"]);
    }

    #[test]
    fn a_late_item_is_asked_alone_and_later() {
        let splice = Splice::of(&ids(&["a", "b"]), &[fault(json!({"url": "a", "late": 9}))]).unwrap();
        assert_eq!(splice.late.len(), 1);
        assert_eq!(asked(&splice.late[0].1), ["a"]);
        assert_eq!(asked(splice.request.as_ref().unwrap()), ["b"]);
    }

    #[test]
    fn where_every_item_is_hit_nothing_is_asked() {
        let splice = Splice::of(&ids(&["a", "b"]), &[fault(json!({"method": "get"}))]).unwrap();
        assert_eq!(splice.request, None);
        assert_eq!(codes(&splice.join(None)), ["ErrorServerBusy", "ErrorServerBusy"]);
        assert_eq!(Splice::of(&ids(&["a"]), &[fault(json!({"method": "PATCH"}))]), None);
    }

    #[test]
    fn a_page_leaves_items_out_and_says_that_it_goes_on() {
        let changes = m("Changes").with_all(["Create", "Update", "Delete"].map(t));
        let message =
            m("M").with(m("SyncState").text("s")).with(m("IncludesLastItemInRange").text("true")).with(changes);
        let page = enveloped(200, m("R").with(m("ResponseMessages").with(message)));
        let wrong: PageFault = serde_json::from_value(json!({"drop": 1, "reverse": true, "link": "goes-on"})).unwrap();
        let root = opened(&spoil(&wrong, page).body).unwrap();
        let message = &operation(&root).unwrap().children[0].children[0];
        let names: Vec<&str> = message.child("Changes").unwrap().children.iter().map(|one| &*one.name).collect();
        assert_eq!((names, message.text_of("IncludesLastItemInRange")), (vec!["Update", "Create"], Some("false")));
        let error = enveloped(500, Problem::denied().fault(&[]));
        assert_eq!(spoil(&wrong, error.clone()), error);
    }
}
