//! New messages, from the fields of their header.

use crate::Version;
use crate::charset::Charset;
use crate::content::Content;
use crate::datatype::Timestamp;
use crate::message::{EditError, Message};

/// The header of a new message; segments follow with [`Message::push_segment`].
#[derive(Clone, Debug)]
pub struct Header<'c> {
    /// MSH-3, HD.
    pub sending_application: Content<'c>,
    /// MSH-4, HD.
    pub sending_facility: Content<'c>,
    /// MSH-5, HD.
    pub receiving_application: Content<'c>,
    /// MSH-6, HD.
    pub receiving_facility: Content<'c>,
    /// MSH-7: when the message was made; give an offset.
    pub timestamp: Timestamp,
    /// MSH-9: code, event and structure, such as `["ADT", "A01", "ADT_A01"]`.
    pub message_type: [&'c str; 3],
    /// MSH-10: unique among the sender's messages.
    pub control_id: &'c str,
    /// MSH-11: `P` production, `T` training, `D` debugging.
    pub processing_id: Content<'c>,
    /// MSH-12.
    pub version: Version,
    /// MSH-18; ASCII leaves it empty.
    pub charset: Charset,
}

impl Header<'_> {
    /// A message that so far has only this header. It uses `|^~\&` and CR.
    ///
    /// # Errors
    /// [`EditError`] when a value cannot be written in the character set, or the set cannot be
    /// divided (UTF-16, GB 18030, …): such a message is written as UTF-8.
    pub fn build(&self) -> Result<Message<'static>, EditError> {
        if !self.charset.divides_safely() {
            return Err(EditError::Charset);
        }
        let written = if self.version < Version::V2_3_1 { 2 } else { 3 };
        let parts = self.message_type.iter().take(written);
        let last = parts.clone().rposition(|part| !part.is_empty());
        let message_type = Content::components(parts.take(last.map_or(0, |at| at + 1)).copied());
        let mut fields = vec![
            (3, self.sending_application.clone()),
            (4, self.sending_facility.clone()),
            (5, self.receiving_application.clone()),
            (6, self.receiving_facility.clone()),
            (7, self.timestamp.to_string().into()),
            (9, message_type),
            (10, self.control_id.into()),
            (11, self.processing_id.clone()),
            (12, self.version.to_string().into()),
        ];
        fields.extend(self.charset.hl7_name().map(|name| (18, name.into())));
        Message::from_header(self.charset, fields)
    }
}
