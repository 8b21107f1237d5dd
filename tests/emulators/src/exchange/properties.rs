//! Extended properties: how they are named, and what they may hold.

use std::fmt;

use uuid::Uuid;

use super::problem::{Done, Problem};
use super::xml::{Node, t};

/// A property by any of its names, in one form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Property {
    name: Name,
    /// `String`, `Integer`, `StringArray` …
    kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Tag(u16),
    Named(Uuid, String),
    Numbered(Uuid, i32),
}

/// The sets that have a name, and their ids.
const SETS: [(&str, &str); 9] = [
    ("Meeting", "6ed8da90-450b-101b-98da-00aa003f1305"),
    ("Appointment", "00062002-0000-0000-c000-000000000046"),
    ("Common", "00062008-0000-0000-c000-000000000046"),
    ("PublicStrings", "00020329-0000-0000-c000-000000000046"),
    ("Address", "00062004-0000-0000-c000-000000000046"),
    ("InternetHeaders", "00020386-0000-0000-c000-000000000046"),
    ("CalendarAssistant", "11000e07-b51b-40d6-af21-caa85edab1d0"),
    ("UnifiedMessaging", "4442858e-a9e3-4e80-b900-317a210cc15b"),
    ("Task", "00062003-0000-0000-c000-000000000046"),
];
/// Tags of properties that have no tag of their own.
const CUSTOM: std::ops::RangeInclusive<u16> = 0x8000..=0xfffe;

/// `PidLidCleanGlobalObjectId`: the identity of a meeting, without the date of an occurrence.
pub(super) fn clean_global_object_id() -> Property {
    meeting(0x23)
}

/// `PidLidGlobalObjectId`: the same with the date.
pub(super) fn global_object_id() -> Property {
    meeting(0x03)
}

fn meeting(number: i32) -> Property {
    let set = SETS.iter().find(|(name, _)| *name == "Meeting").and_then(|(_, id)| Uuid::parse_str(id).ok());
    Property { name: Name::Numbered(set.unwrap_or_default(), number), kind: "Binary".to_owned() }
}

