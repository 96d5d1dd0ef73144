//! `constants!(A B C)` declares one constant per name, in the order of a hash set: another one at
//! every run.

use proc_macro::TokenStream;
use std::collections::HashSet;

#[proc_macro]
pub fn constants(names: TokenStream) -> TokenStream {
    let names: HashSet<String> = names.into_iter().map(|token| token.to_string()).collect();
    names
        .iter()
        .map(|name| format!("pub const {name}: &str = {name:?};\n"))
        .collect::<String>()
        .parse()
        .unwrap()
}
