//! Status callbacks of Twilio: `X-Twilio-Signature` is HMAC-SHA1, under the auth token, of the URL that was called and of the
//! form's fields in the order of their names.

use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mt_kernel::{Secret, TenantId};
use uuid::Uuid;

use super::{Receipt, Refused};
use crate::domain::DeliveryState;

/// Fields of a form that are looked at, and no more.
const MOST_FIELDS: usize = 100;

/// A callback as it arrived.
pub(crate) struct Told<'a> {
    /// The URL that Twilio was given.
    pub(crate) url: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl Told<'_> {
    /// What it says, once it is known to be Twilio's.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn read(
        &self,
        token: Option<&Secret<String>>,
        (tenant, delivery): (TenantId, Uuid),
    ) -> Result<Receipt, Refused> {
        let token = token.filter(|token| !token.expose().is_empty());
        let token = token.ok_or(Refused::NoKey)?;
        let fields = fields(self.body).ok_or(Refused::Unreadable)?;
        let signature = self.signature().ok_or(Refused::Unsigned)?;
        let key = hmac::Key::new(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            token.expose().as_bytes(),
        );
        // The comparison takes the same time wherever the signatures differ.
        let signed = signed(self.url, &fields);
        hmac::verify(&key, signed.as_bytes(), &signature).map_err(|_| Refused::BadSignature)?;
        let field = |name: &str| {
            let mut all = fields.iter();
            all.find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        let sid = field("MessageSid").ok_or(Refused::Unreadable)?;
        let status = field("MessageStatus").ok_or(Refused::Unreadable)?;
        let stopped = field("ErrorCode") == Some("21610");
        let (state, reason) = match status {
            "delivered" | "read" => (Some(DeliveryState::Delivered), None),
            "undelivered" | "failed" if stopped => (Some(DeliveryState::Failed), Some("stopped")),
            "undelivered" | "failed" => (Some(DeliveryState::Failed), Some("undelivered")),
            _ => (None, None),
        };
        Ok(Receipt {
            tenant,
            delivery,
            id: format!("{sid}/{status}"),
            state,
            reason,
            gone: stopped,
        })
    }

    fn signature(&self) -> Option<Vec<u8>> {
        let mut all = self.headers.get_all("x-twilio-signature").iter();
        match (all.next(), all.next()) {
            (Some(one), None) => STANDARD.decode(one.as_bytes()).ok(),
            _ => None,
        }
    }
}

fn fields(body: &[u8]) -> Option<Vec<(String, String)>> {
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body)
        .take(MOST_FIELDS + 1)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    (fields.len() <= MOST_FIELDS).then_some(fields)
}

/// What Twilio signs: the URL, then name and value of each field in order; a pair that comes twice counts once.
fn signed(url: &str, fields: &[(String, String)]) -> String {
    let mut ordered: Vec<&(String, String)> = fields.iter().collect();
    ordered.sort();
    ordered.dedup();
    ordered
        .iter()
        .fold(url.to_owned(), |signed, (name, value)| {
            signed + name + value
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: (TenantId, Uuid) = (TenantId(1), Uuid::nil());

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    /// The example of Twilio's documentation.
    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const BODY: &[u8] = b"Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE";

    fn headers(signature: &str) -> HeaderMap {
        [(
            axum::http::HeaderName::from_static("x-twilio-signature"),
            signature.parse().unwrap(),
        )]
        .into_iter()
        .collect()
    }

    fn read(
        token: Option<&Secret<String>>,
        url: &str,
        signature: &str,
        body: &[u8],
    ) -> Result<Receipt, Refused> {
        let headers = headers(signature);
        let told = Told {
            url,
            headers: &headers,
            body,
        };
        told.read(token, PLACE)
    }

    #[test]
    fn the_example_of_the_documentation_is_known() {
        let (token, other, empty) = (secret("12345"), secret("other"), secret(""));
        // It is signed as it should be, and is no status of a message.
        let good = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        assert_eq!(
            signed(URL, &fields(BODY).unwrap()),
            "https://mycompany.com/myapp.php?foo=1&bar=2CallSidCA1234567890ABCDECaller+14158675309Digits1234From+14158675309To+18005551212"
        );
        let refused = |token, url, signature, body| read(token, url, signature, body).unwrap_err();
        assert_eq!(refused(Some(&token), URL, good, BODY), Refused::Unreadable);
        assert_eq!(
            refused(Some(&other), URL, good, BODY),
            Refused::BadSignature
        );
        assert_eq!(
            refused(Some(&token), "https://example.com/", good, BODY),
            Refused::BadSignature
        );
        assert_eq!(
            refused(Some(&token), URL, good, b"Digits=1"),
            Refused::BadSignature
        );
        assert_eq!(refused(Some(&token), URL, "!", BODY), Refused::Unsigned);
        assert_eq!(refused(None, URL, good, BODY), Refused::NoKey);
        assert_eq!(refused(Some(&empty), URL, good, BODY), Refused::NoKey);
    }
}
