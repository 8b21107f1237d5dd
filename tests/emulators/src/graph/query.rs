//! The query of a request and its `Prefer` headers.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::decode::ext_id;
use super::errors::ApiError;
use super::filter::Filter;
use super::todo::{TASK, TASK_LIST, expand_todo};
use super::zones::Zone;
use crate::wire::{Request, query_text};

/// Decodes a part of a path: a plus is a plus.
pub(super) fn decode_path(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// What is to be shown beside the members.
#[derive(Debug, Clone, Default)]
pub(super) struct Expand {
    /// Ids of extended properties.
    pub(super) extended: Option<Vec<String>>,
    pub(super) calendar: bool,
    pub(super) exceptions: bool,
    /// Linked resources of a task.
    pub(super) links: bool,
    /// The checklist of a task.
    pub(super) steps: bool,
    /// Collections that are always empty here.
    pub(super) empty: Vec<String>,
}

/// A query, read.
#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    /// Names as sent, values decoded.
    pub(super) pairs: Vec<(String, String)>,
    pub(super) select: Option<Vec<String>>,
    pub(super) filter: Option<Filter>,
    pub(super) expand: Expand,
    pub(super) order: Vec<(String, bool)>,
    pub(super) top: usize,
    pub(super) skip: usize,
    pub(super) count: bool,
}

/// Members of an event that may be selected, filtered and ordered by.
const EVENT: &[&str] = &[
    "id",
    "categories",
    "changeKey",
    "createdDateTime",
    "lastModifiedDateTime",
    "allowNewTimeProposals",
    "attendees",
    "body",
    "bodyPreview",
    "cancelledOccurrences",
    "end",
    "hasAttachments",
    "hideAttendees",
    "iCalUId",
    "importance",
    "isAllDay",
    "isCancelled",
    "isDraft",
    "isOnlineMeeting",
    "isOrganizer",
    "isReminderOn",
    "location",
    "locations",
    "onlineMeeting",
    "onlineMeetingProvider",
    "onlineMeetingUrl",
    "organizer",
    "originalEndTimeZone",
    "originalStart",
    "originalStartTimeZone",
    "recurrence",
    "reminderMinutesBeforeStart",
    "responseRequested",
    "responseStatus",
    "sensitivity",
    "seriesMasterId",
    "showAs",
    "start",
    "subject",
    "transactionId",
    "type",
    "webLink",
];
const CALENDAR: &[&str] = &[
    "id",
    "allowedOnlineMeetingProviders",
    "canEdit",
    "canShare",
    "canViewPrivateItems",
    "changeKey",
    "color",
    "defaultOnlineMeetingProvider",
    "hexColor",
    "isDefaultCalendar",
    "isRemovable",
    "isTallyingResponses",
    "name",
    "owner",
    "classId",
];
/// Members of a user that may be asked for; those that a mailbox does not have are not shown.
const USER: &[&str] = &[
    "id",
    "accountEnabled",
    "businessPhones",
    "department",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mailNickname",
    "mailboxSettings",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "proxyAddresses",
    "surname",
    "userPrincipalName",
    "userType",
];
const PAGE: usize = 10;
const MOST: usize = 1000;

/// Whose members a query names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Event,
    Calendar,
    Task,
    TaskList,
    User,
    /// Whatever: settings.
    Any,
}

impl Model {
    fn check(self, path: &str) -> Result<(), ApiError> {
        let (members, kind) = match self {
            Self::Event => (EVENT, "event"),
            Self::Calendar => (CALENDAR, "calendar"),
            Self::Task => (TASK, "todoTask"),
            Self::TaskList => (TASK_LIST, "todoTaskList"),
            Self::User => (USER, "user"),
            Self::Any => return Ok(()),
        };
        let member = path.split('/').next().unwrap_or_default();
        if members.contains(&member) {
            return Ok(());
        }
        let message = format!("Could not find a property named '{member}' on type 'microsoft.graph.{kind}'.");
        Err(ApiError::new(400, "RequestBroker--ParseUri", message))
    }
}

impl Query {
    /// Reads the query of a request.
    pub(super) fn read(request: &Request, model: Model) -> Result<Self, ApiError> {
        Self::parse(request.query(), model)
    }

