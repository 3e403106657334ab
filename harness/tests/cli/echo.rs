//! A registry that echoes the credentials of its clients, in many places and encodings.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

/// A request as it was received.
struct Received {
    start: String,
    authorization: String,
    body: String,
}

/// Rejects all credentials, and echoes them.
pub(crate) fn rejects_credentials(stream: TcpStream) {
    serve(stream, "Basic realm=\"r\"", |_| "401 Unauthorized");
}

/// Accepts any credentials, and handles no request correctly.
pub(crate) fn handles_nothing(stream: TcpStream) {
    serve(stream, "Basic realm=\"r\"", |received| {
        if received.authorization.is_empty() {
            "401 Unauthorized"
        } else if received.start.starts_with("GET /v2/ ") {
            "200 OK"
        } else if received.start.starts_with("POST") {
            "202 Accepted"
        } else {
            "400 Bad Request"
        }
    });
}

/// Accepts any credentials, and returns 200 for everything.
pub(crate) fn has_everything(stream: TcpStream) {
    serve(stream, "Basic realm=\"r\"", |received| {
        if received.authorization.is_empty() {
            "401 Unauthorized"
        } else if received.start.starts_with("POST") {
            "202 Accepted"
        } else {
            "200 OK"
        }
    });
}

/// Accepts any credentials, and redirects everything.
pub(crate) fn redirects(stream: TcpStream) {
    serve(stream, "Basic realm=\"r\"", |received| {
        if received.authorization.is_empty() {
            "401 Unauthorized"
        } else {
            "302 Found"
        }
    });
}

/// Requires a token, and issues none.
pub(crate) fn issues_no_token(stream: TcpStream) {
    let own = stream.local_addr().expect("an address");
    let challenge = format!("Bearer realm=\"http://{own}/token\",service=\"s\"");
    serve(stream, &challenge, |_| "401 Unauthorized");
}

fn serve(stream: TcpStream, challenge: &str, status: impl Fn(&Received) -> &'static str) {
    let mut connection = BufReader::new(stream);
    while let Some(received) = receive(&mut connection) {
        let known = encodings(&received);
        let message =
            serde_json::json!({ "errors": [{ "code": known, "message": known, "detail": known }] });
        let body = message.to_string();
        let response = format!(
            "HTTP/1.1 {}\r\nwww-authenticate: {challenge}, X error=\"{known}\"\r\nserver: {known}\r\n\
             docker-distribution-api-version: {known}\r\nlocation: /v2/x?echo={known}\r\n\
             x-echo: {known}\r\ncontent-type: {known}\r\ncontent-length: {}\r\n\r\n{body}",
            status(&received),
            body.len(),
            known = known.replace(['\r', '\n'], ""),
        );
        if connection.get_mut().write_all(response.as_bytes()).is_err() {
            return;
        }
    }
}

fn receive(stream: &mut impl BufRead) -> Option<Received> {
    let mut received = Received {
        start: String::new(),
        authorization: String::new(),
        body: String::new(),
    };
    let mut length = 0;
    stream
        .read_line(&mut received.start)
        .ok()
        .filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => {
                value.clone_into(&mut received.authorization);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().expect("a length");
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    if received.start.starts_with("POST /token") {
        received.body = String::from_utf8_lossy(&body).into_owned();
    }
    Some(received)
}

/// The credentials in a request, in many encodings, on one line.
fn encodings(received: &Received) -> String {
    let given = received
        .authorization
        .split(' ')
        .next_back()
        .unwrap_or_default();
    let pair = BASE64_STANDARD.decode(given).unwrap_or_default();
    let pair = String::from_utf8_lossy(&pair).into_owned();
    let password = pair.split_once(':').map_or("", |(_, password)| password);
    let secrets = [
        received.authorization.as_str(),
        given,
        &pair,
        password,
        &received.body,
    ];
    let encoded = secrets.map(|text| {
        format!(
            "{} {} {}",
            BASE64_STANDARD.encode(text),
            BASE64_URL_SAFE_NO_PAD.encode(format!("you sent {text} to us")),
            BASE64_STANDARD.encode(format!("?{text}?")),
        )
    });
    format!("{} {}", secrets.join(" "), encoded.join(" "))
}
