//! The program at the top of the real crates: one HTTP request and its answer, through memory.

use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::io::Write;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Counts the words of a text.
#[derive(Parser)]
struct Options {
    /// The text.
    #[arg(default_value = "one rustc per crate")]
    text: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    words: usize,
    deflated: usize,
}

fn main() -> Result<(), Failure> {
    let options = Options::parse();
    tracing_subscriber::fmt().json().with_env_filter("app=info").init();
    let runtime = tokio::runtime::Runtime::new()?;
    let answer: Answer = serde_json::from_slice(&runtime.block_on(ask(options.text))?)?;
    tracing::info!(?answer, "answered");
    Ok(())
}

async fn ask(text: String) -> Result<Bytes, Failure> {
    let (ours, theirs) = tokio::io::duplex(4096);
    let service = hyper::service::service_fn(answer);
    tokio::spawn(
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(theirs), service),
    );
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(ours)).await?;
    tokio::spawn(connection);
    let request = Request::post("/").header("host", "app").body(Full::new(Bytes::from(text)))?;
    Ok(sender.send_request(request).await?.into_body().collect().await?.to_bytes())
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let word = regex::bytes::Regex::new(r"\w+").expect("a correct pattern");
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Default::default());
    let _ = encoder.write_all(&body);
    let answer = Answer {
        words: word.find_iter(&body).count(),
        deflated: encoder.finish().map_or(0, |bytes| bytes.len()),
    };
    let json = serde_json::to_vec(&answer).unwrap_or_default();
    Ok(Response::new(Full::new(json.into())))
}