    /// Reads a query as it stands behind the question mark.
    pub(super) fn parse(text: &str, model: Model) -> Result<Self, ApiError> {
        let mut query = Self { top: PAGE, ..Self::default() };
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            query.pairs.push((query_text(name), query_text(value)));
        }
        let pairs = std::mem::take(&mut query.pairs);
        for (name, value) in &pairs {
            let number = || value.parse::<usize>().map_err(|_| invalid(name, value));
            match name.to_ascii_lowercase().as_str() {
                "$select" => {
                    let members: Vec<String> =
                        value.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
                    members.iter().try_for_each(|member| model.check(member))?;
                    query.select = Some(members);
                }
                "$filter" => {
                    let filter = Filter::parse(value)?;
                    filter.paths().into_iter().try_for_each(|path| model.check(path))?;
                    query.filter = Some(filter);
                }
                "$expand" => {
                    query.expand = match model {
                        Model::Task | Model::TaskList => expand_todo(value, model)?,
                        _ => expand(value)?,
                    }
                }
                "$orderby" => {
                    for part in value.split(',') {
                        let mut words = part.split_whitespace();
                        let path = words.next().unwrap_or_default().to_owned();
                        model.check(&path)?;
                        let down = match words.next() {
                            None => false,
                            Some(word) if word.eq_ignore_ascii_case("asc") => false,
                            Some(word) if word.eq_ignore_ascii_case("desc") => true,
                            Some(_) => return Err(invalid(name, value)),
                        };
                        query.order.push((path, down));
                    }
                }
                "$top" => {
                    query.top = number()?;
                    if query.top == 0 || query.top > MOST {
                        let message = format!(
                            "The limit of '{MOST}' for Top query has been exceeded or is not positive. The value from the incoming request is '{value}'."
                        );
                        return Err(ApiError::new(400, "BadRequest", message));
                    }
                }
                "$skip" => query.skip = number()?,
                "$count" => query.count = value.eq_ignore_ascii_case("true"),
                "$search" => {
                    return Err(ApiError::invalid("The query parameter '$search' is not supported here."));
                }
                "$format" | "$skiptoken" | "$deltatoken" => {}
                other if other.starts_with('$') => return Err(invalid(name, value)),
                _ => {}
            }
        }
        query.pairs = pairs;
        Ok(query)
    }

    /// A parameter, whatever the case of its name.
    pub(super) fn get(&self, wanted: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
    }

    /// The same query, for the page that begins at `skip`.
    pub(super) fn page(&self, skip: usize) -> String {
        let pairs = self.pairs.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("$skip"));
        let mut text: Vec<String> = pairs.map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        text.push(format!("%24skip={skip}"));
        text.join("&")
    }

    /// Keeps the selected members, the id, and annotations.
    pub(super) fn project(&self, map: &mut Map<String, Value>, expanded: &[&str]) {
        if self.select.is_some() {
            map.retain(|name, _| expanded.contains(&name.as_str()) || self.wants(name));
        }
    }

    /// The member is selected, or is shown whatever is.
    pub(super) fn wants(&self, name: &str) -> bool {
        let Some(select) = &self.select else { return true };
        name == "id" || name.contains('@') || select.iter().any(|one| one == name)
    }
}

fn invalid(name: &str, value: &str) -> ApiError {
    ApiError::new(400, "BadRequest", format!("Invalid value '{value}' for the query option '{name}'."))
}

pub(super) fn escape(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Splits at commas outside of parentheses and quotes.
pub(super) fn split_outside(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut depth, mut quote) = (0_i32, None);
    let ends = move |next: char| {
        match (next, quote) {
            (mark, Some(open)) if mark == open => quote = None,
            ('\'' | '"', None) => quote = Some(next),
            ('(', None) => depth += 1,
            (')', None) => depth -= 1,
            _ => {}
        }
        next == separator && depth == 0 && quote.is_none()
    };
    text.split(ends).map(str::trim).filter(|part| !part.is_empty())
}

