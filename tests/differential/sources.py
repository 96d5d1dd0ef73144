"""The crates of a case: the one that is compiled, those that it needs, and the macros it calls."""

from options import OUT

OUT_DIR = f"{OUT}/krate.out_dir"  # of its build script

HELPER = r'''
extern crate proc_macro;
use proc_macro::TokenStream;
use std::{env, fs, process::{Command, Stdio}};

fn text(input: TokenStream) -> String { input.to_string().replace('"', "") }
fn constant(value: &str) -> TokenStream { format!("{value:?}").parse().unwrap() }
#[proc_macro] pub fn quiet(input: TokenStream) -> TokenStream { constant(&text(input)) }
#[proc_macro] pub fn keeps(input: TokenStream) -> TokenStream {
    let file = env::var("OUT_DIR").unwrap() + "/kept/deep/.hidden.txt";
    fs::create_dir_all(env::var("OUT_DIR").unwrap() + "/kept/deep").unwrap();
    if fs::metadata(&file).is_err() { fs::write(&file, text(input)).unwrap(); }
    constant(&fs::read_to_string(&file).unwrap())
}
#[proc_macro] pub fn leaves(input: TokenStream) -> TokenStream {
    let value = text(input);
    let before = ["left.txt", "src/left.txt", ".left/one"].map(|name| fs::metadata(name).is_ok());
    fs::create_dir_all(".left").unwrap();
    for name in ["left.txt", "src/left.txt", ".left/one"] { fs::write(name, &value).unwrap(); }
    constant(&format!("{value} {before:?}"))
}
#[proc_macro] pub fn beside(input: TokenStream) -> TokenStream {
    let value = text(input);
    let before = fs::read_to_string("@OUT@/beside.txt").unwrap_or_default();
    fs::create_dir_all("@OUT@").unwrap();
    fs::write("@OUT@/beside.txt", &value).unwrap();
    constant(&(value + &before))
}
#[proc_macro] pub fn replaces(input: TokenStream) -> TokenStream {
    let before = fs::read_to_string("data/table.txt").unwrap();
    fs::write("data/new.txt", "spoiled").unwrap();
    fs::rename("data/new.txt", "data/table.txt").unwrap();
    constant(&(before + &text(input)))
}
#[proc_macro] pub fn prints(input: TokenStream) -> TokenStream {
    println!("OUT: one line"); eprintln!("the macro says a line");
    eprintln!("{{\"not\": \"rustc's\"}}"); println!("OUT: and another");
    quiet(input)
}
#[proc_macro] pub fn mumbles(input: TokenStream) -> TokenStream {
    use std::io::Write;
    print!("OUT: no end"); eprint!("working..."); std::io::stdout().flush().unwrap();
    quiet(input)
}
#[proc_macro] pub fn environment(_: TokenStream) -> TokenStream {
    let colour = env::var("RELAY_COLOUR").unwrap_or_default();
    let cargo: Vec<_> = env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG")).collect();
    constant(&format!("{colour} {cargo:?} {:?}", env::var("MAKEFLAGS")))
}
#[proc_macro] pub fn jobserver(_: TokenStream) -> TokenStream {
    constant(&format!("{:?} {:?}", env::var("CARGO_MAKEFLAGS"), env::var("TMPDIR")))
}
#[proc_macro] pub fn process(input: TokenStream) -> TokenStream {
    Command::new("sleep").arg("100").spawn().unwrap();
    quiet(input)
}
#[proc_macro] pub fn session(input: TokenStream) -> TokenStream {
    Command::new("setsid").args(["sleep", "100"]).stdin(Stdio::null()).stdout(Stdio::null())
        .stderr(Stdio::null()).spawn().unwrap();
    quiet(input)
}
#[proc_macro] pub fn panics(_: TokenStream) -> TokenStream { panic!("the macro does not want to") }
#[proc_macro] pub fn exits(_: TokenStream) -> TokenStream { std::process::exit(0) }
'''.replace("@OUT@", OUT)

MACROS = {"quiet": "quiet", "keeps a file": "keeps", "leaves files": "leaves",
          "writes beside outputs": "beside", "replaces an input": "replaces",
          "prints lines": "prints", "prints without newline": "mumbles",
          "reads environment": "environment", "reads the jobserver": "jobserver", "leaves a process": "process",
          "leaves a session": "session", "panics": "panics", "exits with 0": "exits"}

# What the macros themselves write, wherever they run.
LEFT = (f"{OUT}/beside.txt", f"{OUT_DIR}/kept/deep/.hidden.txt", "left.txt", "src/left.txt", ".left/one",
        "data/table.txt")

