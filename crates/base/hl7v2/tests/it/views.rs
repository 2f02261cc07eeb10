//! Typed views.

use mt_hl7v2::Message;
use mt_hl7v2::view::segment::{Pid, Pv1};
use mt_hl7v2::view::{Adt, View};

fn texts<'m>(parts: impl Iterator<Item = mt_hl7v2::datatype::Leaf<'m>>) -> Vec<String> {
    parts.map(|part| part.text().into_owned()).collect()
}

#[test]
fn an_admission_shows_patient_visit_and_allergies() {
    let message = Message::parse(include_bytes!("../data/adt-a01.hl7")).unwrap();
    let View::Adt(adt) = message.view() else {
        panic!("not an ADT")
    };
    assert_eq!(adt.header.message_type().event().text(), "A01");
    assert_eq!(
        adt.event
            .unwrap()
            .recorded()
            .timestamp()
            .unwrap()
            .to_iso_date(),
        "2026-04-19"
    );
    let [patient] = &adt.patients[..] else {
        panic!("one patient")
    };
    let identity = patient.identity.unwrap();
    let identifiers: Vec<_> = identity.identifiers().collect();
    assert_eq!(identifiers[0].id().text(), "4711");
    assert_eq!(
        identifiers[0].assigning_authority().universal_id().text(),
        "1.2.3.4"
    );
    assert_eq!(identifiers[1].type_code().text(), "SS");
    assert_eq!(
        texts(identity.names().map(|name| name.family())),
        ["Müller", "Mueller"]
    );
    assert_eq!(identity.addresses().next().unwrap().country().text(), "DEU");
    let visit = patient.visit.unwrap();
    assert_eq!(visit.location().room().text(), "101");
    let attending = visit.attending().next().unwrap();
    assert_eq!(
        attending.assigning_authority().universal_id().text(),
        "2.16.840.1.113883.4.6"
    );
    assert!(visit.vip().is_null());
    assert_eq!(
        texts(patient.allergies[0].reactions()),
        ["Hives", "Wheezing & cough"]
    );
    assert_eq!(patient.others.len(), 1);
}

#[test]
fn results_are_grouped_by_order_with_their_notes_and_specimens() {
    let message = Message::parse(include_bytes!("../data/oru-r01.hl7")).unwrap();
    let View::Results(oru) = message.view() else {
        panic!("not an ORU")
    };
    let [group] = &oru.groups[..] else {
        panic!("one patient")
    };
    let [count, glucose] = &group.orders[..] else {
        panic!("two orders")
    };
    assert_eq!(count.common.unwrap().filler_number().id().text(), "F-1");
    assert_eq!(count.request.unwrap().service().code().text(), "57021-8");
    assert_eq!(count.notes.len(), 1);
    assert_eq!(count.observations.len(), 4);
    assert_eq!(
        texts(count.observations[0].notes[0].comments()),
        ["Checked twice."]
    );
    let obx = count.observations[1].result;
    let number = mt_hl7v2::datatype::Sn::from(obx.segment().field(5).repetition(1));
    assert_eq!(
        (number.comparator().text(), number.first().text()),
        (">".into(), "14.2".into())
    );
    let lines = count.observations[2].result.segment().field(5);
    let lines: Vec<_> = lines
        .repetitions()
        .map(|line| line.formatted_text())
        .collect();
    assert_eq!(lines, ["Line one.\nLine two.", "Second value"]);
    let pdf = count.observations[3]
        .result
        .segment()
        .field(5)
        .repetition(1);
    let pdf = mt_hl7v2::datatype::Ed::from(pdf);
    assert_eq!(
        (pdf.subtype().text(), pdf.encoding().text()),
        ("pdf".into(), "Base64".into())
    );
    assert_eq!(
        count.specimens[0].specimen.kind().code().text(),
        "119297000"
    );
    assert_eq!(count.specimens[0].observations.len(), 1);
    assert_eq!(glucose.observations[0].result.status().text(), "X");
}

