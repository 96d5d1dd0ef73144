//! Ranks the words of a text by way of an HTTP server in the same process. It prints the same at
//! every run.

mod service;

use clap::Parser;
use ranking::Rank;
use std::io::Write;

const TEXT: &str = "One rustc per crate, handed from request to request: \
    the first request starts rustc, the second request takes rustc over.";

/// Ranks the words of a text.
#[derive(Parser)]
struct Options {
    /// The text.
    #[arg(default_value = TEXT)]
    text: String,

    /// How many words to show.
    #[arg(long, default_value_t = 3)]
    most: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_env_filter("app=info")
        .without_time()
        .with_ansi(false)
        .with_writer(std::io::stdout)
        .init();
    let runtime = tokio::runtime::Runtime::new()?;
    let answer = runtime.block_on(service::ask(options.text.clone(), options.most))?;
    let ranks: Vec<Rank> = serde_json::from_slice(&answer)?;
    tracing::info!(fields = ?Rank::FIELDS, ranks = ranks.len(), "answered");
    print!("{}", report::lines(&ranks));
    println!("adler32 {:08x}", checksum::adler32(options.text.as_bytes()));
    println!(
        "deflated {} bytes into {}",
        options.text.len(),
        deflated(options.text.as_bytes())?
    );
    Ok(())
}

/// Returns the size of `bytes` after compression by the C library that a build script built.
fn deflated(bytes: &[u8]) -> std::io::Result<usize> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
