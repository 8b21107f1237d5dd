//! XML as a tree of elements by their local names, and written as text. Prefixes are the sender's affair, and documents of
//! the vendor itself get namespaces wrong: names alone decide.

use crate::ask::Fault;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::borrow::Cow;

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
            Event::GeneralRef(reference) => match reference.strip_prefix('#') {
                Some(number) => add(numbered(number).encode_utf8(&mut [0; 4]), &mut open),
                None => {
                    let text = quick_xml::escape::resolve_predefined_entity(&reference);
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
        if text.chars().all(carried) {
            element.text.push_str(text);
        } else {
            element.text.extend(text.chars().filter(|sign| carried(*sign)));
        }
    }
}

/// XML has a place for it. What Exchange holds beyond that could not be written back, so nobody here ever sees it.
const fn carried(sign: char) -> bool {
    !matches!(sign, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// What a numeric reference stands for; a sign that is not carried, where it is none: Exchange names what it holds by
/// number also where XML forbids it, and one such sign must not cost all that comes with it.
fn numbered(number: &str) -> char {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32).unwrap_or('\0')
}

/// The value of an attribute, without what XML has no place for.
fn value(mut attribute: Attribute<'_>) -> Result<String, Fault> {
    if attribute.value.contains("&#") {
        attribute.value = Cow::Owned(without_forbidden(&attribute.value));
    }
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(garbled)?;
    Ok(if value.chars().all(carried) {
        value.into_owned()
    } else {
        value.chars().filter(|sign| carried(*sign)).collect()
    })
}

/// A text as it stands in a document, without references to what XML has no place for.
fn without_forbidden(raw: &str) -> String {
    let mut pieces = raw.split("&#");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once(';') {
            Some((number, rest)) if !carried(numbered(number)) => kept.push_str(rest),
            _ => kept.extend(["&#", piece]),
        }
    }
    kept
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
            let name = name.to_owned();
            element.attributes.push((name, value(attribute)?));
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
            _ if carried(sign) => out.push(sign),
            _ => {}
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
    fn a_sign_that_xml_has_no_place_for_costs_nothing_but_itself() {
        let wrong = "&#x0;&#0;&#x1;&#11;&#xFFFF;&#xD83D;&#x110000;&#99999999999;&#x;&#y;\u{1}\u{b}";
        let document = format!("<a n=\"1{wrong}2&#x41;&#9;\">b{wrong}c&#x41;&#13;<![CDATA[\u{2}d]]></a>");
        let read = parse(document.as_bytes()).expect("a document");
        assert_eq!((read.attribute("n"), read.text.as_str()), (Some("12A\t"), "bcA\rd"));
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
