//! Files within records are looked at before anything is stored.
//!
//! A file is what an Attachment or a Binary carries in `data`. It is taken from what is sent, before the change is
//! decided: a patch may move or drop files, and bring those that it names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mt_fhir::json::Kind;
use mt_fhir::{Doc, Node};
use mt_kernel::{ErrorKind, Fault};

use super::asked;
use crate::{Action, Batch, Caller, Change, Content, FileScanner, Result, Store, StoreError};

impl Store {
    /// Has every file of a batch looked at.
    pub(super) async fn look_at_files(&self, caller: &Caller, batch: &Batch) -> Result<()> {
        let Some(scanner) = self.hooks().scanner.clone() else {
            return Ok(());
        };
        for (entry, change) in batch.changes.iter().enumerate() {
            for file in sent(batch.doc.as_ref(), change) {
                if let Err(fault) = look_at(scanner.as_ref(), file).await {
                    let (interaction, kind) = asked(change);
                    self.note_refusal(caller, interaction, Some(kind), &fault)?;
                    return Err(StoreError::from(fault).at(entry));
                }
            }
        }
        Ok(())
    }
}

async fn look_at(scanner: &dyn FileScanner, file: &str) -> Result<(), Fault> {
    // White space is no part of base64Binary; what is not base64 at all is refused by validation.
    let text: Vec<u8> = file
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let Ok(bytes) = STANDARD.decode(text) else {
        let message = "a file is not written in base64";
        return Err(Fault::new(ErrorKind::Invalid, message));
    };
    scanner.scan(&bytes).await
}

fn sent<'b>(bundle: Option<&'b Doc>, change: &'b Change) -> Vec<&'b str> {
    let content = match &change.action {
        Action::Create { content, .. } | Action::Update { content, .. } => content,
        Action::Patch { patch, .. } => return patch.files().iter().map(String::as_str).collect(),
        Action::Delete { .. } => return Vec::new(),
    };
    match (content, bundle) {
        (Content::Own(doc), _) => files(doc.root()),
        (Content::Entry(id), Some(doc)) => files(doc.node(*id)),
        (Content::Entry(_), None) => Vec::new(),
    }
}

/// Refuses a patch that brings a file beside those that it `names`, which nobody has looked at.
pub(super) fn brings_only(
    names: &[String],
    old: Option<Node<'_>>,
    new: Node<'_>,
) -> Result<(), Fault> {
    let mut known = old.map(files).unwrap_or_default();
    known.extend(names.iter().map(String::as_str));
    let brings = files(new).iter().any(|file| !known.contains(file));
    let message = "a patch cannot bring a file: send the whole resource";
    (!brings)
        .then_some(())
        .ok_or_else(|| Fault::new(ErrorKind::Invalid, message))
}

/// The files of a resource and of what it contains.
fn files(resource: Node<'_>) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = vec![resource];
    while let Some(node) = open.pop() {
        // Only SampledData has data that is no file. What lacks its content type is wrong, and a file nonetheless.
        if node.get("dimensions").is_none() {
            found.extend(node.str("data"));
        }
        let inner = node.children();
        open.extend(inner.filter(|child| matches!(child.kind(), Kind::Object | Kind::Array)));
    }
    found
}

#[cfg(test)]
mod tests {
    use mt_fhir::json::Limits;

    use super::*;

    fn doc(text: &str) -> Doc {
        Doc::parse(text, &Limits::default()).unwrap()
    }

    #[test]
    fn files_are_found_wherever_they_stand() {
        let note = doc(
            r#"{"resourceType":"DocumentReference","contained":[{"resourceType":"Binary","contentType":"a/b","data":"AAAA"}],
            "content":[{"attachment":{"contentType":"text/plain","data":"BBBB"}},{"attachment":{"contentType":"c/d","url":"Binary/1"}}],
            "extension":[{"url":"x","valueAttachment":{"data":"CCCC"}}]}"#,
        );
        let mut found = files(note.root());
        found.sort_unstable();
        assert_eq!(found, ["AAAA", "BBBB", "CCCC"]);
        let samples = doc(
            r#"{"resourceType":"Observation","valueSampledData":{"dimensions":1,"data":"1 2 3"}}"#,
        );
        assert!(files(samples.root()).is_empty());
    }

    #[test]
    fn a_patch_moves_files_and_brings_those_that_it_names() {
        let old = doc(r#"{"content":[{"contentType":"a/b","data":"AAAA"}]}"#);
        let moved = doc(r#"{"title":"t","content":[{"contentType":"c/d","data":"AAAA"}]}"#);
        let brought = doc(r#"{"content":[{"contentType":"a/b","data":"AAAB"}]}"#);
        assert!(brings_only(&[], Some(old.root()), moved.root()).is_ok());
        let refused = brings_only(&[], Some(old.root()), brought.root()).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Invalid);
        assert!(brings_only(&[], None, brought.root()).is_err());
        assert!(brings_only(&["AAAB".to_owned()], None, brought.root()).is_ok());
    }
}
