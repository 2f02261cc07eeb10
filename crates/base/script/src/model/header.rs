//! The header: who writes to whom, which message this is, which one it answers.

use std::borrow::Cow;

use super::date::DateTime;
use super::leaf::{Opaque, inside};
use super::record::record;
use super::shape::{EXPECTED, Kind, OPTIONAL, REQUIRED};
use super::slot::Value;
use crate::xml::{Element, Node};

record! {
    /// `Header`.
    Header {
        to: Option<Mailbox> = "To", REQUIRED.max(255);
        from: Option<Mailbox> = "From", REQUIRED.max(255);
        message_id: Option<String> = "MessageID", REQUIRED.max(35);
        relates_to_message_id: Option<String> = "RelatesToMessageID", OPTIONAL.max(35);
        sent_time: Option<DateTime> = "SentTime", REQUIRED;
        security: Option<Security> = "Security", OPTIONAL;
        sender_software: Option<SenderSoftware> = "SenderSoftware", EXPECTED;
        mailbox: Option<Opaque> = "Mailbox", OPTIONAL;
        test_message: Option<String> = "TestMessage", OPTIONAL;
        rx_reference_number: Option<String> = "RxReferenceNumber", OPTIONAL.max(35);
        prescriber_order_number: Option<String> = "PrescriberOrderNumber", OPTIONAL.max(35);
        digital_signature: Option<DigitalSignature> = "DigitalSignature", OPTIONAL;
    }

    /// `Security`: credentials for the receiver, and who sends on whose behalf.
    Security {
        username_token: Option<UsernameToken> = "UsernameToken", OPTIONAL;
        sender: Option<Party> = "Sender", OPTIONAL;
        receiver: Option<Party> = "Receiver", OPTIONAL;
    }

    /// `UsernameToken`.
    UsernameToken {
        username: Option<String> = "Username", EXPECTED.max(64);
        password: Option<Password> = "Password", OPTIONAL.max(255);
        nonce: Option<String> = "Nonce", OPTIONAL.max(255);
        created: Option<DateTime> = "Created", OPTIONAL;
    }

    /// `Sender` and `Receiver`.
    Party {
        secondary_identification: Option<String> = "SecondaryIdentification", OPTIONAL.max(255);
        tertiary_identification: Option<String> = "TertiaryIdentification", OPTIONAL.max(255);
    }

    /// `SenderSoftware`.
    SenderSoftware {
        developer: Option<String> = "SenderSoftwareDeveloper", EXPECTED.max(35);
        product: Option<String> = "SenderSoftwareProduct", EXPECTED.max(35);
        version_release: Option<String> = "SenderSoftwareVersionRelease", EXPECTED.max(35);
    }
}

/// `To` and `From`: an address and what kind of address it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Mailbox {
    /// `Qualifier`: P pharmacy, D or C prescriber, M mailbox or switch, ZZZ mutually agreed.
    pub qualifier: Option<String>,
    /// The identifier of the participant.
    pub id: String,
}

impl Mailbox {
    /// An address of a kind.
    pub fn new(qualifier: &str, id: &str) -> Self {
        Self {
            qualifier: Some(qualifier.to_owned()),
            id: id.to_owned(),
        }
    }
}

/// `Password`, in clear or as a digest.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Password {
    /// `Type`: `PasswordText` or `PasswordDigest`.
    pub kind: Option<String>,
    /// The password or its digest.
    pub value: String,
}

/// Passwords do not belong in logs.
impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Password")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

macro_rules! attributed {
    ($name:ident, $text:ident, $field:ident, $attribute:literal) => {
        impl Value for $name {
            const KIND: Kind = Kind::Attributed($attribute);

            fn read(element: &Element<'_>) -> Option<Self> {
                let $field = element.attribute($attribute).map(Cow::into_owned);
                String::read(element).map(|$text| Self { $field, $text })
            }

            fn write(&self, element: &mut Element<'_>) {
                element.set_attribute($attribute, self.$field.as_deref());
                element.set_text(&self.$text);
            }
        }
    };
}

attributed!(Mailbox, id, qualifier, "Qualifier");
attributed!(Password, value, kind, "Type");

/// `DigitalSignature`, passed through: signing and verifying need the signed bytes and keys, which are not the
/// business of this library.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct DigitalSignature {
    /// `Version`.
    pub version: Option<String>,
    /// The XML inside the element.
    pub xml: String,
}

impl DigitalSignature {
    const INDICATOR: &str = "<DigitalSignatureIndicator>true</DigitalSignatureIndicator>";

    /// The flag that the sender signed the prescription and holds the signature.
    pub fn indicator() -> Self {
        Self {
            version: Some("1.1".to_owned()),
            xml: Self::INDICATOR.to_owned(),
        }
    }

    /// Whether the flag is set or a signature is inside.
    pub fn is_present(&self) -> bool {
        let dense: String = self.xml.split_whitespace().collect();
        dense.contains("DigitalSignatureIndicator>true</")
            || dense.contains("DigitalSignatureIndicator>1</")
            || dense.contains("SignatureValue>")
    }
}

impl Value for DigitalSignature {
    const KIND: Kind = Kind::Opaque(Some("Version"));

    fn read(element: &Element<'_>) -> Option<Self> {
        let version = element.attribute("Version").map(Cow::into_owned);
        Some(Self {
            version,
            xml: inside(element),
        })
    }

    fn write(&self, element: &mut Element<'_>) {
        element.set_attribute("Version", self.version.as_deref());
        element.nodes = vec![Node::Verbatim(Cow::Owned(self.xml.clone()))];
    }
}
