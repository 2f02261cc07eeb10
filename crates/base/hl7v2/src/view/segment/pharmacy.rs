//! Orders, dispenses and administrations of medicines.

use super::segments;

segments! {
    /// RXO: what was ordered.
    Rxo "RXO" {
        /// The medicine.
        1 medicine -> one Cwe;
        /// Least amount.
        2 amount -> one Leaf;
        /// Most amount.
        3 maximum -> one Leaf;
        /// Units.
        4 units -> one Cwe;
        /// Form.
        5 form -> one Cwe;
        /// Instructions to the pharmacy.
        6 pharmacy_instructions -> each Cwe;
        /// Instructions for use.
        7 administration_instructions -> each Cwe;
        /// How much to dispense.
        11 dispense_amount -> one Leaf;
        /// In what units.
        12 dispense_units -> one Cwe;
        /// Refills.
        13 refills -> one Leaf;
    }
    /// RXE: what the pharmacy understood.
    Rxe "RXE" {
        /// Timing, before version 2.5.
        1 timing -> one Tq;
        /// The medicine.
        2 medicine -> one Cwe;
        /// Least amount.
        3 amount -> one Leaf;
        /// Most amount.
        4 maximum -> one Leaf;
        /// Units.
        5 units -> one Cwe;
        /// Form.
        6 form -> one Cwe;
        /// Instructions for use.
        7 administration_instructions -> each Cwe;
        /// Substitution; table 0167.
        9 substitution -> one Leaf;
        /// How much to dispense.
        10 dispense_amount -> one Leaf;
        /// In what units.
        11 dispense_units -> one Cwe;
        /// Refills.
        12 refills -> one Leaf;
        /// Who ordered it.
        13 ordering_providers -> each Xcn;
        /// Who verified it.
        14 verifiers -> each Xcn;
        /// Prescription number.
        15 prescription_number -> one Leaf;
        /// Total daily dose.
        19 daily_dose -> one Cq;
        /// The pharmacy's special instructions.
        21 dispensing_instructions -> each Cwe;
        /// Per what time.
        22 give_per -> one Leaf;
        /// Rate.
        23 rate -> one Leaf;
        /// Its units.
        24 rate_units -> one Cwe;
        /// Strength.
        25 strength -> one Leaf;
        /// Its units.
        26 strength_units -> one Cwe;
        /// Indications.
        27 indications -> each Cwe;
    }
    /// RXD: what was dispensed.
    Rxd "RXD" {
        /// Number of the dispense.
        1 counter -> one Leaf;
        /// The medicine.
        2 medicine -> one Cwe;
        /// When.
        3 dispensed -> one Leaf;
        /// How much.
        4 amount -> one Leaf;
        /// Units.
        5 units -> one Cwe;
        /// Form.
        6 form -> one Cwe;
        /// Prescription number.
        7 prescription_number -> one Leaf;
        /// Refills left.
        8 refills_left -> one Leaf;
        /// Notes.
        9 notes -> each Leaf;
        /// Who dispensed it.
        10 dispensers -> each Xcn;
        /// Substitution; table 0167.
        11 substitution -> one Leaf;
        /// Total daily dose.
        12 daily_dose -> one Cq;
        /// Strength.
        16 strength -> one Leaf;
        /// Its units.
        17 strength_units -> one Cwe;
        /// Lot numbers.
        18 lots -> each Leaf;
        /// When they expire.
        19 expirations -> each Leaf;
        /// Manufacturers.
        20 manufacturers -> each Cwe;
    }
    /// RXA: what was administered.
    Rxa "RXA" {
        /// Number of the administration.
        2 counter -> one Leaf;
        /// Started.
        3 start -> one Leaf;
        /// Ended.
        4 end -> one Leaf;
        /// The medicine or vaccine.
        5 medicine -> one Cwe;
        /// How much; 999 when not known.
        6 amount -> one Leaf;
        /// Units.
        7 units -> one Cwe;
        /// Form.
        8 form -> one Cwe;
        /// Notes, such as new or historical record.
        9 notes -> each Cwe;
        /// Who administered it.
        10 administrators -> each Xcn;
        /// Where.
        11 location -> one Pl;
        /// Lot numbers.
        15 lots -> each Leaf;
        /// When they expire.
        16 expirations -> each Leaf;
        /// Manufacturers.
        17 manufacturers -> each Cwe;
        /// Why it was refused.
        18 refusals -> each Cwe;
        /// Why it was given.
        19 indications -> each Cwe;
        /// Complete, refused, …; table 0322.
        20 completion -> one Leaf;
        /// Add, delete, update; table 0206.
        21 action -> one Leaf;
        /// When it was entered.
        22 entered -> one Leaf;
    }
    /// RXR: the route.
    Rxr "RXR" {
        /// Route; table 0162.
        1 route -> one Cwe;
        /// Site; table 0550.
        2 site -> one Cwe;
        /// Device.
        3 device -> one Cwe;
        /// Method.
        4 method -> one Cwe;
    }
    /// RXC: a component of a compound.
    Rxc "RXC" {
        /// Base or additive; table 0166.
        1 kind -> one Leaf;
        /// The component.
        2 medicine -> one Cwe;
        /// How much.
        3 amount -> one Leaf;
        /// Units.
        4 units -> one Cwe;
        /// Strength.
        5 strength -> one Leaf;
        /// Its units.
        6 strength_units -> one Cwe;
    }
}
