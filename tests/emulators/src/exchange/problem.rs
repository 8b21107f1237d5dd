//! What Exchange refuses: one item of a request, or the whole of it.

use super::xml::{Node, Space, m, t};

/// Why one item of a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) code: String,
    pub(super) text: String,
    /// Values of `MessageXml`, such as `BackOffMilliseconds`.
    pub(super) values: Vec<(&'static str, String)>,
}

/// What a part of a request comes to.
pub(super) type Done<T> = Result<T, Problem>;

impl Problem {
    pub(super) fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into(), values: Vec::new() }
    }

    pub(super) fn value(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    pub(super) fn not_found() -> Self {
        Self::new("ErrorItemNotFound", "The specified object was not found in the store.")
    }

    pub(super) fn folder_not_found() -> Self {
        Self::new("ErrorFolderNotFound", "The specified folder could not be found in the store.")
    }

    pub(super) fn malformed_id() -> Self {
        Self::new("ErrorInvalidIdMalformed", "Id is malformed.")
    }

    pub(super) fn denied() -> Self {
        Self::new("ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    }

    pub(super) fn change_key() -> Self {
        Self::new("ErrorInvalidChangeKey", "The change key is invalid.")
    }

    pub(super) fn stale() -> Self {
        Self::new(
            "ErrorIrresolvableConflict",
            "The send or update operation could not be performed because the change key passed in the request does not match \
             the current change key for the item.",
        )
    }

    pub(super) fn read_only(name: &str) -> Self {
        Self::new("ErrorInvalidPropertySet", format!("Set action is invalid for property {name}."))
    }

    pub(super) fn property(text: impl Into<String>) -> Self {
        Self::new("ErrorPropertyValidationFailure", text)
    }

    pub(super) fn request(text: impl Into<String>) -> Self {
        Self::new("ErrorInvalidRequest", text)
    }

    /// The response message about it; `payload` is what a message of this kind has in any case.
    pub(super) fn message(&self, operation: &str, payload: Option<Node>) -> Node {
        self.classed(operation, "Error", payload)
    }

    /// The same with another class.
    pub(super) fn classed(&self, operation: &str, class: &str, payload: Option<Node>) -> Node {
        m(format!("{operation}ResponseMessage"))
            .attr("ResponseClass", class)
            .with(m("MessageText").text(&self.text))
            .with(m("ResponseCode").text(&self.code))
            .with(m("DescriptiveLinkKey").text("0"))
            .with_all(self.message_xml(Space::Messages))
            .with_all(payload)
    }

    fn message_xml(&self, space: Space) -> Option<Node> {
        let values = self.values.iter().map(|(name, value)| t("Value").attr("Name", *name).text(value));
        (!self.values.is_empty()).then(|| Node::new(space, "MessageXml").with_all(values))
    }

    /// The fault that stands for the whole answer.
    pub(super) fn fault(&self, lines: &[(&'static str, String)]) -> Node {
        let error = |name: &'static str, text: &str| {
            Node::new(Space::Errors, name).attr("xmlns:e", super::xml::ERRORS).text(text)
        };
        let bare = |name: &'static str| Node::new(Space::Bare, name);
        let detail = bare("detail")
            .with(error("ResponseCode", &self.code))
            .with(error("Message", &self.text))
            .with_all(lines.iter().map(|(name, text)| error(name, text)))
            .with_all(self.message_xml(Space::Types).map(|node| node.attr("xmlns:t", super::xml::TYPES)));
        Node::new(Space::Soap, "Fault")
            .with(bare("faultcode").attr("xmlns:a", super::xml::TYPES).text(format!("a:{}", self.code)))
            .with(bare("faultstring").attr("xml:lang", "en-US").text(&self.text))
            .with(detail)
    }
}

/// A response message without a payload.
pub(super) fn success(operation: &str) -> Node {
    m(format!("{operation}ResponseMessage")).attr("ResponseClass", "Success").with(m("ResponseCode").text("NoError"))
}
