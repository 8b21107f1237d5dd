//! The wasmtime host of the schedule-sync component: a library to embed and the command-line tool
