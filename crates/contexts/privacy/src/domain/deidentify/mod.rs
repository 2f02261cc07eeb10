//! De-identification after the Safe Harbor method (45 CFR 164.514(b)(2)).
//!
//! Nothing is removed: what is safe is *kept*. Elements are kept by their FHIR type: codes of public
//! code systems, numbers, quantities, dates cut down, references under a pseudonym. Names, contacts,
//! identifiers, narratives, attachments, extensions and every free text have no way through, whatever
//! element they stand in.

use mt_fhir::definitions::TypeDef;
use mt_fhir::json::Kind;
use mt_fhir::{Node, ResourceType};
use mt_kernel::Instant;
use serde_json::{Map, Value, json};

/// First three digits of ZIP codes whose areas have 20,000 people or fewer, by the census of 2000 or
/// that of 2010.
const SMALL_ZIP3: [&str; 21] = [
    "036", "059", "063", "102", "203", "205", "369", "556", "692", "753", "772", "790", "821",
    "823", "830", "831", "878", "879", "884", "890", "893",
];

/// Ages above this are one group.
const OLDEST: i32 = 89;

/// Resource types that are exported: those that are about care and that a patient owns.
const TYPES: [&str; 22] = [
    "AllergyIntolerance",
    "CarePlan",
    "ClinicalImpression",
    "Condition",
    "DiagnosticReport",
    "Encounter",
    "EpisodeOfCare",
    "Goal",
    "ImagingStudy",
    "Immunization",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
    "NutritionOrder",
    "Observation",
    "Patient",
    "Procedure",
    "RiskAssessment",
    "ServiceRequest",
    "Specimen",
    "AdverseEvent",
];

/// Code systems that the public shares: their codes identify nobody.
const PUBLIC_SYSTEMS: [&str; 12] = [
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://hl7.org/fhir/",
    "http://terminology.hl7.org/CodeSystem/",
    "http://unitsofmeasure.org",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://www.ama-assn.org/go/cpt",
    "http://www.whocc.no/atc",
    "http://dicom.nema.org/",
    "urn:ietf:bcp:47",
    "urn:iso:std:iso:3166",
    "https://www.usps.com/",
];

/// Below this the specification names code systems and numbers of persons alike.
const SID: &str = "http://hl7.org/fhir/sid/";
/// What is a code system there.
const SID_CODES: [&str; 5] = ["icd-", "ex-icd-", "cvx", "mvx", "ndc"];

/// LOINC codes of observations whose value is an age in years.
const AGE_CODES: [&str; 4] = ["30525-0", "21611-9", "21612-7", "29553-5"];

/// How dates are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dates {
    /// The year alone: what Safe Harbor asks for.
    #[default]
    Year,
    /// All dates of a patient are shifted by the same number of days, up to a year back. This is not
    /// Safe Harbor: it needs an expert's determination (45 CFR 164.514(b)(1)).
    Shifted,
}

/// De-identifies the records of one export. Pseudonyms of two exports cannot be brought together,
/// because each has its own key.
pub struct Deidentifier {
    key: [u8; 32],
    dates: Dates,
    now: Instant,
}

/// For one patient's records.
struct Subject<'a> {
    rules: &'a Deidentifier,
    /// By how many days dates move.
    days: i64,
    /// Whether the patient is older than the oldest age that may be told.
    is_old: bool,
}

impl Deidentifier {
    /// De-identifies under `key`, which nobody keeps who gets the export.
    #[must_use]
    pub const fn new(key: [u8; 32], dates: Dates, now: Instant) -> Self {
        Self { key, dates, now }
    }

    /// Whether records of a type are exported at all.
    #[must_use]
    pub fn exports(kind: ResourceType) -> bool {
        TYPES.contains(&kind.name())
    }

