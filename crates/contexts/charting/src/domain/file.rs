//! Files that people file: neither empty nor too large, of a kind that has a name.

use mt_fhir::Node;
use mt_kernel::{ErrorKind, Fault};

use super::items;

/// Bytes of a file at most; the application says the same before a file travels.
const LARGEST: usize = 10 << 20;

/// Top-level media types (<https://www.iana.org/assignments/media-types>).
const KINDS: &[&str] = &[
    "application",
    "audio",
    "font",
    "haptics",
    "image",
    "message",
    "model",
    "multipart",
    "text",
    "video",
];

/// Refuses the file of a Binary that nobody can use; what stood there is not judged again.
///
/// # Errors
/// [`ErrorKind::Invalid`] for an empty one or an unknown kind, [`ErrorKind::TooLarge`].
pub(crate) fn check_binary(binary: Node<'_>, old: Option<Node<'_>>) -> Result<(), Fault> {
    let same = |field: &str| {
        let before = old.and_then(|old| old.str(field));
        before.is_some() && before == binary.str(field)
    };
    if !same("data") {
        check_content(binary.str("data"), "Binary.data")?;
    }
    match binary.str("contentType") {
        Some(kind) if !same("contentType") => check_kind(kind, "Binary.contentType"),
        _ => Ok(()),
    }
}

/// Refuses an attachment of a DocumentReference in the same way; one that names its content by URL has none of its own.
///
/// # Errors
/// As [`check_binary`].
pub(crate) fn check_attachments(document: Node<'_>, old: Option<Node<'_>>) -> Result<(), Fault> {
    let attachments = |document| items(document, "content").filter_map(|one| one.get("attachment"));
    let before: Vec<Node<'_>> = old.into_iter().flat_map(attachments).collect();
    let fresh = |one: &Node<'_>| !before.iter().any(|known| known.same_as(*one));
    for attachment in attachments(document).filter(fresh) {
        if let Some(data) = attachment.str("data") {
            check_content(Some(data), "DocumentReference.content.attachment.data")?;
        }
        if let Some(kind) = attachment.str("contentType") {
            check_kind(kind, "DocumentReference.content.attachment.contentType")?;
        }
    }
    Ok(())
}

fn check_content(data: Option<&str>, place: &str) -> Result<(), Fault> {
    // Four characters hold three bytes; white space is no part of base64Binary.
    let written = data.into_iter().flat_map(str::bytes);
    let signs = written.filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
    match signs.count() * 3 / 4 {
        0 => Err(Fault::new(ErrorKind::Invalid, "the file is empty").at(place)),
        bytes if bytes > LARGEST => {
            let message = "the file is too large: a file has at most 10 MiB";
            Err(Fault::new(ErrorKind::TooLarge, message).at(place))
        }
        _ => Ok(()),
    }
}

fn check_kind(kind: &str, place: &str) -> Result<(), Fault> {
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let token = |text: &str| {
        let sign = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
        !text.is_empty() && text.chars().all(sign)
    };
    let known = essence.split_once('/').is_some_and(|(top, sub)| {
        KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(top)) && token(sub)
    });
    known.then_some(()).ok_or_else(|| {
        let message = "the kind of the file is not known: a media type is written application/pdf";
        Fault::new(ErrorKind::Invalid, message).at(place)
    })
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    fn doc(text: &str) -> Doc {
        Doc::parse(text, &Limits::default()).unwrap()
    }

    fn refused(judged: Result<(), Fault>) -> Option<(ErrorKind, &'static str)> {
        let fault = judged.err()?;
        let place = fault.expression.unwrap_or_default();
        let field = if place.ends_with("data") {
            "data"
        } else {
            "contentType"
        };
        Some((fault.kind, field))
    }

    #[test]
    fn an_empty_file_one_that_is_too_large_and_one_of_no_kind_are_refused() {
        let largest = "A".repeat(LARGEST / 3 * 4);
        let larger = format!("{largest}AAAA");
        let empty = Some((ErrorKind::Invalid, "data"));
        let unknown = Some((ErrorKind::Invalid, "contentType"));
        for (kind, data, expected) in [
            ("application/pdf", "QQ==", None),
            ("text/plain; charset=utf-8", "QUJD\\nREVG", None),
            ("image/svg+xml", "QQ==", None),
            ("application/pdf", "", empty),
            ("application/pdf", " ", empty),
            ("application/pdf", largest.as_str(), None),
            (
                "application/pdf",
                larger.as_str(),
                Some((ErrorKind::TooLarge, "data")),
            ),
            ("pdf", "QQ==", unknown),
            ("", "QQ==", unknown),
            ("foo/bar", "QQ==", unknown),
            ("application/", "QQ==", unknown),
            ("application/p df", "QQ==", unknown),
        ] {
            let binary = doc(&format!(r#"{{"contentType":"{kind}","data":"{data}"}}"#));
            assert_eq!(
                refused(check_binary(binary.root(), None)),
                expected,
                "{kind}"
            );
            let document = doc(&format!(
                r#"{{"content":[{{"attachment":{{"contentType":"{kind}","data":"{data}"}}}}]}}"#
            ));
            assert_eq!(
                refused(check_attachments(document.root(), None)),
                expected,
                "{kind}"
            );
        }
        let bare = doc(r#"{"contentType":"application/pdf"}"#);
        assert_eq!(refused(check_binary(bare.root(), None)), empty);
    }

    #[test]
    fn what_stood_there_and_what_is_elsewhere_is_not_judged() {
        let odd = doc(r#"{"contentType":"foo/bar","data":"QQ=="}"#);
        assert_eq!(refused(check_binary(odd.root(), Some(odd.root()))), None);
        let elsewhere = doc(
            r#"{"content":[{"attachment":{"contentType":"application/pdf","url":"Binary/1"}}]}"#,
        );
        assert_eq!(refused(check_attachments(elsewhere.root(), None)), None);
        let odd = doc(r#"{"content":[{"attachment":{"contentType":"pdf","data":"QQ=="}}]}"#);
        assert_eq!(
            refused(check_attachments(odd.root(), Some(odd.root()))),
            None
        );
    }
}