impl Property {
    /// Reads an `ExtendedFieldURI`.
    pub(super) fn read(node: &Node) -> Done<Self> {
        let bad = |why: &str| {
            Problem::new("ErrorInvalidExtendedProperty", format!("The extended property is invalid: {why}"))
        };
        let kind = node.attribute("PropertyType").unwrap_or_default().to_owned();
        if matches!(kind.as_str(), "Error" | "Null" | "Object" | "ObjectArray") {
            return Err(bad("such a type cannot be kept."));
        }
        let set = match (node.attribute("DistinguishedPropertySetId"), node.attribute("PropertySetId")) {
            (Some(_), Some(_)) => return Err(bad("it has two sets.")),
            (Some(name), None) => {
                let id = SETS.iter().find(|(known, _)| *known == name).and_then(|(_, id)| Uuid::parse_str(id).ok());
                Some(id.ok_or_else(|| bad("its set is unknown."))?)
            }
            (None, Some(id)) => Some(Uuid::parse_str(id).map_err(|_| bad("PropertySetId is not a GUID."))?),
            (None, None) => None,
        };
        let number = |text: &str| match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(hex) => u16::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        };
        let named = (node.attribute("PropertyTag"), node.attribute("PropertyName"), node.attribute("PropertyId"), set);
        let name = match named {
            (Some(tag), None, None, None) => {
                let tag = number(tag).ok_or_else(|| bad("PropertyTag is no number."))?;
                if CUSTOM.contains(&tag) {
                    let text = "Property tags in the 0x8000-0xFFFE range aren't allowed.";
                    return Err(Problem::new("ErrorNoPropertyTagForCustomProperties", text));
                }
                Name::Tag(tag)
            }
            (None, Some(name), None, Some(set)) => Name::Named(set, name.to_owned()),
            (None, None, Some(id), Some(set)) => {
                Name::Numbered(set, id.parse().map_err(|_| bad("PropertyId is no number."))?)
            }
            _ => return Err(bad("it needs a tag, or a set with a name or a number.")),
        };
        Ok(Self { name, kind })
    }

    /// As it is shown; Exchange answers with the id of a set, also where the request used its name.
    pub(super) fn path(&self) -> Node {
        let path = t("ExtendedFieldURI");
        let path = match &self.name {
            Name::Tag(tag) => path.attr("PropertyTag", format!("0x{tag:x}")),
            Name::Named(set, name) => path.attr("PropertySetId", set.to_string()).attr("PropertyName", name),
            Name::Numbered(set, id) => path.attr("PropertySetId", set.to_string()).attr("PropertyId", id.to_string()),
        };
        path.attr("PropertyType", &self.kind)
    }

    fn several(&self) -> bool {
        self.kind.ends_with("Array")
    }

    /// Reads `Value` or `Values`.
    pub(super) fn values(&self, node: &Node) -> Done<Vec<String>> {
        let bad = |text: &str| Problem::new("ErrorInvalidExtendedPropertyValue", text);
        let values: Vec<String> = match (node.child("Value"), node.child("Values"), self.several()) {
            (Some(value), None, false) => vec![value.text.clone()],
            (None, Some(values), true) => values.children.iter().map(|value| value.text.clone()).collect(),
            _ => return Err(bad("The number of values does not fit the type of the extended property.")),
        };
        let fits = |value: &String| match self.kind.trim_end_matches("Array") {
            "Integer" | "Short" => value.trim().parse::<i32>().is_ok(),
            "Long" => value.trim().parse::<i64>().is_ok(),
            "Boolean" => matches!(value.trim(), "true" | "false" | "1" | "0"),
            "Double" | "Float" | "Currency" | "ApplicationTime" => value.trim().parse::<f64>().is_ok(),
            "SystemTime" => super::times::parse(value.trim()).is_some(),
            "CLSID" => Uuid::parse_str(value.trim()).is_ok(),
            "Binary" => {
                use base64::Engine as _;
                base64::engine::general_purpose::STANDARD.decode(value.trim()).is_ok()
            }
            _ => true,
        };
        if !values.iter().all(fits) {
            return Err(bad("The value of the extended property does not fit its type."));
        }
        Ok(values)
    }

    /// The property with its values.
    pub(super) fn node(&self, values: &[String]) -> Node {
        let shown = values.iter().map(|value| t("Value").text(value));
        let node = t("ExtendedProperty").with(self.path());
        if self.several() { node.with(t("Values").with_all(shown)) } else { node.with_all(shown) }
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Name::Tag(tag) => write!(f, "{} 0x{tag:x}", self.kind),
            Name::Named(set, name) => write!(f, "{} {{{set}}} Name {name}", self.kind),
            Name::Numbered(set, id) => write!(f, "{} {{{set}}} Id 0x{id:x}", self.kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(attributes: &[(&'static str, &str)]) -> Node {
        let node = t("ExtendedFieldURI").attr("PropertyType", "String");
        attributes.iter().fold(node, |node, (name, value)| node.attr(*name, *value))
    }

    #[test]
    fn a_set_by_name_and_by_id_is_the_same() {
        let by_name = uri(&[("DistinguishedPropertySetId", "PublicStrings"), ("PropertyName", "a")]);
        let by_id = uri(&[("PropertySetId", "00020329-0000-0000-C000-000000000046"), ("PropertyName", "a")]);
        let property = Property::read(&by_name).unwrap();
        assert_eq!(property, Property::read(&by_id).unwrap());
        assert_eq!(property.to_string(), "String {00020329-0000-0000-c000-000000000046} Name a");
        assert_eq!(Property::read(&property.path()).unwrap(), property);
    }

    #[test]
    fn what_names_no_property_is_refused() {
        let code = |attributes: &[(&'static str, &str)]| Property::read(&uri(attributes)).unwrap_err().code;
        let set = ("PropertySetId", "00020329-0000-0000-c000-000000000046");
        for wrong in [
            &[("PropertyName", "a")][..],
            &[set],
            &[set, ("PropertyName", "a"), ("PropertyId", "1")],
            &[("PropertyTag", "0x10"), ("PropertyName", "a")],
            &[("PropertySetId", "x"), ("PropertyName", "a")],
        ] {
            assert_eq!(code(wrong), "ErrorInvalidExtendedProperty", "{wrong:?}");
        }
        assert_eq!(code(&[("PropertyTag", "0x8001")]), "ErrorNoPropertyTagForCustomProperties");
    }

    #[test]
    fn values_fit_the_type() {
        let property = |kind: &str| {
            let node = t("ExtendedFieldURI").attr("PropertyType", kind).attr("PropertyTag", "0x10");
            Property::read(&node).unwrap()
        };
        let one = |value: &str| t("ExtendedProperty").with(t("Value").text(value));
        assert!(property("Integer").values(&one("12")).is_ok());
        assert!(property("Integer").values(&one("x")).is_err());
        assert!(property("Binary").values(&one("?")).is_err());
        assert!(property("StringArray").values(&one("x")).is_err());
        let several = t("ExtendedProperty").with(t("Values").with(t("Value").text("a")).with(t("Value").text("b")));
        let array = property("StringArray");
        assert_eq!(array.node(&array.values(&several).unwrap()).child("Values").unwrap().children.len(), 2);
    }
}
