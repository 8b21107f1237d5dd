//! XML as a tree of elements by their local names, and written as text. Prefixes are the sender's affair, and documents of
//! the vendor itself get namespaces wrong: names alone decide.

use crate::ask::Fault;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Elements lie so deep in each other at most.
const DEEPEST: usize = 48;
/// Elements and attributes of an answer: with what is made of them they have to fit into the sandbox.
const MOST: usize = 60_000;

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Name without a prefix.
    pub name: String,
    attributes: Vec<(String, String)>,
    /// Elements in it.
    pub children: Vec<Element>,
    /// Text directly in it.
    pub text: String,
}

impl Element {
    /// The first child of this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// What a path of names leads to.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The text of the first child of this name.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// Whether the child of this name says yes.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.text_of(name).is_some_and(|text| matches!(text.trim(), "true" | "1"))
    }

    /// An attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn garbled(why: impl std::fmt::Display) -> Fault {
    Fault::Garbled(crate::text::cut(&format!("the answer is no XML: {why}"), 200))
}

/// Reads a document.
///
/// # Errors
/// [`Fault::Garbled`] where it is none, [`Fault::TooLarge`] where it would not fit into memory.
pub fn parse(bytes: &[u8]) -> Result<Element, Fault> {
    let text = std::str::from_utf8(bytes).map_err(garbled)?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut count = 0;
    let mut root = None;
    loop {
        match reader.read_event().map_err(garbled)? {
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Err(garbled("it is nested too deeply"));
                }
                open.push(element(&start, &mut count)?);
            }
            Event::Empty(start) => put(element(&start, &mut count)?, &mut open, &mut root)?,
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| garbled("an end without a beginning"))?;
                put(element, &mut open, &mut root)?;
            }
            Event::Text(text) => add(&text.xml10_content(), &mut open),
            Event::CData(text) => add(&text.xml10_content(), &mut open),
            Event::GeneralRef(reference) => match (reference.resolve_char_ref().map_err(garbled)?, &*reference) {
                (Some(sign), _) => add(sign.encode_utf8(&mut [0; 4]), &mut open),
                (None, name) => {
                    let text = quick_xml::escape::resolve_predefined_entity(name);
                    add(text.ok_or_else(|| garbled("it refers to what it does not declare"))?, &mut open);
                }
            },
            // Entities of its own are how a small document becomes a large one.
            Event::DocType(_) => return Err(garbled("it has a document type")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    match (root, open.is_empty()) {
        (Some(root), true) => Ok(root),
        _ => Err(garbled("it ends too early")),
    }
}

fn add(text: &str, open: &mut [Element]) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn put(mut element: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), Fault> {
    if !element.children.is_empty() {
        // Only what lies deepest has text: the rest is the layout of the document.
        element.text = String::new();
    }
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err(garbled("it has two roots")),
    }
    Ok(())
}

fn element(start: &BytesStart<'_>, count: &mut usize) -> Result<Element, Fault> {
    let mut element = Element { name: start.local_name().as_ref().to_owned(), ..Element::default() };
    *count += 1;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(garbled)?;
        *count += 1;
        let name: &str = attribute.key.as_ref();
        if !name.starts_with("xmlns") {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(garbled)?;
            element.attributes.push((name.to_owned(), value.into_owned()));
        }
    }
    if *count > MOST {
        return Err(Fault::TooLarge(u64::try_from(*count).unwrap_or(u64::MAX)));
    }
    Ok(element)
}

/// A text as XML holds it. What XML has no place for is left out.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(sign),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(sign),
        }
    }
    out
}

/// An element with a text in it.
#[must_use]
pub fn leaf(name: &str, text: &str) -> String {
    format!("<t:{name}>{}</t:{name}>", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_known_by_its_local_name_and_texts_survive() {
        let text = "1 < 2 & \"3\" > 2\n\r\u{1f600}\u{1} ]]>";
        let document =
            format!("<x:a xmlns:x=\"y\" n=\"{0}\"> <b>{0}</b><!-- c --><c><![CDATA[<d>]]></c> </x:a>", escaped(text));
        let read = parse(document.as_bytes()).expect("a document");
        let plain = "1 < 2 & \"3\" > 2\n\r\u{1f600} ]]>";
        assert_eq!((read.name.as_str(), read.text_of("b"), read.text_of("c")), ("a", Some(plain), Some("<d>")));
        assert_eq!(read.attribute("n"), Some(plain.replace(['\n'], " ").as_str()));
        assert_eq!((read.text.as_str(), read.attribute("xmlns:x")), ("", None));
    }

    #[test]
    fn what_is_no_document_is_refused_and_what_is_too_large_is_named() {
        let deep = "<a>".repeat(100);
        for wrong in ["", "<a>", "<a></b>", "<a/><b/>", "<a>&b;</a>", "<!DOCTYPE a []><a/>", "plain", deep.as_str()] {
            assert!(matches!(parse(wrong.as_bytes()), Err(Fault::Garbled(_))), "{wrong}");
        }
        assert!(matches!(parse(&[0xff, 0xfe]), Err(Fault::Garbled(_))));
        let wide = format!("<a>{}</a>", "<b/>".repeat(MOST));
        assert!(matches!(parse(wide.as_bytes()), Err(Fault::TooLarge(_))));
    }
}
