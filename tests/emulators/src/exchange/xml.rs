//! XML as a tree: read with its namespaces, and written with the prefixes that Exchange uses.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

/// Namespace of types.
pub(super) const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";
/// Namespace of messages.
pub(super) const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";
/// Namespace of SOAP 1.1.
pub(super) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// Namespace of the details of faults.
pub(super) const ERRORS: &str = "http://schemas.microsoft.com/exchange/services/2006/errors";
/// Elements may lie so deep in each other.
const DEEPEST: usize = 64;

/// Which namespace an element is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Types,
    Messages,
    Soap,
    /// Of the details of faults.
    Errors,
    /// None.
    Bare,
    /// Any other, such as `https://` where it must be `http://`.
    Foreign,
}

/// An element.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) space: Space,
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
    /// All text that stands directly in it.
    pub(super) text: String,
    /// Where it began in the document, in bytes.
    pub(super) offset: usize,
}

/// An element of the namespace of types.
pub(super) fn t(name: &str) -> Node {
    Node::new(Space::Types, name)
}

/// An element of the namespace of messages.
pub(super) fn m(name: &str) -> Node {
    Node::new(Space::Messages, name)
}

impl Node {
    pub(super) fn new(space: Space, name: &str) -> Self {
        let (attributes, children) = (Vec::new(), Vec::new());
        Self { space, name: name.to_owned(), attributes, children, text: String::new(), offset: 0 }
    }

    /// With a text in it.
    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// With an attribute.
    pub(super) fn attr(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// With a child.
    pub(super) fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// With children.
    pub(super) fn with_all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// An attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The text of the first child of this name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// The text without the blanks around it.
    pub(super) fn value(&self) -> &str {
        self.text.trim()
    }

    fn check(&self) -> Result<(), String> {
        let texts = self.attributes.iter().map(|(_, value)| value).chain([&self.text]);
        match texts.flat_map(|text| text.chars()).find(|sign| !allowed(*sign)) {
            Some(sign) => Err(format!("'', hexadecimal value 0x{:02X}, is an invalid character.", u32::from(sign))),
            None => self.children.iter().try_for_each(Self::check),
        }
    }

    /// The document with this element as its root.
    pub(super) fn document(&self) -> String {
        let mut text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned();
        self.write(&mut text, Space::Bare);
        text
    }

    fn write(&self, out: &mut String, above: Space) {
        let prefix = match self.space {
            Space::Types => "t:",
            Space::Messages => "m:",
            Space::Soap => "s:",
            Space::Errors => "e:",
            Space::Bare | Space::Foreign => "",
        };
        out.push('<');
        out.push_str(prefix);
        out.push_str(&self.name);
        // Each namespace is declared where its elements begin, as Exchange does.
        let declares: &[(&str, &str)] = match (self.space, above) {
            (Space::Soap, Space::Bare) => &[("s", SOAP)],
            (Space::Messages, Space::Soap) => &[
                ("m", MESSAGES),
                ("t", TYPES),
                ("xsi", "http://www.w3.org/2001/XMLSchema-instance"),
                ("xsd", "http://www.w3.org/2001/XMLSchema"),
            ],
            (Space::Types, Space::Soap) => &[("t", TYPES)],
            _ => &[],
        };
        for (name, value) in declares {
            out.push_str(&format!(" xmlns:{name}=\"{value}\""));
        }
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}=\""));
            escape(value, true, out);
            out.push('"');
        }
        if self.children.is_empty() && self.text.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        escape(&self.text, false, out);
        for child in &self.children {
            child.write(out, self.space);
        }
        out.push_str(&format!("</{prefix}{}>", self.name));
    }
}

fn escape(text: &str, attribute: bool, out: &mut String) {
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            // A parser would make a line feed, or a blank, of it.
            '\r' => out.push_str("&#xD;"),
            '\n' | '\t' if attribute => out.push_str(&format!("&#x{:X};", u32::from(sign))),
            '\n' | '\t' => out.push(sign),
            // XML has no place for these: Exchange names them all the same.
            _ if !allowed(sign) => out.push_str(&format!("&#x{:X};", u32::from(sign))),
            _ => out.push(sign),
        }
    }
}

