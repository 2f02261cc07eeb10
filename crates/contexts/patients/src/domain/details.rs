//! A patient's details as forms have them, and as a Patient has them. What a form does not show is kept.

use mt_fhir::Node;
use mt_kernel::{ErrorKind, Fault};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::items;
use super::merge::Fields;

/// A patient's details, as they are entered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Details {
    /// Family name.
    pub family: Option<String>,
    /// Given names.
    pub given: Vec<String>,
    /// FHIR date, of any precision.
    pub birth_date: Option<String>,
    /// `female`, `male`, `other` or `unknown`.
    pub gender: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Address of e-mail.
    pub email: Option<String>,
    /// Address of the home.
    pub address: Option<Address>,
    /// Language to talk in, BCP 47.
    pub language: Option<String>,
    /// Whether an interpreter is needed; left as it is when absent.
    pub interpreter: Option<bool>,
    /// The facility that keeps the record, `Organization/x`.
    pub facility: Option<String>,
    /// Whom to call in an emergency.
    pub emergency_contact: Option<EmergencyContact>,
}

/// An address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Address {
    /// Street and house, line by line.
    pub line: Vec<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Option<String>,
}

/// Whom to call in an emergency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EmergencyContact {
    /// Name.
    pub name: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Who that is to the patient, in words.
    pub relationship: Option<String>,
}

/// Fewest digits of a telephone number.
const PHONE_DIGITS: usize = 10;

/// HL7's extension of Patient that says whether an interpreter is needed.
const INTERPRETER: &str = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired";

/// HL7 v2 table 0131: emergency contact.
const CONTACT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/v2-0131";

impl Details {
    /// Refuses what cannot be meant; dates and names are judged where every door passes.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with the place.
    pub fn check(&self) -> Result<(), Fault> {
        let refuse = |message, place: &str| Err(Fault::new(ErrorKind::Invalid, message).at(place));
        if self.family.as_deref().is_none_or(str::is_empty) && self.given.is_empty() {
            return refuse("a patient needs a family name or a given name", "family");
        }
        let phones = [
            (&self.phone, "phone"),
            (
                &self.emergency_contact.clone().unwrap_or_default().phone,
                "emergencyContact.phone",
            ),
        ]
        .map(|(phone, place)| (phone.clone(), place));
        for (phone, place) in phones {
            if phone.is_some_and(|phone| !is_phone(&phone)) {
                return refuse("a telephone number has at least ten digits", place);
            }
        }
        if self.email.as_deref().is_some_and(|email| !is_email(email)) {
            return refuse("this is no address of e-mail", "email");
        }
        let facility = self.facility.as_deref();
        if facility.is_some_and(|one| one.strip_prefix("Organization/").is_none_or(str::is_empty)) {
            return refuse("a facility is written Organization/1", "facility");
        }
        Ok(())
    }

