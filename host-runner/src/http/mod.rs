//! HTTP as the host lends it to a component: the rules of `http.wit`, pure over a [`Transport`] and a
//! [`Clock`](crate::Clock), so that a simulation drives the very policy that ships.
//!
//! Reading order: [`contract`] (what is asked and answered), [`destination`] (what may be reached), `policy.rs` (one
//! request from the call to its answer), [`lane`] (who waits for whom), [`wire`] (sockets).

pub mod address;
mod batch;
mod body;
pub mod contract;
pub mod destination;
pub(crate) mod egress;
mod headers;
pub mod lane;
mod policy;
pub mod retry;
pub mod transport;
mod underway;
mod window;
pub mod wire;

pub use contract::{Credential, Error, Request, Response, UnreachableCause};
pub use destination::{Destinations, MailboxService, Origin};
pub use egress::{Egress, Rules};
pub use policy::HttpPolicy;
pub use transport::{Failure, Handshake, Incoming, Outgoing, Peer, Transport};
pub use underway::Underway;
pub use window::{LeaseTerm, RunWindow};

#[cfg(test)]
mod tests;
