//! Resources to write, as short as FHIR allows.

/// A patient with a family name.
#[must_use]
pub fn patient(family: &str) -> String {
    format!(r#"{{"resourceType":"Patient","name":[{{"family":"{family}"}}]}}"#)
}

/// A patient with a family name and an identifier.
#[must_use]
pub fn patient_with_identifier(family: &str, system: &str, value: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","identifier":[{{"system":"{system}","value":"{value}"}}],"name":[{{"family":"{family}"}}]}}"#
    )
}

/// A final observation of a patient with a LOINC code, a day and a value in UCUM units.
#[must_use]
pub fn observation(patient: &str, code: &str, day: &str, value: f64, unit: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}},"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"{day}","valueQuantity":{{"value":{value},"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{unit}"}}}}"#
    )
}
