//! A registry that sends back what it is told, in every place and shape it can think of.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

/// One request as it was heard.
struct Heard {
    start: String,
    authorization: String,
    body: String,
}

/// Lets nobody in, and says why at length.
pub(crate) fn lets_nobody_in(stream: TcpStream) {
    converse(stream, "Basic realm=\"r\"", |_| "401 Unauthorized");
}

/// Lets everybody in who brings something, and then does nothing right.
pub(crate) fn does_nothing_right(stream: TcpStream) {
    converse(stream, "Basic realm=\"r\"", |heard| {
        if heard.authorization.is_empty() {
            "401 Unauthorized"
        } else if heard.start.starts_with("GET /v2/ ") {
            "200 OK"
        } else if heard.start.starts_with("POST") {
            "202 Accepted"
        } else {
            "400 Bad Request"
        }
    });
}

/// Lets everybody in who brings something, and has whatever is asked for.
pub(crate) fn has_everything(stream: TcpStream) {
    converse(stream, "Basic realm=\"r\"", |heard| {
        if heard.authorization.is_empty() {
            "401 Unauthorized"
        } else if heard.start.starts_with("POST") {
            "202 Accepted"
        } else {
            "200 OK"
        }
    });
}

/// Sends everybody elsewhere who brings something.
pub(crate) fn leads_astray(stream: TcpStream) {
    converse(stream, "Basic realm=\"r\"", |heard| {
        if heard.authorization.is_empty() {
            "401 Unauthorized"
        } else {
            "302 Found"
        }
    });
}

/// Wants a token, and gives none.
pub(crate) fn gives_no_token(stream: TcpStream) {
    let own = stream.local_addr().expect("an address");
    let challenge = format!("Bearer realm=\"http://{own}/token\",service=\"s\"");
    converse(stream, &challenge, |_| "401 Unauthorized");
}

fn converse(stream: TcpStream, challenge: &str, status: impl Fn(&Heard) -> &'static str) {
    let mut hears = BufReader::new(stream);
    while let Some(heard) = hear(&mut hears) {
        let known = shapes(&heard);
        let message =
            serde_json::json!({ "errors": [{ "code": known, "message": known, "detail": known }] });
        let body = message.to_string();
        let answer = format!(
            "HTTP/1.1 {}\r\nwww-authenticate: {challenge}, X error=\"{known}\"\r\nserver: {known}\r\n\
             docker-distribution-api-version: {known}\r\nlocation: /v2/x?echo={known}\r\n\
             x-echo: {known}\r\ncontent-type: {known}\r\ncontent-length: {}\r\n\r\n{body}",
            status(&heard),
            body.len(),
            known = known.replace(['\r', '\n'], ""),
        );
        if hears.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn hear(stream: &mut impl BufRead) -> Option<Heard> {
    let mut heard = Heard {
        start: String::new(),
        authorization: String::new(),
        body: String::new(),
    };
    let mut length = 0;
    stream
        .read_line(&mut heard.start)
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
                value.clone_into(&mut heard.authorization);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().expect("a length");
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    if heard.start.starts_with("POST /token") {
        heard.body = String::from_utf8_lossy(&body).into_owned();
    }
    Some(heard)
}

/// What it was told, in all shapes, in one line.
fn shapes(heard: &Heard) -> String {
    let given = heard
        .authorization
        .split(' ')
        .next_back()
        .unwrap_or_default();
    let pair = BASE64_STANDARD.decode(given).unwrap_or_default();
    let pair = String::from_utf8_lossy(&pair).into_owned();
    let password = pair.split_once(':').map_or("", |(_, password)| password);
    let told = [
        heard.authorization.as_str(),
        given,
        &pair,
        password,
        &heard.body,
    ];
    let encoded = told.map(|text| {
        format!(
            "{} {} {}",
            BASE64_STANDARD.encode(text),
            BASE64_URL_SAFE_NO_PAD.encode(format!("you sent {text} to us")),
            BASE64_STANDARD.encode(format!("?{text}?")),
        )
    });
    format!("{} {}", told.join(" "), encoded.join(" "))
}
