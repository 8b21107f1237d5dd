//! XML as a tree: read with its namespaces, and written with the prefixes that Exchange uses.

use std::borrow::Cow;
use std::fmt::Write as _;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, NamespaceResolver, ResolveResult};
use quick_xml::{Reader, XmlVersion};

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
    pub(super) name: Cow<'static, str>,
    pub(super) attributes: Vec<(Cow<'static, str>, String)>,
    pub(super) children: Vec<Node>,
    /// All text that stands directly in it.
    pub(super) text: String,
    /// Where it began in the document, in bytes.
    pub(super) offset: usize,
}

/// An element of the namespace of types.
pub(super) fn t(name: impl Into<Cow<'static, str>>) -> Node {
    Node::new(Space::Types, name)
}

/// An element of the namespace of messages.
pub(super) fn m(name: impl Into<Cow<'static, str>>) -> Node {
    Node::new(Space::Messages, name)
}

impl Node {
    pub(super) fn new(space: Space, name: impl Into<Cow<'static, str>>) -> Self {
        let (attributes, children) = (Vec::new(), Vec::new());
        Self { space, name: name.into(), attributes, children, text: String::new(), offset: 0 }
    }

    /// With a text in it.
    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// With an attribute.
    pub(super) fn attr(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
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
        let mut texts = self.attributes.iter().map(|(_, value)| value).chain([&self.text]);
        match texts.find_map(|text| forbidden(text)) {
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
            for piece in [" xmlns:", name, "=\"", value, "\""] {
                out.push_str(piece);
            }
        }
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
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
        for piece in ["</", prefix, &self.name, ">"] {
            out.push_str(piece);
        }
    }
}

fn escape(text: &str, attribute: bool, out: &mut String) {
    // Nearly every text is of signs that stand for themselves.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>' | b'"')) {
        out.push_str(text);
        return;
    }
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            // A parser would make a line feed, or a blank, of it.
            '\r' => out.push_str("&#xD;"),
            '\n' | '\t' if attribute => number(sign, out),
            '\n' | '\t' => out.push(sign),
            // XML has no place for these: Exchange names them all the same.
            _ if !allowed(sign) => number(sign, out),
            _ => out.push(sign),
        }
    }
}

fn number(sign: char, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(out, "&#x{:X};", u32::from(sign));
}

/// The first sign that XML has no place for.
fn forbidden(text: &str) -> Option<char> {
    // All of those are below the blank, or begin with this byte.
    let suspect = text.bytes().any(|byte| byte < b' ' || byte == 0xEF);
    if suspect { text.chars().find(|sign| !allowed(*sign)) } else { None }
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
    let mut reader = Reader::from_str(text);
    let mut names = NamespaceResolver::default();
    let mut open: Vec<Node> = Vec::new();
    let mut root = None;
    loop {
        let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Err("The document is nested too deeply.".to_owned());
                }
                open.push(element(&start, &mut names, offset)?);
            }
            Event::Empty(start) => {
                let node = element(&start, &mut names, offset)?;
                names.pop();
                put(node, &mut open, &mut root)?;
            }
            Event::End(_) => {
                names.pop();
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

/// Reads a start tag, and takes what it declares into `names`, one level deeper.
fn element(start: &BytesStart<'_>, names: &mut NamespaceResolver, offset: usize) -> Result<Node, String> {
    let (name, prefix) = start.name().decompose();
    let mut node = Node::new(Space::Bare, name.as_ref().to_owned());
    node.offset = offset;
    names.set_level(names.level() + 1);
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if let Some(prefix) = attribute.key.as_namespace_binding() {
            names.add(prefix, Namespace(&attribute.value)).map_err(|error| error.to_string())?;
            continue;
        }
        let name: &str = attribute.key.as_ref();
        // What other namespaces say is not of Exchange.
        if !name.bytes().any(|byte| byte == b':') {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            node.attributes.push((name.to_owned().into(), value.into_owned()));
        }
    }
    node.space = space_of(&names.resolve_prefix(prefix, true));
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
