//! An HTTP server and a client that talk through memory.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const BUFFER_BYTES: usize = 4096;

/// Sends `text` to a server of our own and returns its answer, the ranking as JSON.
pub async fn ask(text: String, most: usize) -> Result<Bytes, Failure> {
    let (client_end, server_end) = tokio::io::duplex(BUFFER_BYTES);
    tokio::spawn(serve(server_end));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(client_end)).await?;
    tokio::spawn(connection);
    let request = Request::post(format!("/ranking/{most}"))
        .header("host", "example")
        .body(Full::new(Bytes::from(text)))?;
    tracing::info!(path = %request.uri(), "asking");
    let response = sender.send_request(request).await?;
    Ok(response.into_body().collect().await?.to_bytes())
}

async fn serve(end: tokio::io::DuplexStream) {
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(end), service_fn(answer))
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the server stopped");
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let most = request
        .uri()
        .path()
        .rsplit('/')
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or(1);
    let body = request
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let ranks = ranking::ranking(&String::from_utf8_lossy(&body), most);
    Ok(Response::new(Full::new(
        serde_json::to_vec(&ranks).unwrap_or_default().into(),
    )))
}
