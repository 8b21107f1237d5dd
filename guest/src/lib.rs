//! The sync engine: what becomes the WebAssembly component, and an ordinary library