fn expand(text: &str) -> Result<Expand, ApiError> {
    let mut found = Expand::default();
    for part in split_outside(text, ',') {
        let (name, options) =
            part.split_once('(').map_or((part, ""), |(name, rest)| (name, rest.trim_end_matches(')')));
        match name.trim() {
            "singleValueExtendedProperties" => {
                let filter = options.trim().strip_prefix("$filter=").ok_or_else(|| {
                    ApiError::new(
                        400,
                        "ErrorInvalidRequest",
                        "Expanding extended properties needs a $filter on their ids.",
                    )
                })?;
                found.extended = Some(ids(&Filter::parse(filter)?)?);
            }
            "calendar" => found.calendar = true,
            "exceptionOccurrences" => found.exceptions = true,
            name @ ("attachments" | "extensions" | "multiValueExtendedProperties") => found.empty.push(name.to_owned()),
            other => {
                let message = format!("Could not find a property named '{other}' on type 'microsoft.graph.event'.");
                return Err(ApiError::new(400, "RequestBroker--ParseUri", message));
            }
        }
    }
    Ok(found)
}

fn ids(filter: &Filter) -> Result<Vec<String>, ApiError> {
    match filter {
        Filter::Or(left, right) => Ok([ids(left)?, ids(right)?].concat()),
        Filter::Compare(path, super::filter::Op::Eq, super::filter::Literal::Text(id)) if path == "id" => {
            Ok(vec![ext_id(id)?])
        }
        _ => Err(ApiError::invalid("Extended properties are expanded by 'id eq' alone.")),
    }
}

/// What the `Prefer` headers ask for, and which of it is answered in `Preference-Applied`.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefer {
    pub(super) zone: Option<Zone>,
    pub(super) text_body: Option<bool>,
    pub(super) page: Option<usize>,
    pub(super) immutable: bool,
    pub(super) minimal: bool,
    pub(super) applied: Vec<String>,
}

impl Prefer {
    pub(super) fn read(request: &Request) -> Result<Self, ApiError> {
        let mut prefer = Self::default();
        let headers = request.headers.iter().filter(|(name, _)| name == "prefer");
        for part in headers.flat_map(|(_, value)| split_outside(value, ',')) {
            let (name, value) = part.split_once('=').map_or((part, ""), |(name, value)| (name.trim(), value.trim()));
            let value = value.trim_matches('"');
            match name.to_ascii_lowercase().as_str() {
                "outlook.timezone" => {
                    prefer.zone = Some(Zone::required(value)?);
                    prefer.applied.push(format!("outlook.timezone=\"{value}\""));
                }
                "outlook.body-content-type" => {
                    let text = value.eq_ignore_ascii_case("text");
                    prefer.text_body = Some(text);
                    prefer
                        .applied
                        .push(format!("outlook.body-content-type=\"{}\"", if text { "text" } else { "html" }));
                }
                "odata.maxpagesize" => prefer.page = value.parse().ok().filter(|size| *size > 0),
                "idtype" => {
                    prefer.immutable = value.eq_ignore_ascii_case("ImmutableId");
                    if prefer.immutable {
                        prefer.applied.push("IdType=\"ImmutableId\"".to_owned());
                    }
                }
                "return" => prefer.minimal = value.eq_ignore_ascii_case("minimal"),
                _ => {}
            }
        }
        Ok(prefer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, prefer: &[&str]) -> Request {
        let headers = prefer.iter().map(|value| ("prefer".to_owned(), (*value).to_owned())).collect();
        Request { target: target.to_owned(), headers, ..Request::default() }
    }

    #[test]
    fn several_preferences_may_share_a_header_or_not() {
        let shared = request(
            "/",
            &["outlook.timezone=\"Russian Standard Time\", IdType=\"ImmutableId\"", "odata.maxpagesize=7"],
        );
        let prefer = Prefer::read(&shared).unwrap();
        assert!(prefer.immutable && prefer.page == Some(7) && prefer.zone.unwrap().name == "Russian Standard Time");
    }

    #[test]
    fn blanks_are_read_as_plus_and_as_percent_20() {
        for target in ["/e?$filter=subject+eq+'a'", "/e?%24filter=subject%20eq%20'a'"] {
            assert!(Query::read(&request(target, &[]), Model::Event).unwrap().filter.is_some());
        }
    }

    #[test]
    fn a_member_that_the_model_has_not_is_refused() {
        assert!(Query::read(&request("/e?$select=subject,Start", &[]), Model::Event).is_err());
        assert!(Query::read(&request("/e?$top=1001", &[]), Model::Event).is_err());
    }
}
