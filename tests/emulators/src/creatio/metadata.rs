//! What the service tells about itself: the list of its sets, and `$metadata`.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::knobs::Knobs;
use super::schema::{ENTITIES, Entity};
use crate::wire::Response;

fn entities(knobs: &Knobs) -> impl Iterator<Item = &'static Entity> {
    ENTITIES.iter().filter(|entity| knobs.has_set(entity.name))
}

pub(super) fn service(root: &str, knobs: &Knobs) -> Json {
    let sets: Vec<Json> =
        entities(knobs).map(|entity| json!({ "name": entity.name, "kind": "EntitySet", "url": entity.name })).collect();
    json!({ "@odata.context": format!("{root}/$metadata"), "value": sets })
}

pub(super) fn metadata(knobs: &Knobs) -> Response {
    let mut types = String::new();
    let mut sets = String::new();
    for entity in entities(knobs) {
        // Writing to a String cannot fail.
        let _ = write!(types, r#"<EntityType Name="{}"><Key><PropertyRef Name="Id"/></Key>"#, entity.name);
        let _ = write!(sets, r#"<EntitySet Name="{0}" EntityType="Terrasoft.Configuration.OData.{0}">"#, entity.name);
        for column in entity.columns().filter(|column| knobs.has(entity.name, column.name)) {
            let nullable =
                if column.name == "Id" || column.kind.empty().is_some() { r#" Nullable="false""# } else { "" };
            let _ = write!(types, r#"<Property Name="{}" Type="{}"{nullable}/>"#, column.name, column.kind.edm());
            let Some((name, target)) = column.navigation().filter(|(_, target)| knobs.has_set(target)) else {
                continue;
            };
            let _ = write!(
                types,
                r#"<NavigationProperty Name="{name}" Type="Terrasoft.Configuration.OData.{target}" Partner="{}CollectionBy{name}"><ReferentialConstraint Property="{}" ReferencedProperty="Id"/></NavigationProperty>"#,
                entity.name, column.name
            );
            let _ = write!(sets, r#"<NavigationPropertyBinding Path="{name}" Target="{target}"/>"#);
        }
        for child in entities(knobs) {
            for (name, target) in child.columns().filter_map(super::schema::Column::navigation) {
                if target == entity.name {
                    let _ = write!(
                        types,
                        r#"<NavigationProperty Name="{0}CollectionBy{name}" Type="Collection(Terrasoft.Configuration.OData.{0})" Partner="{name}"/>"#,
                        child.name
                    );
                }
            }
        }
        types.push_str("</EntityType>");
        sets.push_str("</EntitySet>");
    }
    let body = format!(
        r#"<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices><Schema Namespace="Terrasoft.Configuration.OData" xmlns="http://docs.oasis-open.org/odata/ns/edm">{types}</Schema><Schema Namespace="Default" xmlns="http://docs.oasis-open.org/odata/ns/edm"><EntityContainer Name="Container">{sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"#
    );
    Response {
        status: 200,
        headers: vec![("content-type".into(), "application/xml; charset=utf-8".into())],
        body: body.into_bytes(),
    }
}
