//! How often each word occurs. This crate has a warning on purpose: it shows how rustc's
//! diagnostics reach the user.

use std::collections::BTreeMap;

/// Counts the words of `text`.
pub fn counts(text: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for word in words::words(text) {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}

fn nobody_calls_this_function() {}
