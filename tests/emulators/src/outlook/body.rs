//! Bodies as the service keeps them: HTML, whatever was sent, with the join block of an online meeting inside.

/// How many characters of a body the preview shows.
const PREVIEW: usize = 255;
const OPEN: &str = "<html>\r\n<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n</head>\r\n<body>\r\n";
const CLOSE: &str = "\r\n</body>\r\n</html>\r\n";

/// What is kept of a body that was sent as HTML. Keeping what was kept changes nothing.
pub(crate) fn from_html(html: &str) -> String {
    let inner = inner(html).trim();
    if inner.is_empty() {
        return String::new();
    }
    let mut kept = String::with_capacity(OPEN.len() + inner.len() + CLOSE.len());
    kept.push_str(OPEN);
    kept.push_str(&without_scripts(inner));
    kept.push_str(CLOSE);
    kept
}

/// What is kept of a body that was sent as text.
pub(crate) fn from_text(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let lines = escape(text).replace("\r\n", "\n").replace('\n', "<br>\r\n");
    format!("{OPEN}<div class=\"PlainText\">{lines}</div>{CLOSE}")
}

/// The inside of `<body>`, or all of it where there is none.
fn inner(html: &str) -> &str {
    let lower = html.to_ascii_lowercase();
    let from = lower.find("<body").and_then(|at| lower.get(at..)?.find('>').map(|end| at + end + 1)).unwrap_or(0);
    let to = lower.rfind("</body>").unwrap_or(html.len());
    html.get(from..to).unwrap_or(html)
}

fn without_scripts(html: &str) -> String {
    let mut kept = String::with_capacity(html.len());
    let mut rest = html;
    loop {
        let lower = rest.to_ascii_lowercase();
        let Some(from) = lower.find("<script") else { break };
        let to = lower.get(from..).and_then(|tail| tail.find("</script>")).map_or(rest.len(), |end| from + end + 9);
        kept.push_str(rest.get(..from).unwrap_or_default());
        rest = rest.get(to..).unwrap_or_default();
    }
    kept.push_str(rest);
    kept
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The text representation of a kept body.
pub(crate) fn text(html: &str) -> String {
    let source = inner(html);
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find('<') {
        push_text(&mut text, rest.get(..at).unwrap_or_default());
        let tail = rest.get(at..).unwrap_or_default();
        let end = tail.find('>').map_or(tail.len(), |end| end + 1);
        let tag =
            tail.get(1..end.saturating_sub(1)).unwrap_or_default().trim_end_matches('/').trim().to_ascii_lowercase();
        let name = tag.split_whitespace().next().unwrap_or_default();
        if matches!(name, "br" | "/p" | "/div" | "/li" | "/tr" | "/h1" | "/h2" | "/h3" | "hr")
            && !text.ends_with("\r\n\r\n")
        {
            text.push_str("\r\n");
        }
        rest = tail.get(end..).unwrap_or_default();
    }
    push_text(&mut text, rest);
    text.trim().to_owned()
}

/// Line breaks of the source mean nothing in HTML; entities do.
fn push_text(text: &mut String, source: &str) {
    for (at, line) in source.split(['\r', '\n']).filter(|line| !line.is_empty()).enumerate() {
        if at > 0 && !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
        let line = line.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">");
        text.push_str(&line.replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&"));
    }
}

/// The preview of a kept body.
pub(crate) fn preview(html: &str) -> String {
    if html.is_empty() {
        return String::new();
    }
    text(html).chars().take(PREVIEW).collect()
}

/// A kept body with the join block of an online meeting at its end.
pub(crate) fn with_join(html: &str, url: &str) -> String {
    let block = format!(
        "<div class=\"me-email-text\" lang=\"en-US\">________________________________________________________________________________\
         <br>Microsoft Teams meeting<br><a class=\"me-email-headline\" href=\"{url}\">Join on your computer or mobile app</a></div>"
    );
    from_html(&format!("{}{block}", inner(html).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalising_twice_is_normalising_once() {
        let once = from_html("<p>Hi <b>there</b></p><script>x</script>");
        assert!(once.starts_with("<html>") && !once.contains("script"));
        assert_eq!(from_html(&once), once);
        assert_eq!(text(&once), "Hi there");
    }

    #[test]
    fn text_comes_back_as_it_was_sent() {
        let kept = from_text("one < two\nthree & four");
        assert!(kept.contains("&lt;"));
        assert_eq!(text(&kept), "one < two\r\nthree & four");
    }

    #[test]
    fn an_empty_body_stays_empty() {
        assert_eq!(from_html("<html><body> </body></html>"), "");
        assert_eq!(from_text(""), "");
    }
}