    /// The details of a Patient.
    #[must_use]
    pub fn of(patient: Node<'_>) -> Self {
        let text = |node: Node<'_>, field: &str| node.str(field).map(str::to_owned);
        let texts = |node: Node<'_>, field: &str| -> Vec<String> {
            items(node, field)
                .filter_map(Node::as_str)
                .map(str::to_owned)
                .collect()
        };
        let name = preferred(patient, "name");
        let language = items(patient, "communication").next();
        let language = language.and_then(|spoken| items(spoken.get("language")?, "coding").next());
        let facility = patient.get("managingOrganization");
        Self {
            family: name.and_then(|name| text(name, "family")),
            given: name.map(|name| texts(name, "given")).unwrap_or_default(),
            birth_date: text(patient, "birthDate"),
            gender: text(patient, "gender"),
            phone: point(patient, "phone").and_then(|point| text(point, "value")),
            email: point(patient, "email").and_then(|point| text(point, "value")),
            address: preferred(patient, "address").map(|address| Address {
                line: texts(address, "line"),
                city: text(address, "city"),
                state: text(address, "state"),
                postal_code: text(address, "postalCode"),
                country: text(address, "country"),
            }),
            language: language.and_then(|coding| text(coding, "code")),
            interpreter: items(patient, "extension")
                .find(|one| one.str("url") == Some(INTERPRETER))
                .and_then(|one| one.get("valueBoolean")?.as_bool()),
            facility: facility.and_then(|facility| text(facility, "reference")),
            emergency_contact: items(patient, "contact").find(is_emergency).map(contact),
        }
    }

    /// The fields of the Patient `before` that become others by these details; `null` for those that go.
    #[must_use]
    pub fn changes(&self, before: &Fields) -> Fields {
        let mut after = before.clone();
        self.write_name(&mut after);
        put(
            &mut after,
            "birthDate",
            self.birth_date.as_ref().map(|date| json!(date)),
        );
        put(
            &mut after,
            "gender",
            self.gender.as_ref().map(|code| json!(code)),
        );
        for (system, value) in [("phone", &self.phone), ("email", &self.email)] {
            let known = |one: &Value| one["system"] == system && one["use"] != "old";
            replace(&mut after, "telecom", known, |old| {
                let mut point = old.unwrap_or_else(|| json!({"system": system}));
                point["value"] = json!(value.as_ref()?);
                Some(point)
            });
        }
        self.write_address(&mut after);
        replace(
            &mut after,
            "communication",
            |_| true,
            |old| {
                let code = self.language.as_ref()?;
                let same = |old: &Value| old["language"]["coding"][0]["code"] == json!(code);
                let new = || json!({"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": code}]}, "preferred": true});
                Some(old.filter(same).unwrap_or_else(new))
            },
        );
        if let Some(needed) = self.interpreter {
            let known = |one: &Value| one["url"] == INTERPRETER;
            replace(&mut after, "extension", known, |_| {
                Some(json!({"url": INTERPRETER, "valueBoolean": needed}))
            });
        }
        let facility = self.facility.as_ref();
        let unchanged = before.get("managingOrganization");
        let unchanged =
            unchanged.filter(|old| facility.is_some_and(|new| old["reference"] == json!(new)));
        let reference = unchanged
            .cloned()
            .or_else(|| facility.map(|new| json!({"reference": new})));
        put(&mut after, "managingOrganization", reference);
        replace(&mut after, "contact", has_emergency_role, |old| {
            Some(contacted(self.emergency_contact.as_ref()?, old))
        });
        difference(before, &after)
    }

    fn write_name(&self, after: &mut Fields) {
        replace(after, "name", current, |old| {
            let mut name = old.unwrap_or_else(|| json!({"use": "official"}));
            let before = name.clone();
            set(
                &mut name,
                "family",
                self.family.as_ref().map(|family| json!(family)),
            );
            let given = (!self.given.is_empty()).then(|| json!(self.given));
            set(&mut name, "given", given);
            if name != before {
                // A text that says the former name would contradict.
                set(&mut name, "text", None);
            }
            Some(name)
        });
    }

    fn write_address(&self, after: &mut Fields) {
        replace(after, "address", current, |old| {
            let new = self.address.as_ref()?;
            let mut address = old.unwrap_or_else(|| json!({"use": "home"}));
            let before = address.clone();
            set(
                &mut address,
                "line",
                (!new.line.is_empty()).then(|| json!(new.line)),
            );
            for (field, value) in [
                ("city", &new.city),
                ("state", &new.state),
                ("postalCode", &new.postal_code),
                ("country", &new.country),
            ] {
                set(
                    &mut address,
                    field,
                    value.as_ref().map(|value| json!(value)),
                );
            }
            if address != before {
                set(&mut address, "text", None);
            }
            Some(address)
        });
    }
}

/// The fields that differ; `null` for those that are gone.
#[must_use]
pub fn difference(before: &Fields, after: &Fields) -> Fields {
    let mut changed = Fields::new();
    for field in before.keys().chain(after.keys()) {
        let value = after.get(field);
        if value != before.get(field) {
            changed.insert(field.clone(), value.cloned().unwrap_or_default());
        }
    }
    changed
}

fn put(fields: &mut Fields, field: &str, value: Option<Value>) {
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
}

fn set(object: &mut Value, field: &str, value: Option<Value>) {
    if let Some(fields) = object.as_object_mut() {
        put(fields, field, value);
    }
}

/// Replaces the first item of a list that `known` recognises, or adds one, or takes it out.
fn replace(
    fields: &mut Fields,
    field: &str,
    known: impl Fn(&Value) -> bool,
    make: impl FnOnce(Option<Value>) -> Option<Value>,
) {
    let all = fields.get(field).and_then(Value::as_array);
    let mut all = all.cloned().unwrap_or_default();
    let at = all.iter().position(known);
    let made = make(at.map(|at| all[at].clone()));
    match (at, made) {
        (Some(at), Some(new)) => all[at] = new,
        (None, Some(new)) => all.push(new),
        (Some(at), None) => drop(all.remove(at)),
        (None, None) => {}
    }
    put(
        fields,
        field,
        (!all.is_empty()).then_some(Value::Array(all)),
    );
}

fn current(item: &Value) -> bool {
    item["use"] != "old" && item["use"] != "maiden"
}

fn preferred<'p>(patient: Node<'p>, field: &str) -> Option<Node<'p>> {
    items(patient, field).find(|one| !matches!(one.str("use"), Some("old" | "maiden")))
}

fn point<'p>(patient: Node<'p>, system: &str) -> Option<Node<'p>> {
    items(patient, "telecom")
        .find(|one| one.str("system") == Some(system) && one.str("use") != Some("old"))
}

fn is_emergency(contact: &Node<'_>) -> bool {
    let roles = items(*contact, "relationship").flat_map(|role| items(role, "coding"));
    roles
        .into_iter()
        .any(|coding| coding.str("code") == Some("C"))
}

fn has_emergency_role(contact: &Value) -> bool {
    let roles = contact["relationship"].as_array().into_iter().flatten();
    let mut codings = roles.flat_map(|role| role["coding"].as_array().into_iter().flatten());
    codings.any(|coding| coding["code"] == "C")
}

