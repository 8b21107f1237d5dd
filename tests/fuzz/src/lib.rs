//! Arbitrary bytes for everything that decodes: no panic, no hang, no growth beyond the limits.
//!
//! Each [`target`] reads inputs; inputs begin with a [`corpus`] of documented and [`record`]ed payloads and are changed by
//! [`mutate`] as what they are; a [`hunt`] runs them within limits of time and memory and follows what reaches new code
//! where the build counts that ([`coverage`]); what fails is made small ([`mod@shrink`]) and kept.

pub mod allocation;
pub mod corpus;
pub mod coverage;
pub mod hunt;
pub mod instrument;
pub mod judge;
pub mod mutate;
pub mod record;
pub mod shrink;
pub mod soap;
pub mod target;
