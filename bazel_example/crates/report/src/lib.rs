//! A text's ranking as lines to print.

use ranks::Rank;

/// Returns one line per rank of `text`'s `most` most frequent words.
pub fn report(text: &str, most: usize) -> String {
    lines(&ranks::ranking(text, most))
}

/// Returns one line per rank.
pub fn lines(ranks: &[Rank]) -> String {
    ranks
        .iter()
        .map(|rank| format!("{:>3} {}\n", rank.count, rank.word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_word_comes_first() {
        assert_eq!(
            report("one two two, three three Three", 2),
            "  3 three\n  2 two\n"
        );
    }

    #[test]
    fn the_macro_sees_the_fields_of_another_crate() {
        assert_eq!(Rank::FIELDS, ["word", "count"]);
    }
}
