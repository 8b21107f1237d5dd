//! `multipart/mixed` batches: parts that hold a request line, headers and a body, and changesets of such parts.

use super::batch::{Entry, Reply};
use crate::wire::Response;

/// One request as it stood in a part.
pub(super) struct Piece {
    pub(super) id: Option<String>,
    pub(super) changeset: Option<String>,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
}

const OUTER: &str = "batchresponse_6d1c0a52";
const INNER: &str = "changesetresponse_9f3b71e4";

pub(super) fn read(content_type: &str, body: &[u8]) -> Result<Vec<Entry>, String> {
    let text = String::from_utf8(body.to_vec()).map_err(|_| "The batch is not UTF-8.")?.replace("\r\n", "\n");
    let mut pieces = Vec::new();
    for part in parts(content_type, &text)? {
        let (headers, content) = head(part);
        let kind = header(&headers, "content-type").unwrap_or_default();
        if kind.starts_with("multipart/mixed") {
            let name = boundary(&kind).ok_or("A changeset has no boundary.")?;
            for inner in parts(&kind, content)? {
                let (headers, content) = head(inner);
                pieces.push(piece(&headers, content, Some(name.clone()))?);
            }
        } else {
            pieces.push(piece(&headers, content, None)?);
        }
    }
    Ok(pieces.into_iter().map(Entry::from).collect())
}

fn boundary(content_type: &str) -> Option<String> {
    let (_, rest) = content_type.split_once("boundary=")?;
    Some(rest.split(';').next()?.trim().trim_matches('"').to_owned())
}

fn parts<'a>(content_type: &str, text: &'a str) -> Result<Vec<&'a str>, String> {
    let delimiter = format!("--{}", boundary(content_type).ok_or("The batch has no boundary.")?);
    let mut found: Vec<&str> = text.split(delimiter.as_str()).skip(1).collect();
    match found.pop() {
        Some(end) if end.starts_with("--") => {}
        _ => return Err("The batch does not end with its boundary.".into()),
    }
    Ok(found.into_iter().map(|part| part.strip_prefix('\n').unwrap_or(part)).collect())
}

fn head(text: &str) -> (Vec<(String, String)>, &str) {
    let (head, body) =
        text.strip_prefix('\n').map_or_else(|| text.split_once("\n\n").unwrap_or((text, "")), |body| ("", body));
    let headers = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
        .collect();
    (headers, body)
}

fn header(headers: &[(String, String)], name: &str) -> Option<String> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

fn piece(outer: &[(String, String)], content: &str, changeset: Option<String>) -> Result<Piece, String> {
    let (line, rest) = content.trim_start_matches('\n').split_once('\n').unwrap_or((content, ""));
    let mut words = line.split_whitespace();
    let (Some(method), Some(url)) = (words.next(), words.next()) else {
        return Err(format!("The part has no request line: '{line}'."));
    };
    let (headers, body) = head(rest);
    Ok(Piece {
        id: header(outer, "content-id"),
        changeset,
        method: method.to_uppercase(),
        url: url.to_owned(),
        content_type: header(&headers, "content-type"),
        body: body.trim_end().as_bytes().to_vec(),
    })
}

pub(super) fn write(replies: &[Reply]) -> Response {
    let mut text = String::new();
    let mut open: Option<&str> = None;
    for reply in replies {
        let group = reply.group.as_deref();
        if open.is_some() && open != group {
            text += &format!("--{INNER}--\r\n");
        }
        if group.is_some() && open != group {
            text += &format!("--{OUTER}\r\nContent-Type: multipart/mixed; boundary={INNER}\r\n\r\n");
        }
        open = group;
        let boundary = if group.is_some() { INNER } else { OUTER };
        text += &format!("--{boundary}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
        text += &format!("Content-ID: {}\r\n\r\n", reply.id);
        text += &format!("HTTP/1.1 {} {}\r\n", reply.response.status, reason(reply.response.status));
        for (name, value) in &reply.response.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("\r\n{}\r\n", String::from_utf8_lossy(&reply.response.body));
    }
    if open.is_some() {
        text += &format!("--{INNER}--\r\n");
    }
    text += &format!("--{OUTER}--\r\n");
    Response {
        status: 200,
        headers: vec![("content-type".into(), format!("multipart/mixed; boundary={OUTER}"))],
        body: text.into_bytes(),
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        500 => "Internal Server Error",
        _ => "Status",
    }
}
