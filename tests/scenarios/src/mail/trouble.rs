//! Scripted faults of Graph, in the forms that Exchange has for them.
//!
//! | of Graph | of Exchange |
//! |---|---|
//! | 429 | `ErrorServerBusy` in the response messages (200), as a fault (500), as the inner code of one, or 503 without a word |
//! | 410, and 400 to a token | `ErrorInvalidSyncStateData` |
//! | 412 | `ErrorIrresolvableConflict` |
//! | 500 | `ErrorInternalServerError` as a fault |
//! | a part of a batch | an item of a request, with its own response message |
//! | a page of a delta | `SyncFolderItems`: changes left out, doubled, turned round; `IncludesLastItemInRange` wrong |
//! | an empty listing | `SyncFolderItems` without a state and without changes |
//!
//! Lost connections, delays, cut answers and pages of HTML are the same for both. What a server may say of a transaction
//! that it knows already does not apply: Exchange knows none.

use crate::soap;
use serde_json::{Value, json};

/// The operation by which a folder is read.
const SYNC: &str = "<m:SyncFolderItems";

/// How ids begin: a folder that has a name of its own is asked for by that.
const ID: &str = "AAMk";

/// A fault as the site takes it, of whatever service: one of Graph becomes one of Exchange.
#[must_use]
pub fn on_exchange(fault: &Value) -> Value {
    let mut fault = fault.clone();
    if fault["service"] != "graph" {
        return fault;
    }
    fault["service"] = json!("exchange");
    let form = fault["skip"].as_u64().unwrap_or(0) + fault["times"].as_u64().unwrap_or(0);
    let all = fault.as_object_mut().expect("an object");
    let path = all.remove("path").and_then(|path| path.as_str().map(str::to_owned)).unwrap_or_default();
    let feeds = path.contains("delta");
    if feeds {
        all.insert("body".into(), json!(SYNC));
    } else if let Some(method) = all.get("body").and_then(Value::as_str).and_then(|body| body.rsplit(':').next()) {
        let operation = soap::operation(method).unwrap_or(method).to_owned();
        all.insert("body".into(), json!(format!("<m:{operation}")));
    }
    let effect = &mut all["effect"];
    match effect["kind"].as_str().unwrap_or_default() {
        // Of what is asked about a calendar or an item.
        "status" if !feeds && !path.is_empty() => {
            let status = effect["status"].clone();
            *effect = json!({"kind": "part", "url": path, "status": status});
        }
        "status" => *effect = status(effect, feeds, form),
        "status-after" if effect["status"] == 500 => effect["body"] = json!(failed("ErrorInternalServerError", None)),
        "part" => match effect["url"].as_str().map(str::to_owned) {
            // Whether a calendar answers. A server that is busy would end the run.
            Some(url) if url == "/calendar" => {
                effect["method"] = json!("GetFolder");
                effect["url"] = json!(ID);
                effect["body"] = json!({"error": {"code": "ErrorMailboxStoreUnavailable"}});
            }
            Some(url) => {
                let plain = percent_encoding::percent_decode_str(&url).decode_utf8_lossy().into_owned();
                effect["url"] = json!(plain);
            }
            None => {}
        },
        _ => {}
    }
    fault
}

fn status(effect: &Value, feeds: bool, form: u64) -> Value {
    let wait = effect["headers"]["retry-after"].as_str().and_then(|wait| wait.parse::<u64>().ok());
    let headers = effect.get("headers").cloned().unwrap_or_else(|| json!({}));
    let instead = |status: u16, body: String| json!({"kind": "status", "status": status, "body": body, "headers": {"content-type": "text/xml"}});
    match (effect["status"].as_u64().unwrap_or(0), feeds) {
        (200, true) => instead(200, nothing()),
        (400 | 410, true) => json!({"kind": "part", "method": "SyncFolderItems", "status": 410}),
        (429, _) => match form % 4 {
            0 => json!({"kind": "part", "status": 429, "headers": headers}),
            1 => instead(500, failed("ErrorServerBusy", wait)),
            2 => instead(500, failed("ErrorInternalServerError", wait)),
            _ => json!({"kind": "status", "status": 503, "headers": headers}),
        },
        (500, _) => instead(500, failed("ErrorInternalServerError", None)),
        (status, _) => json!({"kind": "status", "status": status, "headers": headers}),
    }
}

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><s:Body>{body}</s:Body></s:Envelope>"
    )
}

/// A folder without changes, and without a state to go on from.
fn nothing() -> String {
    envelope(
        "<m:SyncFolderItemsResponse><m:ResponseMessages><m:SyncFolderItemsResponseMessage ResponseClass=\"Success\">\
         <m:ResponseCode>NoError</m:ResponseCode><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes/>\
         </m:SyncFolderItemsResponseMessage></m:ResponseMessages></m:SyncFolderItemsResponse>",
    )
}

/// A fault in the place of an answer; with a wait it is one of a server that is busy.
fn failed(code: &str, wait: Option<u64>) -> String {
    let inner = match code {
        "ErrorServerBusy" => String::new(),
        _ => "<t:Value Name=\"InnerErrorResponseCode\">ErrorServerBusy</t:Value>".to_owned(),
    };
    let values = wait.map_or_else(String::new, |seconds| {
        let wait = seconds * 1000;
        format!("<t:MessageXml>{inner}<t:Value Name=\"BackOffMilliseconds\">{wait}</t:Value></t:MessageXml>")
    });
    envelope(&format!(
        "<s:Fault><faultcode>a:{code}</faultcode><faultstring>The operation failed.</faultstring><detail>\
         <e:ResponseCode xmlns:e=\"http://schemas.microsoft.com/exchange/services/2006/errors\">{code}</e:ResponseCode>{values}</detail></s:Fault>"
    ))
}