# name -> (source, what it needs); compiled once a run, each to an .rlib and an .rmeta.
UPSTREAM = {
    "leaf": ("""
pub fn area(side: f64) -> f64 { side * side }
pub fn largest<T: PartialOrd + Copy>(items: &[T]) -> Option<T> {
    items.iter().copied().reduce(|a, b| if b > a { b } else { a })
}
""", ()),
    "middle": ("pub fn total(sides: &[f64]) -> f64 {"
               " sides.iter().map(|side| leaf::area(*side)).sum() }", ("leaf",)),
    "formats": ("#[macro_export] macro_rules! shown {"
                " ($x:expr) => { format!(\"shown as {} and {:?}\", $x, $x) } }", ()),
}
NEEDED = {"none": (), "one": ("leaf",), "two": ("leaf", "middle"), "format strings": ("formats",)}

_USES = {"leaf": "pub fn uses_leaf() -> f64 { leaf::area(2.0) + leaf::largest(&[1.0]).unwrap() }",
         "middle": "pub fn uses_middle() -> f64 { middle::total(&[1.0, 2.0]) }",
         "formats": "pub fn uses_formats() -> String { formats::shown!(3) }"}

_TEXTS = {
    "clean": "",
    "warns": "pub fn warned() { let unused = 1; }",
    "warns much": "\n".join(f"pub fn warned_{i}() {{ let unused_{i} = {i}; }}" for i in range(40)),
    "includes": 'pub const INCLUDED: &str = include_str!("../data/table.txt");'
                ' pub mod inner; include!(concat!(env!("OUT_DIR"), "/made.rs"));',
    "embeds its directory": 'pub const HERE: &str = env!("HERE");',
    "error": 'pub fn wrong() -> u8 { "no" }',
    "many errors": "\n".join(f"pub fn wrong_{i}() -> u8 {{ nowhere_{i}() }}" for i in range(40)),
    "late error": "pub fn few<const N: usize>() { const { assert!(N > 3, \"too few\") } }"
                  " pub fn wrong() { few::<1>() }",
    "missing symbol": 'extern "C" { fn is_nowhere(); }'
                      " #[inline(never)] pub fn misses() { unsafe { is_nowhere() } }",
}
_PARTS = {
    "bin": "fn main() { println!(\"{} {} {}\", VERSION, MADE, used()); }",
    "test": "#[test] fn passes() { assert_eq!(3, VERSION.len(), \"{}\", used()); }",
    "proc-macro": "extern crate proc_macro; #[proc_macro] pub fn same("
                  "input: proc_macro::TokenStream) -> proc_macro::TokenStream { used(); input }",
    "cdylib": "{exported}", "staticlib": "{exported}", "two types": "{exported}",
}
_EXPORTED = {"2021": "#[no_mangle]", "2024": "#[unsafe(no_mangle)]"}


def _visible(text, kind):
    """A macro's crate exports nothing but macros."""
    return text.replace("pub ", "pub(crate) ") if kind == "proc-macro" else text


def root(chosen, version):
    """The crate's own text; `version` is what an edit changes, a word of three letters."""
    kind, edition = chosen["kind"], chosen["edition"]
    missing = "misses();" if chosen["text"] == "missing symbol" else ""
    text = _TEXTS[chosen["text"]]
    lines = ["#![allow(dead_code)]", f'pub const VERSION: &str = "{version}";',
             f"pub fn used() -> usize {{ {missing} VERSION.len() + MADE.len() }}",
             text.replace('extern "C"', 'unsafe extern "C"') if edition == "2024" else text,
             *(_USES[name] for name in NEEDED[chosen["upstream"]])]
    made = f'helper::{MACROS[chosen["macro"]]}!("{version}")' if chosen["macro"] != "none" else '""'
    lines.append(f"pub const MADE: &str = {made};")
    exported = f'{_EXPORTED[edition]} pub extern "C" fn exported() -> usize {{ used() }}'
    part = _PARTS.get(kind, "").replace("{exported}", exported)
    return _visible("\n".join(lines), kind).replace("pub(crate) fn same", "pub fn same") + (
        "\n" + part + "\n")


def inputs(chosen, version):
    """Every file of the case's own, but for what its words need."""
    files = {"src/lib.rs": root(chosen, version), "data/table.txt": "a table\n",
             f"{OUT_DIR}/made.rs": 'pub const NUMBER: u32 = 5;\n'}
    if chosen["text"] == "includes":
        files["src/inner.rs"] = _visible("pub fn inner() -> u32 { super::NUMBER }\n", chosen["kind"])
    return files
