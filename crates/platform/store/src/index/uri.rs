//! Where a URI hangs: what everything at or beneath it has in common.
//!
//! `:below` is asked rarely and of few roots, so one key for the root is enough to find candidates;
//! a key for every step of a profile's URL would be half of all keys.

/// Scheme and authority of a URL, otherwise what stands before the first slash. Two URIs of which one
/// is beneath the other have the same root; `None` when nothing can be said.
pub(crate) fn uri_root(uri: &str) -> Option<&str> {
    let uri = uri.trim_end_matches('/');
    let Some(slash) = uri.find('/') else {
        // A bare scheme stands above every authority.
        return (!uri.is_empty() && !uri.ends_with(':')).then_some(uri);
    };
    if !uri[..slash].ends_with(':') || !uri[slash..].starts_with("//") {
        return Some(&uri[..slash]);
    }
    let authority = slash + 2;
    let end = uri[authority..].find('/');
    Some(end.map_or(uri, |at| &uri[..authority + at]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_root_of_a_url_is_its_authority() {
        for (uri, root) in [
            ("http://hl7.org/fhir/us/core", Some("http://hl7.org")),
            ("http://hl7.org", Some("http://hl7.org")),
            ("http://hl7.org/", Some("http://hl7.org")),
            ("urn:oid:1.2.3", Some("urn:oid:1.2.3")),
            ("urn:oid:1.2/3", Some("urn:oid:1.2")),
            ("file:///a/b", Some("file://")),
            ("http:/", None),
            ("http://", None),
            ("", None),
        ] {
            assert_eq!(uri_root(uri), root, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn what_is_beneath_has_the_same_root(above in "[a-z:/]{0,12}", rest in "[a-z:/]{0,8}") {
            let above = above.trim_end_matches('/');
            let below = format!("{above}/{rest}");
            if let Some(root) = uri_root(above) {
                prop_assert_eq!(uri_root(&below), Some(root));
            }
        }
    }
}
