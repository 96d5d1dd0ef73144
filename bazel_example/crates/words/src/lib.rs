//! The words of a text.

use regex::Regex;

/// Returns the words of `text`, in lower case and in order.
pub fn words(text: &str) -> Vec<String> {
    let word = Regex::new(r"\w+(?:'\w+)?").expect("the pattern is valid");
    word.find_iter(text)
        .map(|found| found.as_str().to_lowercase())
        .collect()
}
