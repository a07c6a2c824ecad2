//! Somebody at the public surface: logged in, speaking HTTP and listening to the live feed.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};
use ureq::Agent;

#[derive(Clone)]
pub struct Guest {
    agent: Agent,
    pub url: String,
    pub token: String,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The body, if the status is this one.
    pub fn expect_status(self, status: u16) -> anyhow::Result<Value> {
        ensure!(self.status == status, "expected {status}, got {}: {}", self.status, self.body);
        Ok(self.body)
    }
}

/// A new UUIDv7: the id of a command.
pub fn new_key() -> String {
    uuid::Uuid::now_v7().to_string()
}

impl Guest {
    pub fn stranger(url: &str) -> Guest {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .max_idle_connections_per_host(1)
            .build();
        Guest { agent: config.into(), url: url.to_owned(), token: String::new() }
    }

    pub fn log_in(url: &str, login: &str, password: &str) -> anyhow::Result<Guest> {
        let mut guest = Guest::stranger(url);
        let answer = guest.post("/api/v1/auth/login", &json!({"login": login, "password": password}))?;
        let body = answer.expect_status(200)?;
        guest.token = body["accessToken"].as_str().context("an access token")?.to_owned();
        Ok(guest)
    }

    pub fn get(&self, path: &str) -> anyhow::Result<Answer> {
        let request = self.agent.get(format!("{}{path}", self.url)).header("authorization", self.bearer());
        read(request.call()?)
    }

    /// A file, as its bytes.
    pub fn get_file(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let request = self.agent.get(format!("{}{path}", self.url)).header("authorization", self.bearer());
        let mut response = request.call()?;
        ensure!(response.status() == 200, "{path} answers {}", response.status());
        Ok(response.body_mut().with_config().limit(256 * 1024 * 1024).read_to_vec()?)
    }

    /// A file: its status, its media type, its bytes.
    pub fn file(&self, path: &str) -> anyhow::Result<(u16, String, Vec<u8>)> {
        let request = self.agent.get(format!("{}{path}", self.url)).header("authorization", self.bearer());
        let mut response = request.call()?;
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let (status, kind) = (response.status().as_u16(), kind.to_owned());
        Ok((status, kind, response.body_mut().read_to_vec()?))
    }

    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.post_as(path, &new_key(), body)
    }

    /// With a command id of the caller's choice.
    pub fn post_as(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Answer> {
        self.post_bytes(path, key, body.to_string().as_bytes())
    }

    pub fn post_bytes(&self, path: &str, key: &str, body: &[u8]) -> anyhow::Result<Answer> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("authorization", self.bearer());
        let request = request.header("idempotency-key", key).header("content-type", "application/json");
        read(request.send(body)?)
    }

    pub fn put(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let request = self.agent.put(format!("{}{path}", self.url)).header("authorization", self.bearer());
        let request = request.header("idempotency-key", new_key()).header("content-type", "application/json");
        read(request.send(body.to_string().as_bytes())?)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// Listens to these namespaces; `from` is the epoch and number of the last frame seen.
    pub fn listen(&self, namespaces: &[&str], from: Option<(&str, u64)>) -> anyhow::Result<Live> {
        let (mut socket, _) = tungstenite::connect(format!("{}/api/v1/live", self.url.replacen("http", "ws", 1)))?;
        let from = from.map(|(epoch, n)| json!({"epoch": epoch, "n": n}));
        let hello = json!({"type": "hello", "token": self.token, "subscribe": namespaces, "from": from});
        socket.send(Message::text(hello.to_string()))?;
        Ok(Live { socket })
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> anyhow::Result<Answer> {
    let status = response.status().as_u16();
    let text = String::from_utf8_lossy(&response.body_mut().read_to_vec()?).into_owned();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
    Ok(Answer { status, body })
}

pub struct Live {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
}

impl Live {
    /// The next frame, heartbeats among them.
    pub fn frame(&mut self, within: Duration) -> anyhow::Result<Value> {
        if let MaybeTlsStream::Plain(stream) = self.socket.get_ref() {
            stream.set_read_timeout(Some(within.max(Duration::from_millis(1))))?;
        }
        loop {
            match self.socket.read()? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(_) => bail!("the feed was closed"),
                _ => {}
            }
        }
    }

    /// The first frame of a type for which the data says yes.
    pub fn wait_for(&mut self, kind: &str, within: Duration, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let end = Instant::now() + within;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            ensure!(!left.is_zero(), "no `{kind}` within {within:?}");
            let frame = self.frame(left).with_context(|| format!("waiting for `{kind}`"))?;
            ensure!(frame["type"] != "error" || kind == "error", "the feed says {}", frame["data"]);
            if frame["type"] == kind && wanted(&frame["data"]) {
                return Ok(frame);
            }
        }
    }
}
