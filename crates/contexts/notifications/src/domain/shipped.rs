//! The wordings that come with the product, in every language that it speaks.
//!
//! What leaves says that there is something, never what: no test, medicine, claim, name, date or number.

use super::{Intent, Wording};

/// Languages, the first for whoever speaks none of them.
pub const LANGUAGES: [&str; 2] = ["en", "es"];

/// Subject, short text, title, text.
type Words = [&'static str; 4];

/// The wording of an intent in a language, or else in the first language.
#[must_use]
pub fn shipped(intent: Intent, language: &str) -> Wording {
    let [subject, short, title, body] = match language {
        "es" => spanish(intent),
        _ => english(intent),
    };
    Wording {
        subject: subject.to_owned(),
        short: short.to_owned(),
        title: title.to_owned(),
        body: body.to_owned(),
    }
}

const MESSAGE_EN: [&str; 2] = [
    "You have a new message from {organisation}",
    "{organisation}: you have a new message. Sign in to read it: {link}",
];
const MESSAGE_ES: [&str; 2] = [
    "Tiene un mensaje nuevo de {organisation}",
    "{organisation}: tiene un mensaje nuevo. Inicie sesión para leerlo: {link}",
];

fn english(intent: Intent) -> Words {
    let [subject, short] = MESSAGE_EN;
    match intent {
        Intent::AppointmentBooked => [
            "Your appointment at {organisation} is booked",
            "{organisation}: your appointment is booked. Sign in for the details: {link}",
            "Appointment booked",
            "Your appointment[ with {who}] is on {when}[ at {place}].",
        ],
        Intent::AppointmentMoved => [
            "Your appointment at {organisation} has changed",
            "{organisation}: your appointment has changed. Sign in for the details: {link}",
            "Appointment changed",
            "The appointment[ of {patient}][ with {who}] is now on {when}[ at {place}].",
        ],
        Intent::AppointmentCancelled => [
            "Your appointment at {organisation} is cancelled",
            "{organisation}: your appointment is cancelled. Sign in for the details: {link}",
            "Appointment cancelled",
            "The appointment[ of {patient}][ with {who}][ on {when}] is cancelled.",
        ],
        Intent::AppointmentReminder => [
            "You have an appointment at {organisation} soon",
            "{organisation}: you have an appointment soon. Sign in for the details: {link}",
            "Appointment soon",
            "Your appointment[ with {who}] is on {when}[ at {place}].",
        ],
        Intent::WaitlistOffer => [
            "{organisation} has an offer for you",
            "{organisation}: an offer waits for your answer. Sign in soon: {link}",
            "An earlier appointment is offered",
            "An earlier appointment is free. Please answer before {when}.",
        ],
        Intent::ResultAvailable => [
            subject,
            short,
            "New results",
            "New results[ of {what}] can be read in your record.",
        ],
        Intent::CriticalResult => [
            "An urgent message waits for you at {organisation}",
            "{organisation}: an urgent message waits for you. Sign in now: {link}",
            "Critical result",
            "A critical result[ of {what}][ for {patient}] needs attention at once.",
        ],
        Intent::PrescriptionReady => [
            subject,
            "{organisation}: something is ready for you. Sign in for the details: {link}",
            "Prescription ready",
            "Your prescription[ of {what}] can be collected.",
        ],
        Intent::ClaimStatus => [
            subject,
            short,
            "Claim decided",
            "Your insurer has decided a claim[: {what}].",
        ],
        Intent::AuthorisationDecided => [
            subject,
            short,
            "Authorisation decided",
            "Your insurer has decided on an authorisation[: {what}].",
        ],
        Intent::TaskAssigned => [
            "Something is waiting for you at {organisation}",
            "{organisation}: something new is waiting for you. Sign in: {link}",
            "Task assigned",
            "A task is assigned to you[: {what}][, for {patient}][, due {when}].",
        ],
        Intent::Digest => [
            "{count} new messages from {organisation}",
            "{organisation}: {count} new messages wait for you. Sign in to read them: {link}",
            "{what} new messages",
            "{what} new messages came since the last summary.",
        ],
        Intent::Test => [
            "A test message from {organisation}",
            "{organisation}: this is a test. Nothing needs to be done. {link}",
            "Test message",
            "This is a test. Nothing needs to be done.",
        ],
    }
}

fn spanish(intent: Intent) -> Words {
    let [subject, short] = MESSAGE_ES;
    match intent {
        Intent::AppointmentBooked => [
            "Su cita en {organisation} está reservada",
            "{organisation}: su cita está reservada. Inicie sesión para ver los detalles: {link}",
            "Cita reservada",
            "Su cita[ con {who}] es el {when}[ en {place}].",
        ],
        Intent::AppointmentMoved => [
            "Su cita en {organisation} ha cambiado",
            "{organisation}: su cita ha cambiado. Inicie sesión para ver los detalles: {link}",
            "Cita cambiada",
            "La cita[ de {patient}][ con {who}] es ahora el {when}[ en {place}].",
        ],
        Intent::AppointmentCancelled => [
            "Su cita en {organisation} está cancelada",
            "{organisation}: su cita está cancelada. Inicie sesión para ver los detalles: {link}",
            "Cita cancelada",
            "La cita[ de {patient}][ con {who}][ del {when}] está cancelada.",
        ],
        Intent::AppointmentReminder => [
            "Tiene pronto una cita en {organisation}",
            "{organisation}: tiene pronto una cita. Inicie sesión para ver los detalles: {link}",
            "Cita próxima",
            "Su cita[ con {who}] es el {when}[ en {place}].",
        ],
        Intent::WaitlistOffer => [
            "{organisation} tiene una oferta para usted",
            "{organisation}: una oferta espera su respuesta. Inicie sesión pronto: {link}",
            "Se ofrece una cita antes",
            "Hay libre una cita anterior. Responda antes del {when}.",
        ],
        Intent::ResultAvailable => [
            subject,
            short,
            "Resultados nuevos",
            "Ya puede leer resultados nuevos[ de {what}] en su historia.",
        ],
        Intent::CriticalResult => [
            "Un mensaje urgente le espera en {organisation}",
            "{organisation}: le espera un mensaje urgente. Inicie sesión ahora: {link}",
            "Resultado crítico",
            "Un resultado crítico[ de {what}][ de {patient}] requiere atención inmediata.",
        ],
        Intent::PrescriptionReady => [
            subject,
            "{organisation}: algo está listo para usted. Inicie sesión para ver los detalles: {link}",
            "Receta lista",
            "Ya puede recoger su receta[ de {what}].",
        ],
        Intent::ClaimStatus => [
            subject,
            short,
            "Reclamación resuelta",
            "Su aseguradora ha resuelto una reclamación[: {what}].",
        ],
        Intent::AuthorisationDecided => [
            subject,
            short,
            "Autorización resuelta",
            "Su aseguradora ha resuelto una autorización[: {what}].",
        ],
        Intent::TaskAssigned => [
            "Algo le espera en {organisation}",
            "{organisation}: algo nuevo le espera. Inicie sesión: {link}",
            "Tarea asignada",
            "Se le ha asignado una tarea[: {what}][, para {patient}][, para el {when}].",
        ],
        Intent::Digest => [
            "{count} mensajes nuevos de {organisation}",
            "{organisation}: le esperan {count} mensajes nuevos. Inicie sesión para leerlos: {link}",
            "{what} mensajes nuevos",
            "Han llegado {what} mensajes nuevos desde el último resumen.",
        ],
        Intent::Test => [
            "Un mensaje de prueba de {organisation}",
            "{organisation}: esto es una prueba. No tiene que hacer nada. {link}",
            "Mensaje de prueba",
            "Esto es una prueba. No tiene que hacer nada.",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::super::{OpenValues, PrivateValues};
    use super::*;

    /// Beginnings of words that say what kind of care somebody gets.
    const TELLING: &[&str] = &[
        "result",
        "lab",
        "test of",
        "critical",
        "prescri",
        "medic",
        "drug",
        "claim",
        "insur",
        "authori",
        "diagnos",
        "treat",
        "patient",
        "doctor",
        "crític",
        "recet",
        "asegur",
        "reclam",
        "autoriz",
        "pacient",
        "tratam",
        "análisis",
    ];

    fn all() -> impl Iterator<Item = (Intent, &'static str, Wording)> {
        LANGUAGES.into_iter().flat_map(|language| {
            Intent::all().map(move |intent| (intent, language, shipped(intent, language)))
        })
    }

    #[test]
    fn every_wording_can_be_used() {
        for (intent, language, wording) in all() {
            assert_eq!(wording.check(), Ok(()), "{intent:?} {language}");
        }
    }

    #[test]
    fn nothing_that_leaves_carries_or_hints_at_health_information() {
        const CANARY: &str = "canary";
        let values = OpenValues {
            organisation: "North".to_owned(),
            link: "https://ehr.example.org/".to_owned(),
            count: 3,
        };
        for (intent, language, wording) in all() {
            let open = wording.open(&values).unwrap();
            for text in [open.subject.as_str(), open.short.as_str()] {
                let lower = text.to_lowercase();
                let told: Vec<_> = TELLING
                    .iter()
                    .filter(|word| lower.contains(**word))
                    .collect();
                assert!(
                    told.is_empty(),
                    "{intent:?} {language} says {told:?}: {text}"
                );
                assert!(!lower.contains(CANARY) && !text.contains('{'), "{text}");
            }
            assert!(
                !open.subject.as_str().contains("https:"),
                "{text}",
                text = open.subject.as_str()
            );
        }
    }

    #[test]
    fn what_is_read_inside_says_what_it_is_about() {
        let canary = || Some("canary".to_owned());
        let values = PrivateValues {
            organisation: canary(),
            who: canary(),
            patient: canary(),
            when: canary(),
            place: canary(),
            what: canary(),
        };
        for (intent, language, wording) in all() {
            let said = wording.private(&values).unwrap();
            let tells = said.body.contains("canary");
            assert_eq!(tells, intent != Intent::Test, "{intent:?} {language}");
        }
    }

    #[test]
    fn an_unknown_language_is_answered_in_the_first() {
        let english = shipped(Intent::Test, LANGUAGES[0]);
        assert_eq!(shipped(Intent::Test, "tlh"), english);
        assert_ne!(shipped(Intent::Test, "es"), english);
    }
}
