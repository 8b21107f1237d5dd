//! Listings that are valid and yet wrong: items that are left out, links that say too much or too little, items
//! twice or in another order.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::wire::Response;

/// What is wrong with a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// It stands as the service set it.
    #[default]
    Kept,
    /// The link to the next page poses as the one that ends the round.
    EndsEarly,
    /// The link that ends the round poses as one to the next page.
    GoesOn,
}

/// A fault of one page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PageFault {
    /// So many items at the end are left out.
    pub drop: usize,
    /// `@odata.count` leaves them out as well.
    pub miscount: bool,
    /// Every item stands there twice.
    pub repeat: bool,
    /// Last first.
    pub reverse: bool,
    /// What the link says.
    pub link: Link,
}

impl PageFault {
    /// The answer with the fault in it; an answer that is no listing stays as it is.
    #[must_use]
    pub fn spoil(&self, response: Response) -> Response {
        if crate::splice::is_xml(&response.body) {
            return crate::exchange::splice::spoil(self, response);
        }
        let Ok(mut body) = serde_json::from_slice::<Json>(&response.body) else { return response };
        let Some(items) = body.get_mut("value").and_then(Json::as_array_mut) else { return response };
        let left_out = self.drop.min(items.len());
        items.truncate(items.len() - left_out);
        if self.reverse {
            items.reverse();
        }
        if self.repeat {
            let again = items.clone();
            items.extend(again);
        }
        if let Some(all) = body.as_object_mut() {
            let (from, to) = match self.link {
                Link::Kept => ("", ""),
                Link::EndsEarly => ("@odata.nextLink", "@odata.deltaLink"),
                Link::GoesOn => ("@odata.deltaLink", "@odata.nextLink"),
            };
            if let Some(link) = all.remove(from) {
                all.insert(to.to_owned(), link);
            }
            if let Some(count) = all.get("@odata.count").and_then(Json::as_u64).filter(|_| self.miscount) {
                all.insert("@odata.count".into(), json!(count.saturating_sub(left_out as u64)));
            }
        }
        Response { body: body.to_string().into_bytes(), ..response }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoilt(fault: Json, page: &Json) -> Json {
        let fault: PageFault = serde_json::from_value(fault).unwrap();
        serde_json::from_slice(&fault.spoil(Response::json(200, page)).body).unwrap()
    }

    #[test]
    fn items_are_left_out_turned_round_and_doubled() {
        let page = json!({"value": [1, 2, 3], "@odata.count": 3});
        assert_eq!(spoilt(json!({"drop": 1}), &page), json!({"value": [1, 2], "@odata.count": 3}));
        let all = spoilt(json!({"drop": 1, "miscount": true, "reverse": true, "repeat": true}), &page);
        assert_eq!(all, json!({"value": [2, 1, 2, 1], "@odata.count": 2}));
        assert_eq!(spoilt(json!({"drop": 9}), &page)["value"], json!([]));
    }

    #[test]
    fn links_trade_places() {
        let next = json!({"value": [], "@odata.nextLink": "n"});
        assert_eq!(spoilt(json!({"link": "ends-early"}), &next), json!({"value": [], "@odata.deltaLink": "n"}));
        assert_eq!(spoilt(json!({"link": "goes-on"}), &next), next);
    }

    #[test]
    fn what_is_no_listing_stays() {
        let error = json!({"error": "no"});
        assert_eq!(spoilt(json!({"drop": 1, "link": "goes-on"}), &error), error);
    }
}
