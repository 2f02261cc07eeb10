//! The photograph of a patient: part of the record, small.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault};
use serde_json::{Value, json};

use super::view::PatientView;
use crate::Patients;
use crate::document::{edit_with, parse, write};
use crate::domain::merge::Fields;
use crate::domain::{LARGEST_PHOTO, items, kind_of_photo};
use crate::error::{PatientsError, Result};

/// A photograph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// Media type.
    pub kind: &'static str,
    /// The picture.
    pub bytes: Vec<u8>,
    /// Version of the patient.
    pub version: u32,
}

impl Patients {
    /// The photograph of a patient.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none.
    pub async fn photo(&self, caller: &Caller, id: &str) -> Result<Photo> {
        let records = self.records(caller, Interaction::Read).await?;
        let stored = self.stored(&records, id).await?;
        let doc = parse(&stored.body)?;
        let data = items(doc.root(), "photo").find_map(|photo| photo.str("data"));
        let bytes = data.and_then(|data| STANDARD.decode(data).ok());
        let none = || Fault::new(ErrorKind::NotFound, "there is no photograph");
        let bytes = bytes.ok_or_else(none)?;
        let kind = kind_of_photo(&bytes).ok_or_else(none)?;
        Ok(Photo {
            kind,
            bytes,
            version: stored.version,
        })
    }

    /// Gives a patient a photograph in place of the one that there was.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] above 100 kB, [`ErrorKind::Invalid`] for what is no JPEG, PNG or WebP.
    pub async fn set_photo(&self, caller: &Caller, id: &str, bytes: &[u8]) -> Result<PatientView> {
        if bytes.len() > LARGEST_PHOTO {
            let message = "a photograph has at most 100 kB";
            return Err(Fault::new(ErrorKind::TooLarge, message).into());
        }
        let kind = kind_of_photo(bytes);
        let kind = kind.ok_or_else(|| {
            PatientsError::invalid("a photograph is a JPEG, PNG or WebP", "photo")
        })?;
        let data = STANDARD.encode(bytes);
        let photo = json!([{"contentType": kind, "data": data}]);
        self.write_photo(caller, id, photo, vec![data]).await
    }

    /// Removes the photograph of a patient.
    ///
    /// # Errors
    /// When there is no such patient within the caller's reach.
    pub async fn remove_photo(&self, caller: &Caller, id: &str) -> Result<PatientView> {
        self.write_photo(caller, id, Value::Null, Vec::new()).await
    }

    async fn write_photo(
        &self,
        caller: &Caller,
        id: &str,
        photo: Value,
        files: Vec<String>,
    ) -> Result<PatientView> {
        let records = self.records(caller, Interaction::Update).await?;
        let mut fields = Fields::new();
        fields.insert("photo".to_owned(), photo);
        let change = edit_with((ResourceType::PATIENT, id), None, files, move |doc| {
            write(doc, &fields)
        });
        PatientView::committed(&self.store.commit_one(&records, change).await?)
    }
}
