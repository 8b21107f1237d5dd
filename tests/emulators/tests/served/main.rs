//! Emulators as a client meets them.

#[cfg(test)]
mod sockets;
