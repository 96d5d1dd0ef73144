//! Cargo wants a target to resolve dependencies for; nothing is built from this file.
