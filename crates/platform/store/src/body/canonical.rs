//! The canonical text of a resource: `resourceType`, `id`, `meta.versionId`, `meta.lastUpdated`, then
//! everything else as it was received.
//!
//! The head has a fixed shape, so that id and content are found in the bytes without parsing.

use mt_fhir::json::write_string;
use mt_fhir::{Node, ResourceType};
use mt_kernel::Instant;

const TYPE: &[u8] = b"{\"resourceType\":\"";
const ID: &[u8] = b"\",\"id\":\"";
const VERSION: &[u8] = b"\",\"meta\":{\"versionId\":\"";
const UPDATED: &[u8] = b"\",\"lastUpdated\":\"";
/// `2026-11-22T18:20:44.123Z`
const INSTANT_LEN: usize = 24;

/// Appends the canonical text of `resource`; its own `id` and version give way to those given.
pub(crate) fn write_canonical(
    resource: Node<'_>,
    resource_type: ResourceType,
    id: &str,
    version: u32,
    at: Instant,
    out: &mut Vec<u8>,
) {
    write_head(resource_type, id, version, at, out);
    let meta = resource.get("meta").filter(|meta| meta.is_object());
    let kept = |key: &str| !matches!(key.trim_start_matches('_'), "versionId" | "lastUpdated");
    write_fields(meta, kept, out);
    out.push(b'}');
    let kept = |key: &str| !matches!(key, "resourceType" | "id" | "meta");
    write_fields(Some(resource), kept, out);
    out.push(b'}');
}

/// What names a deleted resource: the head alone.
pub(crate) fn tombstone(
    resource_type: ResourceType,
    id: &str,
    version: u32,
    at: Instant,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(160);
    write_head(resource_type, id, version, at, &mut out);
    out.extend_from_slice(b"}}");
    out
}

fn write_head(resource_type: ResourceType, id: &str, version: u32, at: Instant, out: &mut Vec<u8>) {
    out.extend_from_slice(TYPE);
    out.extend_from_slice(resource_type.name().as_bytes());
    out.extend_from_slice(ID);
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(VERSION);
    out.extend_from_slice(version.to_string().as_bytes());
    out.extend_from_slice(UPDATED);
    out.extend_from_slice(at.to_fhir().as_bytes());
    out.push(b'"');
}

fn write_fields(object: Option<Node<'_>>, kept: impl Fn(&str) -> bool, out: &mut Vec<u8>) {
    for field in object.into_iter().flat_map(Node::children) {
        let Some(key) = field.key().filter(|key| kept(key)) else {
            continue;
        };
        out.push(b',');
        write_string(key, out);
        out.push(b':');
        field.write_json(out);
    }
}

/// The literal id in a canonical body.
pub(crate) fn literal_id(body: &[u8]) -> Option<&str> {
    let rest = body.strip_prefix(TYPE)?;
    let name = rest.iter().position(|byte| *byte == b'"')?;
    let rest = rest.get(name..)?.strip_prefix(ID)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(rest.get(..end)?).ok()
}

/// What follows the head: equal for two versions exactly when their content is.
pub(crate) fn content_of(body: &[u8]) -> Option<&[u8]> {
    let id = literal_id(body)?.len();
    let name = body.get(TYPE.len()..)?.iter().position(|b| *b == b'"')?;
    let version = body
        .get(TYPE.len() + name + ID.len() + id..)?
        .strip_prefix(VERSION)?;
    let digits = version.iter().position(|byte| *byte == b'"')?;
    version
        .get(digits..)?
        .strip_prefix(UPDATED)?
        .get(INSTANT_LEN + 1..)
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    fn canonical(text: &str, version: u32) -> String {
        let doc = Doc::parse(text, &Limits::default()).unwrap();
        let mut out = Vec::new();
        let at = Instant(1_763_835_644_123_000);
        write_canonical(
            doc.root(),
            ResourceType::PATIENT,
            "a-1",
            version,
            at,
            &mut out,
        );
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_head_comes_first_and_the_rest_stays_as_received() {
        let text = r#"{"x":5.0,"id":"other","meta":{"versionId":"9","tag":[{"code":"t"}],"lastUpdated":"x"},"resourceType":"Patient","_x":{"id":"1"}}"#;
        assert_eq!(
            canonical(text, 3),
            r#"{"resourceType":"Patient","id":"a-1","meta":{"versionId":"3","lastUpdated":"2025-11-22T18:20:44.123Z","tag":[{"code":"t"}]},"x":5.0,"_x":{"id":"1"}}"#
        );
    }

    #[test]
    fn canonical_text_is_stable_under_itself() {
        let once = canonical(r#"{"resourceType":"Patient","active":true}"#, 1);
        assert_eq!(canonical(&once, 1), once);
    }

    #[test]
    fn id_and_content_are_found_without_parsing() {
        let one = canonical(r#"{"resourceType":"Patient","active":true}"#, 1);
        let ten = canonical(r#"{"active":true,"resourceType":"Patient"}"#, 10);
        let other = canonical(r#"{"resourceType":"Patient","active":false}"#, 1);
        assert_eq!(literal_id(one.as_bytes()), Some("a-1"));
        assert_eq!(content_of(one.as_bytes()), content_of(ten.as_bytes()));
        assert_ne!(content_of(one.as_bytes()), content_of(other.as_bytes()));
        assert!(content_of(one.as_bytes()).is_some());
    }

    #[test]
    fn a_tombstone_names_its_resource() {
        let bytes = tombstone(ResourceType::PATIENT, "a", 2, Instant(0));
        assert_eq!(literal_id(&bytes), Some("a"));
        assert_eq!(content_of(&bytes), Some(&b"}}"[..]));
    }

    #[test]
    fn foreign_bytes_have_no_id() {
        for bytes in [
            &b""[..],
            b"{}",
            b"{\"resourceType\":\"Patient\"",
            b"{\"resourceType\":\"Patient\",\"id\":\"a",
        ] {
            assert_eq!(literal_id(bytes), None);
            assert_eq!(content_of(bytes), None);
        }
    }
}
