//! The name and the field names of a struct, from its source text.

/// A struct as far as the macro needs to know it.
#[derive(Debug, PartialEq)]
pub struct Struct {
    pub name: String,
    pub fields: Vec<String>,
}

/// Reads `struct Name { a: A, pub b: B }`, as a token stream prints it; no generic types.
pub fn parse(source: &str) -> Option<Struct> {
    let (_, after) = source.split_once("struct ")?;
    let (name, body) = after.split_once('{')?;
    let (body, _) = body.split_once('}')?;
    let fields = body
        .split(',')
        .filter_map(|field| {
            Some(
                field
                    .split_once(':')?
                    .0
                    .split_whitespace()
                    .last()?
                    .to_string(),
            )
        })
        .collect();
    Some(Struct {
        name: name.trim().to_string(),
        fields,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visibility_is_not_part_of_a_name() {
        let parsed = parse("pub struct Point { pub x : i32 , y : i32 , }").unwrap();
        assert_eq!(
            parsed,
            Struct {
                name: "Point".into(),
                fields: vec!["x".into(), "y".into()]
            }
        );
    }

    #[test]
    fn an_enum_is_refused() {
        assert_eq!(parse("enum Side { Left, Right }"), None);
    }
}
