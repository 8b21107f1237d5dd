//! Builds the component out of guest and hands out its bytes
