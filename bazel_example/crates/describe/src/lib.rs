//! `#[derive(Describe)]` gives a struct a constant FIELDS with the names of its fields.

use proc_macro::TokenStream;

#[proc_macro_derive(Describe)]
pub fn describe(item: TokenStream) -> TokenStream {
    let Some(parsed) = fields::parse(&item.to_string()) else {
        return "compile_error!(\"Describe needs a struct with named fields\");"
            .parse()
            .unwrap();
    };
    format!(
        "impl {} {{ pub const FIELDS: [&'static str; {}] = {:?}; }}",
        parsed.name,
        parsed.fields.len(),
        parsed.fields
    )
    .parse()
    .unwrap()
}