fn contact(contact: Node<'_>) -> EmergencyContact {
    let text = |node: Option<Node<'_>>, field: &str| {
        node.and_then(|node| node.str(field)).map(str::to_owned)
    };
    EmergencyContact {
        name: text(contact.get("name"), "text").or_else(|| text(contact.get("name"), "family")),
        phone: items(contact, "telecom")
            .find_map(|one| one.str("value"))
            .map(str::to_owned),
        relationship: items(contact, "relationship")
            .find_map(|one| one.str("text"))
            .map(str::to_owned),
    }
}

fn contacted(new: &EmergencyContact, old: Option<Value>) -> Value {
    let mut contact = old.unwrap_or_else(|| json!({}));
    let mut role =
        json!({"coding": [{"system": CONTACT_ROLE, "code": "C", "display": "Emergency Contact"}]});
    set(
        &mut role,
        "text",
        new.relationship.as_ref().map(|text| json!(text)),
    );
    contact["relationship"] = json!([role]);
    set(
        &mut contact,
        "name",
        new.name.as_ref().map(|text| json!({"text": text})),
    );
    let telecom = new
        .phone
        .as_ref()
        .map(|phone| json!([{"system": "phone", "value": phone}]));
    set(&mut contact, "telecom", telecom);
    contact
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= PHONE_DIGITS
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || " +-()./x#".contains(c))
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else {
        return false;
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;".contains(c);
    let dotted = host.split('.').count() > 1 && host.split('.').all(|part| !part.is_empty());
    !name.is_empty() && !name.contains('@') && dotted && !text.contains(odd)
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    fn fields(value: Value) -> Fields {
        value.as_object().cloned().unwrap()
    }

    fn apply(before: &Fields, changes: Fields) -> Fields {
        let mut after = before.clone();
        for (field, value) in changes {
            put(&mut after, &field, (!value.is_null()).then_some(value));
        }
        after
    }

    fn details() -> Details {
        serde_json::from_value(json!({"family": "Byron", "given": ["Ada", "King"], "birthDate": "1980-01-02", "gender": "female",
            "phone": "+1 555 123 4567", "email": "ada@example.org", "language": "en", "interpreter": true, "facility": "Organization/f",
            "address": {"line": ["1 Way"], "city": "Rome"},
            "emergencyContact": {"name": "Annabella", "phone": "+1 555 123 4568", "relationship": "mother"}}))
        .unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let written = apply(&Fields::new(), details().changes(&Fields::new()));
        let doc = Doc::parse(Value::Object(written).to_string(), &Limits::default()).unwrap();
        assert_eq!(Details::of(doc.root()), details());
    }

    #[test]
    fn what_the_form_does_not_show_is_kept() {
        let before = fields(json!({
            "name": [{"use": "old", "family": "Gordon"}, {"use": "official", "family": "Byron", "text": "A. Byron", "suffix": ["Jr."]}],
            "telecom": [{"system": "fax", "value": "1"}, {"system": "phone", "use": "work", "value": "+1 555 000 0000"}],
            "contact": [{"name": {"family": "Neighbour"}}], "maritalStatus": {"text": "M"},
            "extension": [{"url": "urn:other", "valueString": "kept"}, {"url": INTERPRETER, "valueBoolean": true}]
        }));
        let new = Details {
            interpreter: None,
            email: None,
            emergency_contact: None,
            ..details()
        };
        let after = Value::Object(apply(&before, new.changes(&before)));
        assert_eq!(after["extension"], before["extension"]);
        assert_eq!(after["name"][0], json!({"use": "old", "family": "Gordon"}));
        assert_eq!(
            after["name"][1],
            json!({"use": "official", "family": "Byron", "suffix": ["Jr."], "given": ["Ada", "King"]})
        );
        assert_eq!(
            after["telecom"][1],
            json!({"system": "phone", "use": "work", "value": "+1 555 123 4567"})
        );
        assert_eq!(after["telecom"].as_array().map(Vec::len), Some(2));
        assert_eq!(after["contact"], json!([{"name": {"family": "Neighbour"}}]));
        assert_eq!(after["maritalStatus"], json!({"text": "M"}));
    }

    #[test]
    fn equal_details_change_nothing() {
        let written = apply(&Fields::new(), details().changes(&Fields::new()));
        assert_eq!(details().changes(&written), Fields::new());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let good = details();
        assert!(good.check().is_ok());
        for (change, place) in [
            (json!({"family": null, "given": []}), "family"),
            (json!({"phone": "12345"}), "phone"),
            (json!({"phone": "call me at 5551234567"}), "phone"),
            (json!({"email": "nobody"}), "email"),
            (json!({"email": "a@b"}), "email"),
            (json!({"facility": "Location/1"}), "facility"),
        ] {
            let mut value = serde_json::to_value(&good).unwrap();
            for (key, field) in change.as_object().unwrap() {
                value[key] = field.clone();
            }
            let wrong: Details = serde_json::from_value(value).unwrap();
            assert_eq!(
                wrong.check().unwrap_err().expression.as_deref(),
                Some(place),
                "{change}"
            );
        }
    }
}
