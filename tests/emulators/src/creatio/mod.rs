//! Creatio: OData v4 with both logins, held to the published facts, with a switch where they are silent.
//!
//! # Edits
//! What other people do, past the interface; `by` is a login and defaults to the administrator's.
//!
//! | action | fields |
//! |---|---|
//! | `create` | `set`, `values`, `by` → `{"id"}` |
//! | `update` | `set`, `id`, `values`, `by`; `"silent": true` leaves `ModifiedOn` alone, as an edit in the database does |
//! | `delete` | `set`, `id`, `by` |
//! | `hide` | `user`, `ids` (of `set`, by default `Activity`): that user sees these rows no more, whatever else says so |
//! | `show` | `user`, `ids`: undoes `hide` and lets the user read them |
//! | `lock` | `user`, `ids`: that user may read these rows only; with `"locked": false` write again |
//! | `revoke`, `grant` | `user`: takes all row rights of a user away, and gives them back |
//! | `user` | `user`, and any of `password`, `admin`, `odata`, `active` |
//! | `knobs` | `values`: fields of [`Knobs`] |
//! | `expire-sessions`, `expire-tokens` | `user`, or all |

mod access;
mod activity;
mod api;
mod batch;
mod edit;
mod effects;
mod evaluate;
mod failure;
mod filter;
pub mod ids;
mod knobs;
mod login;
mod lookups;
mod metadata;
mod multipart;
mod odata;
mod path;
mod query;
mod read;
mod resource;
mod rights;
mod schema;
mod show;
mod store;
mod token;
mod value;
mod write;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

pub use access::User;
pub use activity::NewActivity;
pub use api::{NewUser, UserIds};
pub use failure::Refused;
pub use knobs::{ExpiredSession, Knobs};
pub use store::Row;
pub use value::Value;

use access::{Access, Refusal};
use failure::{Failure, page};
use odata::Part;
use store::Store;

use crate::wire::{Request, Response, Service, http_date};

/// The emulated site.
#[derive(Debug, Clone)]
pub struct Creatio {
    knobs: Knobs,
    store: Store,
    access: Access,
    /// The user that edits without a name are made by.
    administrator: Uuid,
    /// Ids made by the server so far.
    ids: u64,
}

/// One OData request's surroundings.
#[derive(Debug, Clone)]
struct Call {
    caller: User,
    now: DateTime<Utc>,
    /// The address of the OData root, without a slash at its end.
    root: String,
}

impl Creatio {
    fn route(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        let path = request.path();
        let Some(path) = path.strip_prefix(self.knobs.base_path.as_str()).map(str::to_owned) else {
            return page(404, "404 - File or directory not found.");
        };
        let site = self.site(request);
        if request.query().len() > self.knobs.query_limit {
            return page(404, "404.15 - Query string too long.");
        }
        match (request.method.as_str(), path.as_str()) {
            ("POST", "/ServiceModel/AuthService.svc/Login") => return self.forms_login(request, now),
            (_, "/0/ServiceModel/AuthService.svc/Login") => return page(401, "401 - Unauthorized"),
            (_, "/connect/token") => return self.token(request, now),
            ("GET", "/.well-known/openid-configuration") => return login::discovery(&site),
            ("GET", "/Login/NuiLogin.aspx") => return page(200, "Login"),
            _ => {}
        }
        let prefix = if self.knobs.net_core { "" } else { "/0" };
        let Some(below) = path.strip_prefix(prefix) else {
            return page(404, "404 - File or directory not found.");
        };
        let is_odata = below == "/odata" || below.starts_with("/odata/");
        let is_info = below == "/ServiceModel/UserInfoService.svc/GetCurrentUserInfo";
        if !is_odata && !is_info && below != "/ping" {
            return page(404, "404 - File or directory not found.");
        }
        let (caller, cookie) = match self.access.admit(request, now, &self.knobs) {
            Ok(admitted) => admitted,
            Err(refusal) => return self.refuse(refusal, &site, &path),
        };
        let response = if is_odata {
            let part = Part {
                method: request.method.clone(),
                url: format!(
                    "{}?{}",
                    below.strip_prefix("/odata").unwrap_or(below).trim_start_matches('/'),
                    request.query()
                ),
                content_type: request.header("content-type").map(str::to_owned),
                body: request.body.clone(),
            };
            self.odata(Call { caller, now, root: format!("{site}{prefix}/odata") }, &part, request)
        } else if is_info {
            Response::json(
                200,
                &json!({
                    "userId": caller.id,
                    "contactId": caller.contact,
                    "userName": caller.login,
                    "cultureName": "en-US",
                    "success": true,
                }),
            )
        } else {
            Response::json(200, &json!({}))
        };
        match cookie {
            Some(cookie) => response.with("set-cookie", cookie),
            None => response,
        }
    }

    fn odata(&mut self, call: Call, part: &Part, request: &Request) -> Response {
        if !call.caller.odata {
            let message = "Current user does not have permission to perform the operation CanUseODataService.";
            return Failure::Framework(403, message.into()).response();
        }
        let path = part.url.split('?').next().unwrap_or_default();
        if part.method == "POST" && matches!(resource::resource(path), Ok(resource::Resource::Batch)) {
            return self.batch(&call, request).with("odata-version", "4.0");
        }
        self.answer(&call, part)
    }

    fn refuse(&self, refusal: Refusal, site: &str, path: &str) -> Response {
        match refusal {
            Refusal::Failure(failure) => failure.response(),
            Refusal::Login(ExpiredSession::Page) => page(200, "Login"),
            Refusal::Login(_) => {
                page(302, "Object moved").with("location", format!("{site}/Login/NuiLogin.aspx?ReturnUrl={path}"))
            }
        }
    }

    /// The address of the site as the client wrote it.
    fn site(&self, request: &Request) -> String {
        let scheme = request.header("x-forwarded-proto").unwrap_or("http");
        format!("{scheme}://{}{}", request.header("host").unwrap_or("creatio.example"), self.knobs.base_path)
    }

    /// What the server's clock shows.
    #[must_use]
    pub fn clock(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::milliseconds(self.knobs.skew_ms)
    }
}

impl Service for Creatio {
    fn name(&self) -> &'static str {
        "creatio"
    }

    fn handle(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        let now = self.clock(now);
        let response = self.route(request, now);
        if self.knobs.date_header { response.with("date", http_date(now)) } else { response }
    }

    fn state(&self) -> serde_json::Value {
        self.dump()
    }

    fn outbox(&self) -> Vec<serde_json::Value> {
        // Invitations leave Creatio by its own mail service, which no client of OData can set off.
        Vec::new()
    }

    fn edit(&mut self, edit: &serde_json::Value, now: DateTime<Utc>) -> Result<serde_json::Value, String> {
        let now = self.clock(now);
        self.perform(edit, now)
    }
}
