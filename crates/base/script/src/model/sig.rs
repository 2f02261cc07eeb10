//! Directions: the text that a patient reads, and the same in structured form.

use rust_decimal::Decimal;

use super::leaf::Opaque;
use super::record::record;
use super::shape::{EXPECTED, OPTIONAL, REQUIRED};

record! {
    /// `Sig`.
    Sig {
        text: Option<String> = "SigText", REQUIRED.max(1000);
        code_system: Option<SigCodeSystem> = "CodeSystem", OPTIONAL;
        instruction: Vec<Instruction> = "Instruction", OPTIONAL;
    }

    /// `CodeSystem`: the releases of the terminologies that the instructions use.
    SigCodeSystem {
        snomed_version: Option<String> = "SNOMEDVersion", EXPECTED.max(35);
        fmt_version: Option<String> = "FMTVersion", EXPECTED.max(35);
    }

    /// `Instruction`: one step of the directions.
    Instruction {
        dose_administration: Option<DoseAdministration> = "DoseAdministration", EXPECTED;
        route: Option<Term> = "RouteOfAdministration", OPTIONAL;
        site: Option<Term> = "SiteOfAdministration", OPTIONAL;
        timing_and_duration: Vec<TimingAndDuration> = "TimingAndDuration", OPTIONAL;
        timing: Option<AdministrationTiming> = "AdministrationTiming", OPTIONAL;
        duration: Option<Duration> = "Duration", OPTIONAL;
        maximum_dose_restriction: Vec<Opaque> = "MaximumDoseRestriction", OPTIONAL;
        indication_for_use: Vec<IndicationForUse> = "IndicationForUse", OPTIONAL.aliases(&["Indication"]);
        clarifying_free_text: Option<String> = "ClarifyingFreeText", OPTIONAL.max(255);
        multiple_instruction_modifier: Option<String> = "MultipleInstructionModifier", OPTIONAL.max(35);
    }

    /// `DoseAdministration`.
    DoseAdministration {
        method: Option<Term> = "DoseDeliveryMethod", OPTIONAL;
        dosage: Option<Dosage> = "Dosage", OPTIONAL.aliases(&["Dose"]);
        route: Option<Term> = "RouteOfAdministration", OPTIONAL;
        site: Option<Term> = "SiteOfAdministration", OPTIONAL;
    }

    /// `Dosage`: how much at a time.
    Dosage {
        quantity: Option<Decimal> = "DoseQuantity", REQUIRED;
        quantity_maximum: Option<Decimal> = "DoseQuantityMaximum", OPTIONAL;
        unit: Option<Term> = "DoseUnitOfMeasure", EXPECTED;
    }

    /// `TimingAndDuration`: one of timing, frequency, interval and duration.
    TimingAndDuration {
        timing: Option<AdministrationTiming> = "AdministrationTiming", OPTIONAL;
        frequency: Option<Frequency> = "Frequency", OPTIONAL;
        interval: Option<Interval> = "Interval", OPTIONAL;
        duration: Option<Duration> = "Duration", OPTIONAL;
    }

    /// `AdministrationTiming`: before bedtime, with food.
    AdministrationTiming {
        text: Option<String> = "Text", OPTIONAL.max(255);
        modifier: Option<Term> = "AdministrationTimingModifier", OPTIONAL;
        event: Option<Term> = "AdministrationTimingEvent", OPTIONAL;
    }

    /// `Frequency`: three times a day.
    Frequency {
        value: Option<Decimal> = "FrequencyNumericValue", EXPECTED;
        maximum: Option<Decimal> = "FrequencyNumericValueMaximum", OPTIONAL;
        units: Option<Term> = "FrequencyUnits", EXPECTED;
    }

    /// `Interval`: every six hours.
    Interval {
        value: Option<Decimal> = "IntervalNumericValue", EXPECTED;
        maximum: Option<Decimal> = "IntervalNumericValueMaximum", OPTIONAL;
        units: Option<Term> = "IntervalUnits", EXPECTED;
    }

    /// `Duration`: for ten days.
    Duration {
        text: Option<String> = "Text", OPTIONAL.max(255);
        value: Option<Decimal> = "DurationNumericValue", OPTIONAL;
        units: Option<Term> = "DurationText", OPTIONAL;
    }

    /// `IndicationForUse`: as needed for headache.
    IndicationForUse {
        text: Option<String> = "Text", OPTIONAL.max(255);
        precursor: Option<Term> = "IndicationPrecursor", OPTIONAL;
        value: Option<Term> = "IndicationValue", OPTIONAL;
    }

    /// A word of the directions with its code.
    Term {
        text: Option<String> = "Text", EXPECTED.max(255).loose("");
        qualifier: Option<String> = "Qualifier", OPTIONAL.max(35).loose("Qualifier");
        code: Option<String> = "Code", OPTIONAL.max(35);
    }
}