/// XML has a place for it.
const fn allowed(sign: char) -> bool {
    !matches!(sign, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Reads a request. Exchange does not take what it gives itself: signs that XML has no place for.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let root = read(text)?;
    root.check()?;
    Ok(root)
}

/// Reads a document: an answer, or an edit, in which other clients write what they like.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(text: &str) -> Result<Node, String> {
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Node> = Vec::new();
    let mut root = None;
    loop {
        let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let (space, event) = reader.read_resolved_event().map_err(|error| error.to_string())?;
        let space = space_of(&space);
        match event {
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Err("The document is nested too deeply.".to_owned());
                }
                open.push(element(&start, space, offset)?);
            }
            Event::Empty(start) => {
                let node = element(&start, space, offset)?;
                put(node, &mut open, &mut root)?;
            }
            Event::End(_) => {
                let node = open.pop().ok_or("An end tag has no start tag.")?;
                put(node, &mut open, &mut root)?;
            }
            Event::Text(piece) => add(&piece.xml10_content(), &mut open)?,
            Event::CData(piece) => add(&piece.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => {
                let text = match (numbered(&reference)?, &*reference) {
                    (Some(sign), _) => sign.to_string(),
                    (None, "amp") => "&".to_owned(),
                    (None, "lt") => "<".to_owned(),
                    (None, "gt") => ">".to_owned(),
                    (None, "quot") => "\"".to_owned(),
                    (None, "apos") => "'".to_owned(),
                    (None, other) => return Err(format!("Reference to undeclared entity '{other}'.")),
                };
                add(&text, &mut open)?;
            }
            Event::DocType(_) => return Err("For security reasons DTD is prohibited in this XML document.".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof if open.is_empty() => return root.ok_or_else(|| "Root element is missing.".to_owned()),
            Event::Eof => return Err("Unexpected end of file has occurred.".to_owned()),
        }
    }
}

/// The sign that a numeric reference names; none, where the reference is to a name.
fn numbered(reference: &str) -> Result<Option<char>, String> {
    let Some(number) = reference.strip_prefix('#') else { return Ok(None) };
    let code = match number.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    let sign = code.ok().and_then(char::from_u32);
    sign.map(Some).ok_or_else(|| format!("Reference to no character '{reference}'."))
}

fn add(piece: &str, open: &mut [Node]) -> Result<(), String> {
    match open.last_mut() {
        Some(node) => node.text.push_str(piece),
        None if piece.trim_matches(['\u{feff}', ' ', '\r', '\n', '\t']).is_empty() => {}
        None => return Err("Data at the root level is invalid.".to_owned()),
    }
    Ok(())
}

fn put(node: Node, open: &mut [Node], root: &mut Option<Node>) -> Result<(), String> {
    match (open.last_mut(), &root) {
        (Some(parent), _) => parent.children.push(node),
        (None, None) => *root = Some(node),
        (None, Some(_)) => return Err("There are multiple root elements.".to_owned()),
    }
    Ok(())
}

fn space_of(resolved: &ResolveResult<'_>) -> Space {
    match resolved {
        ResolveResult::Bound(namespace) => match namespace.as_ref() {
            TYPES => Space::Types,
            MESSAGES => Space::Messages,
            SOAP => Space::Soap,
            ERRORS => Space::Errors,
            _ => Space::Foreign,
        },
        ResolveResult::Unbound => Space::Bare,
        ResolveResult::Unknown(_) => Space::Foreign,
    }
}

fn element(start: &BytesStart<'_>, space: Space, offset: usize) -> Result<Node, String> {
    let mut node = Node::new(space, start.local_name().as_ref());
    node.offset = offset;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let name: &str = attribute.key.as_ref();
        // Declarations of namespaces are resolved by now; what other namespaces say is not of Exchange.
        if name != "xmlns" && !name.contains(':') {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            node.attributes.push((name.to_owned(), value.into_owned()));
        }
    }
    Ok(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let node = Node::new(Space::Soap, "Envelope")
            .with(m("GetItem").with(t("Body").attr("BodyType", "a \"b\" & c").text("1 < 2\r\n& 3 > 2 ]]> \u{1f600}")));
        let read = parse(&node.document()).unwrap();
        let body = read.child("GetItem").and_then(|get| get.child("Body")).unwrap();
        assert_eq!((body.space, body.attribute("BodyType")), (Space::Types, Some("a \"b\" & c")));
        assert_eq!(body.text, "1 < 2\r\n& 3 > 2 ]]> \u{1f600}");
    }

    #[test]
    fn a_sign_that_xml_has_no_place_for_is_given_by_number_and_not_taken() {
        let document = Node::new(Space::Bare, "a").text("a\0b\u{1}").document();
        assert!(document.ends_with("<a>a&#x0;b&#x1;</a>"), "{document}");
        for text in [document.as_str(), "<a>&#x1;</a>", "<a>\u{1}</a>", "<a b=\"&#xB;\"/>", "<a>&#xFFFF;</a>"] {
            assert!(parse(text).is_err(), "{text}");
        }
        let given = read("<a>a&#x0;b&#1;</a>").unwrap();
        assert_eq!(given.text, "a\0b\u{1}");
    }

    #[test]
    fn prefixes_are_free_and_namespaces_are_not() {
        let read = parse(&format!("<x:a xmlns:x=\"{TYPES}\" xmlns=\"{MESSAGES}\"><b/><c xmlns=\"https://x\"/></x:a>"));
        let read = read.unwrap();
        let spaces: Vec<Space> = read.children.iter().map(|child| child.space).collect();
        assert_eq!((read.space, spaces), (Space::Types, vec![Space::Messages, Space::Foreign]));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in ["", "<a>", "<a></b>", "<a/><b/>", "x<a/>", "<!DOCTYPE a><a/>", "<a>&b;</a>", &"<a>".repeat(100)] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
