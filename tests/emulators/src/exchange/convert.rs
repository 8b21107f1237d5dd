//! `ConvertId`.

use super::Exchange;
use super::envelope::Call;
use super::ids;
use super::problem::{Done, Problem};
use super::xml::{Node, m};

impl Exchange {
    /// One of the ids.
    pub(super) fn convert_id(&mut self, call: &Call<'_>, node: &Node) -> Done<Vec<Node>> {
        if node.name != "AlternateId" {
            return Err(Problem::request("The emulator has no public folders."));
        }
        let attribute = |name: &str| node.attribute(name).unwrap_or_default();
        let wanted = call.operation.attribute("DestinationFormat").unwrap_or_default();
        let address = attribute("Mailbox");
        if !self.names.contains_key(&address.to_lowercase()) {
            return Err(super::no_mailbox());
        }
        let id = ids::convert(attribute("Id"), attribute("Format"), wanted)?;
        let answer = m("AlternateId").attr("xsi:type", "t:AlternateIdType").attr("Format", wanted).attr("Id", id);
        Ok(vec![answer.attr("Mailbox", address)])
    }
}
