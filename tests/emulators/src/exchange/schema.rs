//! Microsoft's schema, as far as requests need it: order, number, attributes and the values of everything that is sent.
//!
//! `schema.txt` is made out of the official schema by `tests/spec/extract_ews.py`, which says how it is to be read.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::times;
use super::xml::{Node, Space};

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::read(include_str!("schema.txt")));

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    /// What Microsoft's parser says of it.
    pub(super) text: String,
    /// Where, in bytes from the beginning.
    pub(super) offset: usize,
}

/// Checks an element of a body or header.
pub(super) fn check(node: &Node) -> Result<(), Violation> {
    let name = tagged(node);
    match SCHEMA.elements.get(name.as_ref()) {
        Some(kind) => SCHEMA.check(node, kind),
        None => violation(node, format!("The element '{}' is not declared.", node.name)),
    }
}

/// Whether it is an operation of the service that the emulator does not serve.
pub(super) fn is_elsewhere(node: &Node) -> bool {
    SCHEMA.others.contains(tagged(node).as_ref())
}

/// The names of a type's elements, in their order.
pub(super) fn order(kind: &str) -> &'static [String] {
    SCHEMA.orders.get(kind).map_or(&[], Vec::as_slice)
}

fn violation<T>(node: &Node, text: String) -> Result<T, Violation> {
    Err(Violation { text, offset: node.offset })
}

/// How an element is called in the schema's text.
fn tagged(node: &Node) -> Cow<'_, str> {
    match node.space {
        Space::Types => Cow::Borrowed(&node.name),
        Space::Messages => Cow::Owned(format!("m:{}", node.name)),
        _ => Cow::Owned(format!("?{}", node.name)),
    }
}

