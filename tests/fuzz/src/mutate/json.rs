//! Changes of a tree of JSON: members dropped, doubled, retyped, exchanged with those of another tree; and what no tree
//! can hold, written as text: numbers too large, members twice, very deep nesting, halves of characters.

use super::{index, lexicon};
use serde_json::{Map, Value, json};
use simulation::dice::Dice;

/// Stands for a text that is not what a tree can say.
const RAW: &str = "\u{1}raw:";

/// Some changes; none where the seed is no JSON.
#[must_use]
pub fn mutate(dice: &mut Dice, seed: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let mut tree: Value = serde_json::from_slice(seed).ok()?;
    let donor: Value = serde_json::from_slice(other).unwrap_or(Value::Null);
    for _ in 0..=dice.below(4) {
        change(dice, &mut tree, &donor);
    }
    let mut text = String::new();
    let quirky = dice.chance(20);
    write(dice, &tree, quirky, &mut text);
    Some(text.into_bytes())
}

fn change(dice: &mut Dice, tree: &mut Value, donor: &Value) {
    let at = index(dice, size(tree));
    let Some(node) = nth(tree, &mut at.clone()) else { return };
    match dice.below(8) {
        0 | 1 => *node = value(dice),
        2 => shrink(dice, node),
        3 => grow(dice, node),
        4 => retype(dice, node),
        5 => {
            let from = index(dice, size(donor));
            if let Some(found) = nth(&mut donor.clone(), &mut from.clone()) {
                *node = found.clone();
            }
        }
        6 => tweak(dice, node),
        _ => rename(dice, node),
    }
}

/// How many nodes a tree has.
#[must_use]
pub fn size(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(all) => all.iter().map(size).sum(),
        Value::Object(all) => all.values().map(size).sum(),
        _ => 0,
    }
}

/// The node of this number, counted from the root.
pub fn nth<'t>(tree: &'t mut Value, at: &mut usize) -> Option<&'t mut Value> {
    if *at == 0 {
        return Some(tree);
    }
    *at -= 1;
    let children: Box<dyn Iterator<Item = &'t mut Value>> = match tree {
        Value::Array(all) => Box::new(all.iter_mut()),
        Value::Object(all) => Box::new(all.values_mut()),
        _ => return None,
    };
    for child in children {
        let below = size(child);
        if *at < below {
            return nth(child, at);
        }
        *at -= below;
    }
    None
}

fn raw(text: &str) -> Value {
    json!(format!("{RAW}{text}"))
}

fn value(dice: &mut Dice) -> Value {
    match dice.below(9) {
        0 => Value::Null,
        1 => json!(dice.chance(50)),
        2 | 3 => raw(dice.pick(lexicon::NUMBERS)),
        4 => json!([]),
        5 => json!({}),
        6 => {
            let depth = dice.pick(&[1_usize, 5, 126, 127, 128, 20_000]);
            let (open, close) = if dice.chance(50) { ("[", "]") } else { ("{\"innererror\":", "}") };
            raw(&format!("{}0{}", open.repeat(depth), close.repeat(depth)))
        }
        _ => json!(dice.pick(lexicon::TEXTS)),
    }
}

fn shrink(dice: &mut Dice, node: &mut Value) {
    match node {
        Value::Array(all) if !all.is_empty() => drop(all.remove(index(dice, all.len()))),
        Value::Object(all) if !all.is_empty() => {
            let key = key_of(dice, all);
            all.remove(&key);
        }
        Value::String(text) => {
            let keep = index(dice, text.chars().count() + 1);
            *text = text.chars().take(keep).collect();
        }
        other => *other = Value::Null,
    }
}

