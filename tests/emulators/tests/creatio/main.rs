//! Creatio's emulator against the published facts.

#[cfg(test)]
mod login;
#[cfg(test)]
mod queries;
#[cfg(test)]
mod support;
#[cfg(test)]
mod writes;