/// Whether an element is called so in the schema's text.
fn is_tagged(node: &Node, name: &str) -> bool {
    match node.space {
        Space::Types => node.name == name,
        Space::Messages => name.strip_prefix("m:").is_some_and(|name| node.name == name),
        _ => name.strip_prefix('?').is_some_and(|name| node.name == name),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Element { name: String, kind: String },
    Sequence(Vec<Particle>),
    Choice(Vec<Particle>),
    Group(String),
}

#[derive(Debug, Clone, PartialEq)]
struct Particle {
    what: What,
    optional: bool,
    repeats: bool,
}

#[derive(Debug, Default)]
struct Complex {
    /// Name, whether it is required, and its type.
    attributes: Vec<(String, bool, String)>,
    particles: Vec<Particle>,
    /// The type of its text; children are not allowed then.
    text: Option<String>,
}

#[derive(Debug)]
enum Type {
    Complex(Complex),
    Words { words: HashSet<String>, several: bool },
    Number(i64, i64),
}

#[derive(Debug, Default)]
struct Schema {
    elements: HashMap<String, String>,
    others: HashSet<String>,
    groups: HashMap<String, Particle>,
    types: HashMap<String, Type>,
    orders: HashMap<String, Vec<String>>,
}

impl Schema {
    fn read(text: &str) -> Self {
        let mut schema = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let (Some(what), Some(name)) = (words.next(), words.next()) else { continue };
            let name = name.to_owned();
            match what {
                "element" => {
                    schema.elements.insert(name, words.next().unwrap_or_default().to_owned());
                }
                "other" => {
                    schema.others.insert(name);
                }
                "enum" | "enums" => {
                    let several = what == "enums";
                    let words = words.map(str::to_owned).collect();
                    schema.types.insert(name, Type::Words { words, several });
                }
                "number" => {
                    let mut bound = || words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
                    let (low, high) = (bound(), bound());
                    schema.types.insert(name, Type::Number(low, high));
                }
                "group" => {
                    if let Some(particle) = particles(&mut words).into_iter().next() {
                        schema.groups.insert(name, particle);
                    }
                }
                _ => {
                    schema.types.insert(name, Type::Complex(complex(&mut words)));
                }
            }
        }
        for (name, kind) in &schema.types {
            if let Type::Complex(complex) = kind {
                let mut names = Vec::new();
                complex.particles.iter().for_each(|particle| names_of(particle, &mut names));
                schema.orders.insert(name.clone(), names);
            }
        }
        schema
    }

    fn check(&self, node: &Node, kind: &str) -> Result<(), Violation> {
        if kind == "any" {
            return Ok(());
        }
        match self.types.get(kind) {
            Some(Type::Complex(complex)) => self.check_complex(node, complex),
            _ => match node.children.first() {
                Some(child) => unexpected(child, &node.name, &[]),
                None => self.check_text(node, node.value(), kind),
            },
        }
    }

    fn check_complex(&self, node: &Node, complex: &Complex) -> Result<(), Violation> {
        for (name, value) in &node.attributes {
            let Some((_, _, kind)) = complex.attributes.iter().find(|(known, _, _)| known == name) else {
                return violation(node, format!("The '{name}' attribute is not declared."));
            };
            if !self.is(value, kind) {
                return violation(
                    node,
                    format!(
                        "The '{name}' attribute is invalid - The value '{value}' is invalid according to its datatype '{kind}'."
                    ),
                );
            }
        }
        let missing = |(name, required, _): &&(String, bool, String)| *required && node.attribute(name).is_none();
        if let Some((name, _, _)) = complex.attributes.iter().find(missing) {
            return violation(node, format!("The required attribute '{name}' is missing."));
        }
        if let Some(kind) = &complex.text {
            return match node.children.first() {
                Some(child) => unexpected(child, &node.name, &[]),
                None => self.check_text(node, &node.text, kind),
            };
        }
        if !node.value().is_empty() {
            return violation(node, format!("The element '{}' cannot contain text.", node.name));
        }
        let mut at = 0;
        for particle in &complex.particles {
            self.take(particle, node, &mut at)?;
        }
        match node.children.get(at) {
            Some(child) => {
                // What might have come later in the order is the likeliest mistake: say what is left.
                unexpected(child, &node.name, &[])
            }
            None => Ok(()),
        }
    }

    /// Takes the children that a particle stands for.
    fn take(&self, particle: &Particle, node: &Node, at: &mut usize) -> Result<(), Violation> {
        let mut taken = false;
        while (!taken || particle.repeats) && node.children.get(*at).is_some_and(|child| self.begins(particle, child)) {
            let before = *at;
            match &particle.what {
                What::Element { kind, .. } => {
                    if let Some(child) = node.children.get(*at) {
                        self.check(child, kind)?;
                    }
                    *at += 1;
                }
                What::Sequence(parts) => {
                    for part in parts {
                        self.take(part, node, at)?;
                    }
                }
                What::Choice(parts) => {
                    let chosen =
                        node.children.get(*at).and_then(|child| parts.iter().find(|one| self.begins(one, child)));
                    if let Some(part) = chosen {
                        self.take(part, node, at)?;
                    }
                }
                What::Group(name) => {
                    if let Some(group) = self.groups.get(name) {
                        self.take(group, node, at)?;
                    }
                }
            }
            taken = true;
            if *at == before {
                break;
            }
        }
        if taken || particle.optional || self.may_be_empty(particle) {
            return Ok(());
        }
        let mut expected = Vec::new();
        self.first(particle, &mut expected);
        match node.children.get(*at) {
            Some(child) => unexpected(child, &node.name, &expected),
            None => violation(
                node,
                format!(
                    "The element '{}' has incomplete content. List of possible elements expected: '{}'.",
                    node.name,
                    expected.join(", ")
                ),
            ),
        }
    }

    fn begins(&self, particle: &Particle, child: &Node) -> bool {
        match &particle.what {
            What::Element { name, .. } => is_tagged(child, name),
            What::Choice(parts) => parts.iter().any(|part| self.begins(part, child)),
            What::Group(name) => self.groups.get(name).is_some_and(|group| self.begins(group, child)),
            What::Sequence(parts) => {
                for part in parts {
                    if self.begins(part, child) {
                        return true;
                    }
                    if !part.optional && !self.may_be_empty(part) {
                        return false;
                    }
                }
                false
            }
        }
    }

    fn may_be_empty(&self, particle: &Particle) -> bool {
        particle.optional
            || match &particle.what {
                What::Element { .. } => false,
                What::Sequence(parts) => parts.iter().all(|part| self.may_be_empty(part)),
                What::Choice(parts) => parts.iter().any(|part| self.may_be_empty(part)),
                What::Group(name) => self.groups.get(name).is_some_and(|group| self.may_be_empty(group)),
            }
    }

    fn first<'a>(&'a self, particle: &'a Particle, names: &mut Vec<&'a str>) {
        match &particle.what {
            What::Element { name, .. } => names.push(name),
            What::Choice(parts) => parts.iter().for_each(|part| self.first(part, names)),
            What::Group(name) => {
                if let Some(group) = self.groups.get(name) {
                    self.first(group, names);
                }
            }
            What::Sequence(parts) => {
                for part in parts {
                    self.first(part, names);
                    if !self.may_be_empty(part) {
                        break;
                    }
                }
            }
        }
    }

    fn check_text(&self, node: &Node, text: &str, kind: &str) -> Result<(), Violation> {
        if self.is(text, kind) {
            return Ok(());
        }
        violation(
            node,
            format!(
                "The '{}' element is invalid - The value '{text}' is invalid according to its datatype '{kind}'.",
                node.name
            ),
        )
    }

    fn is(&self, text: &str, kind: &str) -> bool {
        let plain = text.trim();
        match self.types.get(kind) {
            // The emulator does not keep contacts, mail and the like, and so does not list their properties either.
            Some(Type::Words { words, several: false }) if kind == "UnindexedFieldURIType" => {
                let kept = ["folder:", "item:", "calendar:", "task:"].iter().any(|start| plain.starts_with(start));
                words.contains(plain) || !kept && plain.contains(':')
            }
            Some(Type::Words { words, several: false }) => words.contains(plain),
            Some(Type::Words { words, several: true }) => plain.split_whitespace().all(|part| words.contains(part)),
            Some(Type::Number(low, high)) => plain.parse().is_ok_and(|number: i64| (low..=high).contains(&&number)),
            Some(Type::Complex(_)) => true,
            None => match kind {
                "boolean" => matches!(plain, "true" | "false" | "1" | "0"),
                "int" => plain.trim_start_matches('+').parse::<i32>().is_ok(),
                "double" | "decimal" | "float" => plain.parse::<f64>().is_ok(),
                "dateTime" => times::parse(plain).is_some(),
                "date" => times::date(plain).is_some(),
                "duration" => plain.trim_start_matches('-').starts_with('P'),
                "base64Binary" => {
                    use base64::Engine as _;
                    base64::engine::general_purpose::STANDARD.decode(plain).is_ok()
                }
                _ => true,
            },
        }
    }
}

