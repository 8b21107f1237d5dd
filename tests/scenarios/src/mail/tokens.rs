//! Where the sign-in at Exchange gets its tokens: each is another one, and opens the server until all tokens expire.

use chrono::{DateTime, Utc};
use emulators::exchange::{Exchange, world};
use emulators::harness::Shared;
use emulators::wire::{Request, Response, Service};
use serde_json::{Value, json};

/// The service.
pub struct Tokens {
    /// The server that knows them.
    pub exchange: Shared<Exchange>,
    /// How many there have been.
    pub given: u64,
}

impl Service for Tokens {
    fn name(&self) -> &'static str {
        "login"
    }

    fn handle(&mut self, _: &Request, _: DateTime<Utc>) -> Response {
        self.given += 1;
        let token = format!("a-token-for-exchange-{}", self.given);
        self.exchange.with(|exchange| exchange.add_bearer(&token, world::SERVICE));
        Response::json(200, &json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token}))
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