    /// The record, de-identified; `None` when its type is not exported. `birth_date` is that of the
    /// patient, whose id is `patient`.
    #[must_use]
    pub fn apply(
        &self,
        resource: Node<'_>,
        patient: &str,
        birth_date: Option<&str>,
    ) -> Option<Value> {
        let kind = resource.resource_type().and_then(ResourceType::from_name)?;
        if !Self::exports(kind) {
            return None;
        }
        let subject = Subject {
            rules: self,
            days: -self.shift(patient),
            // Without a birth date nobody knows: then the patient counts as old.
            is_old: birth_date.is_none_or(|text| self.is_old(text)),
        };
        let mut out = Map::new();
        out.insert("resourceType".to_owned(), json!(kind.name()));
        let id = resource.str("id").unwrap_or_default();
        out.insert("id".to_owned(), json!(self.pseudonym(kind.name(), id)));
        subject.fields(resource, kind.type_id().def(), &mut out);
        if kind == ResourceType::PATIENT {
            subject.birth(birth_date, &mut out);
        } else {
            cap_ages(&mut out, is_age(resource));
        }
        Some(Value::Object(out))
    }

    /// A stable name for a record within this export.
    fn pseudonym(&self, kind: &str, id: &str) -> String {
        let hash = mt_crypto::hmac_sha256(&self.key, format!("{kind}/{id}").as_bytes());
        hash.iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// 1 to 365 days, the same for all records of a patient.
    fn shift(&self, patient: &str) -> i64 {
        let hash = mt_crypto::hmac_sha256(&self.key, format!("shift/{patient}").as_bytes());
        let [a, b, c, d, ..] = hash;
        i64::from(u32::from_be_bytes([a, b, c, d]) % 365) + 1
    }

    fn is_old(&self, birth_date: &str) -> bool {
        let year: Option<i32> = birth_date.get(..4).and_then(|year| year.parse().ok());
        year.is_none_or(|year| self.years_since(year) > OLDEST)
    }

    fn years_since(&self, year: i32) -> i32 {
        let now = self.now.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
        i32::from(now.year()) - year
    }
}

impl Subject<'_> {
    fn fields(&self, object: Node<'_>, def: &'static TypeDef, out: &mut Map<String, Value>) {
        for field in object.children() {
            let Some(key) = field.key().filter(|key| !key.starts_with('_')) else {
                continue;
            };
            // `meta` holds tags and sources, `contained` records of anybody.
            if matches!(
                key,
                "id" | "meta" | "text" | "contained" | "birthDate" | "resourceType"
            ) {
                continue;
            }
            let Some(known) = def.field(field.name()) else {
                continue;
            };
            let kept = if field.kind() == Kind::Array {
                let kept: Vec<Value> = field
                    .children()
                    .filter_map(|item| self.value(item, known.type_id.def()))
                    .collect();
                (!kept.is_empty()).then_some(Value::Array(kept))
            } else {
                self.value(field, known.type_id.def())
            };
            if let Some(kept) = kept {
                out.insert(key.to_owned(), kept);
            }
        }
    }

    /// What is kept of a value, by its type. What is not named is not kept.
    fn value(&self, node: Node<'_>, def: &'static TypeDef) -> Option<Value> {
        match def.name {
            "boolean" => node.as_bool().map(Value::Bool),
            "integer" | "positiveInt" | "unsignedInt" | "decimal" => {
                serde_json::from_str(node.number_text()?).ok()
            }
            "code" => node
                .as_str()
                .filter(|text| is_code(text))
                .map(|text| json!(text)),
            "date" | "dateTime" | "instant" => self.date(node.as_str()?).map(|text| json!(text)),
            "Coding" => coding(node),
            "Quantity" | "SimpleQuantity" | "Age" | "Duration" | "Distance" | "Count" => {
                quantity(node, def.name == "Age")
            }
            "Address" => address(node),
            "Reference" => self.reference(node),
            "CodeableConcept" | "Range" | "Ratio" | "Period" | "Timing" | "Timing.repeat"
            | "Dosage" | "Dosage.doseAndRate" => self.object(node, def),
            // Backbones of the resources themselves; `Patient.contact` and the like name other people.
            name if is_backbone(name) => self.object(node, def),
            _ => None,
        }
    }

