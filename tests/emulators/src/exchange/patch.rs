//! What a request says of an item, property by property.

use super::problem::{Done, Problem};
use super::properties::Property;
use super::xml::Node;

/// The property that a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    /// By the name of its element.
    Named(String),
    /// An extended one.
    Extended(Property),
}

impl Field {
    /// The name by which changes are remembered.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::Extended(property) => property.to_string(),
        }
    }
}

/// Reads `FieldURI`, `ExtendedFieldURI` or `IndexedFieldURI`.
pub(super) fn field(path: &Node) -> Done<Field> {
    match &*path.name {
        "ExtendedFieldURI" => Property::read(path).map(Field::Extended),
        _ => {
            let uri = path.attribute("FieldURI").unwrap_or_default();
            let name = uri.split_once(':').map_or(uri, |(_, name)| name);
            Ok(Field::Named(name.to_owned()))
        }
    }
}

/// Properties in the order of the request, each with what it is set to; nothing clears it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Patch {
    pub(super) changes: Vec<(Field, Option<Node>)>,
}

impl Patch {
    /// All that a new item says.
    pub(super) fn of_item(item: &Node) -> Done<Self> {
        let changes = item.children.iter().map(|child| Ok((named(child)?, Some(child.clone()))));
        Ok(Self { changes: changes.collect::<Done<_>>()? })
    }

    /// `Updates` of an item that is of this element.
    pub(super) fn of_updates(updates: &Node, element: &str) -> Done<Self> {
        let mut changes = Vec::new();
        for update in &updates.children {
            let Some((path, rest)) = update.children.split_first() else { continue };
            let wanted = field(path)?;
            if update.name == "DeleteItemField" {
                changes.push((wanted, None));
                continue;
            }
            if update.name == "AppendToItemField" {
                return Err(Problem::new("ErrorInvalidPropertyAppend", "Append action is invalid for the property."));
            }
            let count = || {
                let text = "An object within a change description must contain one and only one property to modify.";
                Problem::new("ErrorIncorrectUpdatePropertyCount", text)
            };
            let [item] = rest else { return Err(count()) };
            let [value] = item.children.as_slice() else { return Err(count()) };
            let mismatch = || {
                let text = "The property path does not match the property of the object to update.";
                Problem::new("ErrorUpdatePropertyMismatch", text)
            };
            if named(value)? != wanted {
                return Err(mismatch());
            }
            if item.name != element && item.name != "Item" {
                return Err(Problem::new("ErrorObjectTypeChanged", "The type of the object cannot be changed."));
            }
            changes.push((wanted, Some(value.clone())));
        }
        Ok(Self { changes })
    }

    /// What a property is set to.
    pub(super) fn set(&self, name: &str) -> Option<&Node> {
        self.changes.iter().rev().find_map(|(field, value)| match field {
            Field::Named(known) if known == name => value.as_ref(),
            _ => None,
        })
    }

    /// Whether a property is cleared.
    pub(super) fn clears(&self, name: &str) -> bool {
        let named = |field: &Field| matches!(field, Field::Named(known) if known == name);
        self.changes.iter().any(|(field, value)| named(field) && value.is_none())
    }
}

/// The property that an element is.
fn named(element: &Node) -> Done<Field> {
    match (&*element.name, element.child("ExtendedFieldURI")) {
        ("ExtendedProperty", Some(path)) => Property::read(path).map(Field::Extended),
        (name, _) => Ok(Field::Named(name.to_owned())),
    }
}