fn grow(dice: &mut Dice, node: &mut Value) {
    match node {
        Value::Array(all) if !all.is_empty() => {
            let item = all[index(dice, all.len())].clone();
            let at = index(dice, all.len() + 1);
            for _ in 0..=dice.pick(&[0_u64, 1, 5, 30]) {
                all.insert(at, item.clone());
            }
        }
        Value::Object(all) if !all.is_empty() => {
            let key = key_of(dice, all);
            let item = all[&key].clone();
            let name = if dice.chance(50) { key.to_uppercase() } else { dice.pick(lexicon::NAMES).to_owned() };
            all.insert(name, item);
        }
        Value::String(text) => {
            let more = dice.pick(lexicon::TEXTS);
            *text = if dice.chance(50) { format!("{text}{more}") } else { text.repeat(1 + index(dice, 40)) };
        }
        other => *other = json!([other.clone(), other.clone()]),
    }
}

fn retype(dice: &mut Dice, node: &mut Value) {
    *node = match node.take() {
        Value::String(text) => match text.parse::<i64>() {
            Ok(number) => json!(number),
            Err(_) => json!({ "value": text }),
        },
        Value::Number(number) => json!(number.to_string()),
        Value::Bool(flag) => json!(if flag { "true" } else { "0" }),
        Value::Null => json!(""),
        // JSON in JSON, as some servers write it.
        tree if dice.chance(30) => json!(tree.to_string()),
        Value::Array(all) => {
            Value::Object(all.into_iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect())
        }
        Value::Object(all) => Value::Array(all.into_iter().map(|(_, one)| one).collect()),
    };
}

fn tweak(dice: &mut Dice, node: &mut Value) {
    match node {
        Value::String(text) => {
            let mut characters: Vec<char> = text.chars().collect();
            let at = index(dice, characters.len() + 1);
            let strange =
                dice.pick(&['\u{0}', '"', '\\', '<', '&', '\u{2028}', 'é', '\u{1F600}', '\u{300}', '9', '-', 'Z', ' ']);
            if dice.chance(50) && at < characters.len() {
                characters[at] = strange;
            } else {
                characters.insert(at, strange);
            }
            *text = characters.into_iter().collect();
        }
        Value::Number(number) => {
            let near = number.as_i64().unwrap_or(0).wrapping_add(i64::try_from(dice.below(5)).unwrap_or(0) - 2);
            *node = json!(near);
        }
        Value::Bool(flag) => *flag = !*flag,
        Value::Array(all) => all.reverse(),
        other => *other = json!([other.clone()]),
    }
}

fn rename(dice: &mut Dice, node: &mut Value) {
    if let Value::Object(all) = node
        && !all.is_empty()
    {
        let key = key_of(dice, all);
        let item = all.remove(&key).unwrap_or_default();
        let name = match dice.below(3) {
            0 => key.to_lowercase(),
            1 => dice.pick(lexicon::TEXTS).to_owned(),
            _ => dice.pick(lexicon::NAMES).to_owned(),
        };
        all.insert(name, item);
    } else {
        *node = value(dice);
    }
}

fn key_of(dice: &mut Dice, all: &Map<String, Value>) -> String {
    all.keys().nth(index(dice, all.len())).cloned().unwrap_or_default()
}

/// The tree as text; a quirky one holds what serializers never write.
fn write(dice: &mut Dice, tree: &Value, quirky: bool, out: &mut String) {
    match tree {
        Value::String(text) => match text.strip_prefix(RAW) {
            Some(raw) => out.push_str(raw),
            None if quirky && dice.below(40) == 0 => out.push_str("\"\\ud800 \\udfff\\u0000\""),
            None => out.push_str(&json!(text).to_string()),
        },
        Value::Array(all) => {
            out.push('[');
            for (at, one) in all.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(dice, one, quirky, out);
            }
            out.push(']');
        }
        Value::Object(all) => {
            out.push('{');
            for (at, (name, one)) in all.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&json!(name).to_string());
                out.push(':');
                write(dice, one, quirky, out);
                if quirky && dice.below(20) == 0 {
                    out.push_str(&format!(" ,\t{}:{}", json!(name), dice.pick(&["null", "\"\"", "{}", "0"])));
                }
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}