fn unexpected<T>(child: &Node, parent: &str, expected: &[&str]) -> Result<T, Violation> {
    let mut text = format!("The element '{parent}' has invalid child element '{}'.", child.name);
    if child.space == Space::Foreign || child.space == Space::Bare {
        text.push_str(" Its namespace is not that of the schema.");
    }
    if !expected.is_empty() {
        text.push_str(&format!(" List of possible elements expected: '{}'.", expected.join(", ")));
    }
    violation(child, text)
}

fn complex<'a>(words: &mut impl Iterator<Item = &'a str>) -> Complex {
    let mut complex = Complex::default();
    for word in words.by_ref().take_while(|word| *word != "|") {
        let (name, kind) = word.trim_start_matches('@').split_once('=').unwrap_or((word, "string"));
        let required = name.ends_with('!');
        complex.attributes.push((name.trim_end_matches('!').to_owned(), required, kind.to_owned()));
    }
    let mut rest = words.peekable();
    if let Some(kind) = rest.peek().and_then(|word| word.strip_prefix('=')) {
        complex.text = Some(kind.to_owned());
    } else {
        complex.particles = particles(&mut rest);
    }
    complex
}

/// Reads particles up to the bracket that closes them, or to the end.
fn particles<'a>(words: &mut impl Iterator<Item = &'a str>) -> Vec<Particle> {
    let mut stack: Vec<(bool, Vec<Particle>)> = vec![(false, Vec::new())];
    for word in words {
        let plain = word.trim_end_matches(['?', '*', '+']);
        let mark = word.get(plain.len()..).unwrap_or_default();
        let what = match plain {
            "(" => {
                stack.push((true, Vec::new()));
                continue;
            }
            "{" => {
                stack.push((false, Vec::new()));
                continue;
            }
            ")" | "}" => match stack.pop() {
                Some((true, parts)) => What::Choice(parts),
                Some((false, parts)) => What::Sequence(parts),
                None => continue,
            },
            _ => match (plain.strip_prefix('%'), plain.rsplit_once(':')) {
                (Some(group), _) => What::Group(group.to_owned()),
                (None, Some((name, kind))) => What::Element { name: name.to_owned(), kind: kind.to_owned() },
                (None, None) => continue,
            },
        };
        let particle = Particle { what, optional: matches!(mark, "?" | "*"), repeats: matches!(mark, "+" | "*") };
        if let Some((_, parts)) = stack.last_mut() {
            parts.push(particle);
        }
    }
    stack.into_iter().next().map(|(_, parts)| parts).unwrap_or_default()
}