#[test]
fn results_by_specimen_keep_request_common_order_and_results_together() {
    let text = "MSH|^~\\&|A|B|C|D|20260419||OUL^R22^OUL_R22|1|P|2.5.1\r\
        PID|1||4711\r\
        SPM|1|S-1\rOBX|1|NM|VOL||5\rSAC|||C-1\r\
        OBR|1|P-1\rORC|RE|P-1\rOBX|1|NM|GLU||5.4\rOBR|2|P-2\rORC|RE|P-2\rOBX|1|NM|NA||140\r\
        SPM|2|S-2\rOBR|3|P-3\rORC|RE|P-3\rOBX|1|NM|K||4.1\r";
    let message = Message::parse(text.as_bytes()).unwrap();
    let View::Results(results) = message.view() else {
        panic!()
    };
    let seen: Vec<String> = results
        .orders()
        .map(|order| {
            let placer = order
                .common
                .unwrap()
                .placer_number()
                .id()
                .text()
                .into_owned();
            let codes = order.observations.iter().map(|one| one.result.identifier());
            format!(
                "{placer}: {} on {} specimens with {} observations",
                texts(codes.map(|code| code.code())).join(" "),
                order.specimens.len(),
                order
                    .specimens
                    .iter()
                    .map(|one| one.observations.len())
                    .sum::<usize>(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            "P-1: GLU on 1 specimens with 1 observations",
            "P-2: NA on 0 specimens with 0 observations",
            "P-3: K on 1 specimens with 0 observations",
        ]
    );
}

#[test]
fn orders_prescriptions_dispenses_and_vaccinations_are_told_apart() {
    let orders = |text: &str| {
        let message = Message::parse(text.as_bytes()).unwrap();
        let (View::Orders(view) | View::Pharmacy(view) | View::Vaccinations(view)) = message.view()
        else {
            panic!("no orders");
        };
        view.orders()
            .map(|order| {
                [
                    ("ORC", order.common.is_some()),
                    ("OBR", order.request.is_some()),
                    ("RXO", order.prescription.is_some()),
                    ("RXE", order.encoded.is_some()),
                    ("RXD", order.dispense.is_some()),
                    ("RXA", order.administration.is_some()),
                    ("TQ1", !order.timings.is_empty()),
                    ("RXR", !order.routes.is_empty()),
                    ("OBX", !order.observations.is_empty()),
                ]
                .iter()
                .filter(|(_, present)| *present)
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(" ")
            })
            .collect::<Vec<_>>()
    };
    let message = |kind: &str, names: &str| {
        let segments: Vec<String> = names.split(' ').map(|name| format!("{name}|1")).collect();
        format!(
            "MSH|^~\\&|||||2026||{kind}|1|P|2.5\rPID|1\r{}",
            segments.join("\r")
        )
    };
    for (kind, names, expected) in [
        (
            "ORM^O01",
            "ORC TQ1 OBR NTE OBX ORC OBR",
            &["ORC OBR TQ1 OBX", "ORC OBR"][..],
        ),
        ("ORM^O01", "OBR OBX OBR", &["OBR OBX", "OBR"]),
        (
            "RDE^O11",
            "ORC RXO RXR RXE RXR ORC RXE",
            &["ORC RXO RXE RXR", "ORC RXE"],
        ),
        (
            "RDS^O13",
            "ORC RXE RXD RXR RXD",
            &["ORC RXE RXD RXR", "RXD"],
        ),
        (
            "VXU^V04",
            "ORC RXA RXR OBX ORC RXA",
            &["ORC RXA RXR OBX", "ORC RXA"],
        ),
        ("VXU^V04", "RXA OBX RXA", &["RXA OBX", "RXA"]),
    ] {
        assert_eq!(orders(&message(kind, names)), expected, "{kind} {names}");
    }
}

#[test]
fn merges_and_links_show_every_patient() {
    let message = Message::parse(
        b"MSH|^~\\&|||||2026||ADT^A40|1|P|2.5\rEVN||2026\rPID|||A\rMRG|B\rPID|||C\rMRG|D\rPV1|1|I",
    )
    .unwrap();
    let adt = Adt::of(&message);
    let pairs: Vec<_> = adt
        .patients
        .iter()
        .map(|p| {
            let kept = p
                .identity
                .unwrap()
                .identifiers()
                .next()
                .unwrap()
                .id()
                .text();
            let gone = p
                .merge
                .unwrap()
                .prior_identifiers()
                .next()
                .unwrap()
                .id()
                .text();
            (kept, gone)
        })
        .collect();
    assert_eq!(pairs, [("A".into(), "B".into()), ("C".into(), "D".into())]);
    assert!(adt.patients[1].visit.is_some());
}

#[test]
fn an_appointment_shows_its_resources() {
    let message = Message::parse(b"MSH|^~\\&|||||2026||SIU^S12|1|P|2.5\rSCH|P1|F1|||||||||^^^20260501090000^20260501093000||||||||||||||Booked\rNTE|1||bring films\rPID|||A\rRGS|1\rAIS|1||CONS\rAIL|1||ROOM5\rAIP|1||77^Welby\rNTE|1||late").unwrap();
    let View::Siu(siu) = message.view() else {
        panic!("not a SIU")
    };
    let timing = siu.appointment.unwrap().timings().next().unwrap();
    assert_eq!(timing.start().text(), "20260501090000");
    assert_eq!(siu.patients.len(), 1);
    let [resources] = &siu.resources[..] else {
        panic!("one group")
    };
    assert_eq!(
        resources.persons[0]
            .persons()
            .next()
            .unwrap()
            .family()
            .text(),
        "Welby"
    );
    assert_eq!(
        resources.locations[0]
            .locations()
            .next()
            .unwrap()
            .point_of_care()
            .text(),
        "ROOM5"
    );
    assert_eq!((siu.notes.len(), resources.notes.len()), (1, 1));
}

#[test]
fn a_document_keeps_its_body_apart_from_orders() {
    let message = Message::parse(b"MSH|^~\\&|||||2026||MDM^T02|1|P|2.5\rEVN||2026\rPID|||A\rPV1|1|O\rORC|RE\rOBR|1\rTXA|1|DS|TX|||||||||D1\rOBX|1|TX|||one\rNTE|1||x\rOBX|2|TX|||two").unwrap();
    let View::Mdm(mdm) = message.view() else {
        panic!("not an MDM")
    };
    assert_eq!(mdm.document.unwrap().document_number().id().text(), "D1");
    assert_eq!(mdm.body.len(), 2);
    assert_eq!(mdm.body[0].notes.len(), 1);
    assert_eq!(mdm.orders.len(), 1);
    assert!(mdm.orders[0].observations.is_empty());
}

#[test]
fn charges_keep_their_diagnoses_and_procedures() {
    let message = Message::parse(b"MSH|^~\\&|||||2026||DFT^P03|1|P|2.5\rEVN||2026\rPID|||A\rPV1|1|O\rFT1|1|T1||20260419||CG|80053|||1|150.00^USD\rDG1|1||E11.9\rPR1|1||80053\rFT1|2|T2||20260419||CG|85025\rIN1|1|PLAN|CO").unwrap();
    let View::Dft(dft) = message.view() else {
        panic!("not a DFT")
    };
    assert_eq!(dft.transactions.len(), 2);
    assert_eq!(
        dft.transactions[0]
            .transaction
            .extended_amount()
            .amount()
            .text(),
        "150.00"
    );
    assert_eq!(dft.transactions[0].diagnoses.len(), 1);
    assert_eq!(dft.transactions[0].procedures.len(), 1);
    assert_eq!(dft.patient.insurances.len(), 1);
}

#[test]
fn a_segment_view_takes_only_its_own_segment() {
    let message = Message::parse(b"MSH|^~\\&|A\rPID|1\r").unwrap();
    assert!(message.first(Pid::of).is_some());
    assert!(message.first(Pv1::of).is_none());
    assert!(matches!(message.view(), View::Other));
}