    fn object(&self, node: Node<'_>, def: &'static TypeDef) -> Option<Value> {
        let mut out = Map::new();
        self.fields(node, def, &mut out);
        (!out.is_empty()).then_some(Value::Object(out))
    }

    /// A local reference under its pseudonym; anything else would be an address.
    fn reference(&self, node: Node<'_>) -> Option<Value> {
        let (kind, id) = node.str("reference")?.split_once('/')?;
        let id = id.split('/').next()?;
        let known = ResourceType::from_name(kind)?;
        let of_care = Deidentifier::exports(known)
            || matches!(kind, "Practitioner" | "Organization" | "Location");
        of_care.then(|| json!({"reference": format!("{kind}/{}", self.rules.pseudonym(kind, id))}))
    }

    fn date(&self, text: &str) -> Option<String> {
        let year = text
            .get(..4)
            .filter(|year| year.bytes().all(|b| b.is_ascii_digit()))?;
        // Whatever happened to somebody so long ago tells that the person is older than may be told.
        if self.is_old && self.rules.years_since(year.parse().ok()?) > OLDEST {
            return None;
        }
        match self.rules.dates {
            Dates::Year => Some(year.to_owned()),
            Dates::Shifted => {
                let day: jiff::civil::Date = text.get(..10)?.parse().ok()?;
                let span = jiff::Span::new().try_days(self.days).ok()?;
                Some(day.checked_add(span).ok()?.to_string())
            }
        }
    }

    /// The year of birth of a patient young enough; otherwise the group of the old.
    fn birth(&self, birth_date: Option<&str>, out: &mut Map<String, Value>) {
        let year = birth_date
            .and_then(|text| text.get(..4))
            .filter(|_| !self.is_old);
        if let Some(year) = year {
            out.insert("birthDate".to_owned(), json!(year));
        } else if birth_date.is_some() {
            let group = json!([{"url": "urn:meditrack:age-group", "valueCode": "90-or-more"}]);
            out.insert("extension".to_owned(), group);
        }
        // The year of death of the old would tell their age by and by.
        if self.is_old && out.remove("deceasedDateTime").is_some() {
            out.insert("deceasedBoolean".to_owned(), Value::Bool(true));
        }
    }
}

/// Whether a backbone holds facts about the patient and not about other people.
fn is_backbone(name: &str) -> bool {
    let Some((kind, _)) = name.split_once('.') else {
        return false;
    };
    let people = ["Patient.contact", "Patient.link", "Patient.communication"];
    TYPES.contains(&kind) && !people.contains(&name)
}

/// A short word of a fixed value set, not a sentence or an identifier.
fn is_code(text: &str) -> bool {
    let letters = |b: u8| b.is_ascii_alphabetic() || b"-_/.%[]{}()<>=+*".contains(&b);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.len() <= 32 && digits <= 4 && text.bytes().all(|b| letters(b) || b.is_ascii_digit())
}

/// A code of a public system, without its display: a display is free text.
fn coding(node: Node<'_>) -> Option<Value> {
    let system = node.str("system")?;
    let public = match system.strip_prefix(SID) {
        Some(name) => SID_CODES.iter().any(|known| name.starts_with(known)),
        None => PUBLIC_SYSTEMS.iter().any(|known| system.starts_with(known)),
    };
    let code = node
        .str("code")
        .filter(|code| code.len() <= 64 && !code.contains(char::is_whitespace))?;
    public.then(|| json!({"system": system, "code": code}))
}

