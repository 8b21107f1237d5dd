//! The codec of Exchange Web Services: what is asked becomes an envelope, what is answered becomes values.
//!
//! [`request`] writes operations in the order of the schema, cut into envelopes that a server takes; [`property`] is what of
//! an item is written. [`answer`] reads response messages, each with a result of its own, and [`mod@item`] what is in them.
//! [`xml`] is the text below both. Nothing here has effects.

pub mod answer;
pub mod item;
pub mod property;
pub mod request;
pub mod xml;
