//! Where the sign-in at Exchange gets its tokens: a service that hands out always the same one.

use chrono::{DateTime, Utc};
use emulators::wire::{Request, Response, Service};
use serde_json::{Value, json};

/// The token.
pub const TOKEN: &str = "a-token-for-exchange";

/// The service.
pub struct Tokens;

impl Service for Tokens {
    fn name(&self) -> &'static str {
        "login"
    }

    fn handle(&mut self, _: &Request, _: DateTime<Utc>) -> Response {
        Response::json(200, &json!({"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN}))
    }

    fn state(&self) -> Value {
        Value::Null
    }

    fn outbox(&self) -> Vec<Value> {
        Vec::new()
    }

    fn edit(&mut self, _: &Value, _: DateTime<Utc>) -> Result<Value, String> {
        Err("there is nothing to edit".into())
    }
}
