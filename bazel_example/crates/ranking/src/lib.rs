//! The most frequent words.

use describe::Describe;
use serde::{Deserialize, Serialize};

/// One line of the ranking.
#[derive(Clone, Debug, Describe, Deserialize, PartialEq, Serialize)]
pub struct Rank {
    pub word: String,
    pub count: usize,
}

/// Returns the `most` most frequent words of `text`; equally frequent ones in alphabetical order.
pub fn ranking(text: &str, most: usize) -> Vec<Rank> {
    let mut ranks: Vec<Rank> = counts::counts(text)
        .into_iter()
        .map(|(word, count)| Rank { word, count })
        .collect();
    ranks.sort_by(|left, right| {
        right
            .count
            .cmp(&left.count)
            .then(left.word.cmp(&right.word))
    });
    ranks.truncate(most);
    ranks
}