fn quantity(node: Node<'_>, is_age: bool) -> Option<Value> {
    let mut value: Value = serde_json::from_str(node.get("value")?.number_text()?).ok()?;
    let unit = node
        .str("code")
        .filter(|_| node.str("system") == Some("http://unitsofmeasure.org"));
    // Years are ages wherever they stand, as in the range of an onset.
    let too_old = |years: f64| years > f64::from(OLDEST);
    let years = years(&value, unit);
    let mut unit = unit;
    if years.map_or(is_age, too_old) {
        value = json!(OLDEST + 1);
        unit = unit.map(|_| "a");
    }
    let mut out = json!({"value": value});
    if let Some(unit) = unit {
        out["system"] = json!("http://unitsofmeasure.org");
        out["code"] = json!(unit);
    }
    if let Some(comparator) = node.str("comparator").filter(|text| text.len() <= 2) {
        out["comparator"] = json!(comparator);
    }
    Some(out)
}

fn years(value: &Value, unit: Option<&str>) -> Option<f64> {
    let number = value.as_f64()?;
    match unit {
        Some("a") => Some(number),
        Some("mo") => Some(number / 12.0),
        Some("wk") => Some(number / 52.0),
        Some("d") => Some(number / 365.0),
        _ => None,
    }
}

/// State, country, and the first three digits of the ZIP code where enough people live.
fn address(node: Node<'_>) -> Option<Value> {
    let mut out = Map::new();
    let state = node
        .str("state")
        .filter(|text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()));
    let country = node
        .str("country")
        .filter(|text| text.len() <= 3 && text.bytes().all(|b| b.is_ascii_alphabetic()));
    for (name, value) in [("state", state), ("country", country)] {
        if let Some(value) = value {
            out.insert(name.to_owned(), json!(value));
        }
    }
    let is_us = country.is_none_or(|country| matches!(country, "US" | "USA"));
    if is_us && let Some(zip) = node.str("postalCode").and_then(zip3) {
        out.insert("postalCode".to_owned(), json!(zip));
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

/// The first three digits of a US ZIP code, `000` for thinly peopled areas.
fn zip3(code: &str) -> Option<String> {
    let code = code.trim();
    let is_zip = code.len() >= 5 && code.as_bytes().iter().take(5).all(u8::is_ascii_digit);
    let three = code.get(..3).filter(|_| is_zip)?;
    Some(
        if SMALL_ZIP3.contains(&three) {
            "000"
        } else {
            three
        }
        .to_owned(),
    )
}

fn is_age(resource: Node<'_>) -> bool {
    let codings = resource.get("code").and_then(|code| code.get("coding"));
    let mut codings = codings.into_iter().flat_map(|list| list.children());
    codings.any(|one| {
        one.str("code")
            .is_some_and(|code| AGE_CODES.contains(&code))
    })
}

/// An observation, or a part of one, of an age above the oldest tells that it is above, not by how much.
fn cap_ages(out: &mut Map<String, Value>, is_age: bool) {
    if is_age {
        out.remove("valueRange");
        out.remove("valueRatio");
        let too_old = |years: f64| years > f64::from(OLDEST);
        let in_quantity = out.get_mut("valueQuantity");
        let in_quantity = in_quantity.and_then(|quantity| quantity.get_mut("value"));
        if let Some(value) = in_quantity
            && value.as_f64().is_none_or(too_old)
        {
            *value = json!(OLDEST + 1);
        }
        if let Some(value) = out.get_mut("valueInteger")
            && value.as_f64().is_none_or(too_old)
        {
            *value = json!(OLDEST + 1);
        }
    }
    let parts = out.get_mut("component").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten().filter_map(Value::as_object_mut) {
        let codings = part.get("code").and_then(|code| code["coding"].as_array());
        let mut codes = codings
            .into_iter()
            .flatten()
            .filter_map(|one| one["code"].as_str());
        let is_age = codes.any(|code| AGE_CODES.contains(&code));
        cap_ages(part, is_age);
    }
}

#[cfg(test)]
mod tests;
