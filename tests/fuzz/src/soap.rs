//! Documents as trees of JSON, so that they are changed as trees: an element is its name, attributes, text and children.

use guest::ews::xml::escaped;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value, json};

/// A document as a tree; none where it is no document. Prefixes are dropped: our decoder looks at none.
#[must_use]
pub fn tree(document: &[u8]) -> Option<Value> {
    let mut reader = Reader::from_str(std::str::from_utf8(document).ok()?);
    let mut open: Vec<Map<String, Value>> = Vec::new();
    loop {
        let done = match reader.read_event().ok()? {
            Event::Start(start) => {
                open.push(element(&start)?);
                continue;
            }
            Event::Empty(start) => element(&start)?,
            Event::End(_) => open.pop()?,
            Event::Text(piece) => {
                add(&mut open, &piece.xml10_content());
                continue;
            }
            Event::CData(piece) => {
                add(&mut open, &piece.xml10_content());
                continue;
            }
            Event::GeneralRef(reference) => {
                let sign = match &*reference {
                    "amp" => "&".to_owned(),
                    "lt" => "<".to_owned(),
                    "gt" => ">".to_owned(),
                    "quot" => "\"".to_owned(),
                    "apos" => "'".to_owned(),
                    _ => reference.resolve_char_ref().ok()??.to_string(),
                };
                add(&mut open, &sign);
                continue;
            }
            Event::Eof => return None,
            _ => continue,
        };
        match open.last_mut() {
            None => return Some(Value::Object(done)),
            Some(above) => {
                let children = above.entry("children").or_insert_with(|| json!([]));
                children.as_array_mut()?.push(Value::Object(done));
            }
        }
    }
}

fn element(start: &BytesStart<'_>) -> Option<Map<String, Value>> {
    let mut all = Map::new();
    all.insert("name".into(), json!(start.local_name().as_ref()));
    let mut attributes = Map::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let name: &str = attribute.key.as_ref();
        if !name.starts_with("xmlns") {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
            attributes.insert(name.to_owned(), json!(value));
        }
    }
    if !attributes.is_empty() {
        all.insert("attributes".into(), Value::Object(attributes));
    }
    Some(all)
}

fn add(open: &mut [Map<String, Value>], piece: &str) {
    if let Some(Value::String(text)) = open.last_mut().map(|node| node.entry("text").or_insert_with(|| json!(""))) {
        text.push_str(piece);
    }
}

/// The document of a tree, whatever became of it: a text is a document as it is.
#[must_use]
pub fn document(tree: &Value) -> String {
    match tree {
        Value::String(text) => text.clone(),
        tree => {
            let mut out = "<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned();
            write(tree, &mut out);
            out
        }
    }
}

fn write(tree: &Value, out: &mut String) {
    let Value::Object(all) = tree else {
        out.push_str(&escaped(&plain(tree)));
        return;
    };
    // What is no name for an element stands in the document all the same.
    let name = all.get("name").map_or_else(|| "x".to_owned(), plain);
    out.push('<');
    out.push_str(&name);
    for (name, value) in all.get("attributes").and_then(Value::as_object).into_iter().flatten() {
        out.push_str(&format!(" {name}=\"{}\"", escaped(&plain(value))));
    }
    out.push('>');
    out.push_str(&all.get("text").map(|text| escaped(&plain(text))).unwrap_or_default());
    match all.get("children") {
        Some(Value::Array(children)) => children.iter().for_each(|child| write(child, out)),
        Some(other) => write(other, out),
        None => {}
    }
    out.push_str(&format!("</{name}>"));
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_the_same_when_it_was_a_tree() {
        let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?><a b=\"1 &lt; 2\"><c>x &amp; y</c><c/></a>";
        let once = tree(text.as_bytes()).unwrap();
        assert_eq!(tree(document(&once).as_bytes()), Some(once));
        assert_eq!(document(&json!("<broken")), "<broken");
    }
}