fn names_of(particle: &Particle, names: &mut Vec<String>) {
    match &particle.what {
        What::Element { name, .. } => names.push(name.clone()),
        What::Sequence(parts) | What::Choice(parts) => parts.iter().for_each(|part| names_of(part, names)),
        What::Group(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::xml::{self, MESSAGES, TYPES};
    use super::*;

    fn checked(xml: &str) -> Result<(), String> {
        let node = xml::parse(&format!("<x xmlns=\"{MESSAGES}\" xmlns:t=\"{TYPES}\">{xml}</x>")).unwrap();
        check(node.children.first().unwrap()).map_err(|violation| violation.text)
    }

    const SHAPE: &str = "<ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape>";

    #[test]
    fn order_number_and_attributes_are_the_schemas() {
        let ids = "<ItemIds><t:ItemId Id=\"a\"/><t:ItemId Id=\"b\" ChangeKey=\"c\"/></ItemIds>";
        assert_eq!(checked(&format!("<GetItem>{SHAPE}{ids}</GetItem>")), Ok(()));
        for (wrong, says) in [
            (format!("<GetItem>{ids}{SHAPE}</GetItem>"), "invalid child element 'ItemIds'"),
            (format!("<GetItem>{SHAPE}</GetItem>"), "incomplete content"),
            (format!("<GetItem>{SHAPE}<ItemIds/></GetItem>"), "incomplete content"),
            (format!("<GetItem>{SHAPE}<ItemIds><t:ItemId/></ItemIds></GetItem>"), "required attribute 'Id'"),
            (format!("<GetItem a=\"b\">{SHAPE}{ids}</GetItem>"), "'a' attribute is not declared"),
            (format!("<GetItem>{SHAPE}{ids}{ids}</GetItem>"), "invalid child element 'ItemIds'"),
            (format!("<GetItem>{SHAPE}{ids}text</GetItem>"), "cannot contain text"),
            (format!("<GetItem xmlns=\"https://x\">{SHAPE}{ids}</GetItem>"), "not declared"),
            ("<GetEverything/>".to_owned(), "not declared"),
        ] {
            let text = checked(&wrong).unwrap_err();
            assert!(text.contains(says), "{wrong}: {text}");
        }
    }

    #[test]
    fn values_are_of_their_type() {
        let sync = |most: &str| {
            checked(&format!(
                "<SyncFolderItems>{SHAPE}<SyncFolderId><t:DistinguishedFolderId Id=\"calendar\"/></SyncFolderId>\
                 <MaxChangesReturned>{most}</MaxChangesReturned></SyncFolderItems>"
            ))
        };
        assert_eq!(sync("512"), Ok(()));
        assert!(sync("513").unwrap_err().contains("'513' is invalid"));
        let create = |inside: &str| {
            checked(&format!("<CreateItem><Items><t:CalendarItem>{inside}</t:CalendarItem></Items></CreateItem>"))
        };
        let good = "<t:Subject>a</t:Subject><t:Start>2026-11-22T10:00:00</t:Start><t:IsAllDayEvent>true</t:IsAllDayEvent>\
             <t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Friday</t:DaysOfWeek>\
             </t:WeeklyRecurrence><t:NoEndRecurrence><t:StartDate>2026-11-23</t:StartDate></t:NoEndRecurrence></t:Recurrence>";
        assert_eq!(create(good), Ok(()));
        for wrong in [
            "<t:Start>22.11.2026</t:Start>",
            "<t:IsAllDayEvent>yes</t:IsAllDayEvent>",
            "<t:Importance>high</t:Importance>",
            "<t:Start>2026-11-22T10:00:00</t:Start><t:Subject>a</t:Subject>",
            "<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence></t:Recurrence>",
            "<t:DueDate>2026-11-22T10:00:00</t:DueDate>",
        ] {
            assert!(create(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_order_of_a_type_begins_with_what_it_inherits() {
        let order = order("CalendarItemType");
        let at = |name: &str| order.iter().position(|one| one == name).unwrap();
        assert!(at("ItemId") < at("Subject") && at("Subject") < at("UID") && at("UID") < at("EndTimeZone"));
    }
}
