//! One well-formed document of every kind, from made-up data, for the tests to build and break.

mod claims;

pub(crate) use claims::{institutional, professional, professional_for_child};
use mt_x12::model::*;
use mt_x12::write::{InterchangeHeader, WriteError};
use mt_x12::{Document, build};
use rust_decimal::Decimal;

pub(crate) const NPI: &str = "1234567893";
pub(crate) const NPI2: &str = "1245319599";

pub(crate) fn money(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn text(value: &str) -> String {
    value.to_owned()
}

pub(crate) fn header() -> InterchangeHeader {
    InterchangeHeader {
        sender: (text("ZZ"), text("MEDITRACK")),
        receiver: (text("ZZ"), text("PAYER01")),
        date: text("20260601"),
        time: text("1200"),
        control_number: 905,
        request_acknowledgment: true,
        test: true,
    }
}

pub(crate) fn write<D: Document>(document: &D) -> Result<String, WriteError> {
    build(std::slice::from_ref(document), &header())
}

fn address() -> Address {
    Address {
        line1: text("100 MAIN ST"),
        city: text("COLUMBUS"),
        state: text("OH"),
        postal_code: text("432151234"),
        ..Address::default()
    }
}

fn payer() -> Party {
    Party::organization("EXAMPLE HEALTH PLAN", "PI", "PAYER01")
}

fn clinic() -> Party {
    Party::organization("ANYTOWN CLINIC", "XX", NPI)
}

fn jane() -> Party {
    Party {
        middle: text("A"),
        ..Party::person("DOE", "JANE", "MI", "MBR0001")
    }
}

fn john() -> Party {
    Party::person("DOE", "JOHN", "", "")
}

fn birth() -> Demographics {
    Demographics::new("19850515", "F")
}

pub(crate) fn inquiry() -> EligibilityInquiry {
    EligibilityInquiry {
        reference: text("REQ-0001"),
        date: text("20260601"),
        time: text("1200"),
        payer: payer(),
        provider: clinic(),
        subscriber: Member {
            party: jane(),
            demographics: Some(birth()),
            ..Member::default()
        },
        dependent: None,
        trace: Some(Trace::new("ELIG20260601001", "9MEDITRACK")),
        service_date: text("20260601"),
        questions: vec![
            Question {
                service_types: vec![text("30"), text("98")],
                procedure: None,
            },
            Question {
                service_types: vec![],
                procedure: Some(Procedure::hcpcs("99213", &["25"])),
            },
        ],
    }
}

pub(crate) fn dependent_inquiry() -> EligibilityInquiry {
    let child = Demographics::new("20150101", "M");
    EligibilityInquiry {
        subscriber: Member {
            party: jane(),
            ..Member::default()
        },
        dependent: Some(Member {
            party: john(),
            demographics: Some(child),
            ..Member::default()
        }),
        ..inquiry()
    }
}

pub(crate) fn benefits() -> EligibilityResponse {
    let active = Benefit {
        information: text("1"),
        coverage_level: text("IND"),
        service_types: vec![text("30")],
        insurance_type: text("HM"),
        plan: text("GOLD PLAN"),
        dates: vec![(text("346"), text("20260101"))],
        ..Benefit::default()
    };
    let copay = Benefit {
        information: text("B"),
        service_types: vec![text("98")],
        period: text("27"),
        amount: Some(money("25.5")),
        in_network: text("Y"),
        messages: vec![text("PER VISIT")],
        ..Benefit::default()
    };
    let coinsurance = Benefit {
        information: text("A"),
        service_types: vec![text("48"), text("50")],
        percent: Some(money("0.2")),
        references: vec![Reference::new("18", "PLAN1")],
        entities: vec![(
            text("P3"),
            Party::person("JONES", "MARCUS", "XX", NPI2),
            vec![Contact::telephone("DESK", "5551234567")],
        )],
        ..Benefit::default()
    };
    EligibilityResponse {
        reference: text("REQ-0001"),
        date: text("20260601"),
        time: text("1201"),
        payer: payer(),
        provider: clinic(),
        subscribers: vec![SubscriberAnswer {
            member: MemberAnswer {
                traces: vec![Trace {
                    kind: text("2"),
                    number: text("ELIG20260601001"),
                    originator: text("9MEDITRACK"),
                }],
                member: Member {
                    party: jane(),
                    address: Some(address()),
                    demographics: Some(birth()),
                    references: vec![Reference::new("6P", "GRP1")],
                },
                dates: vec![(text("291"), text("20260101-20261231"))],
                benefits: vec![active, copay, coinsurance],
                ..MemberAnswer::default()
            },
            dependents: vec![],
        }],
        ..EligibilityResponse::default()
    }
}

pub(crate) fn not_found() -> EligibilityResponse {
    let mut answer = benefits();
    let member = &mut answer.subscribers[0].member;
    member.benefits.clear();
    member.dates.clear();
    member.rejections = vec![Rejection {
        valid: false,
        reason: text("75"),
        follow_up: text("C"),
    }];
    answer
}

pub(crate) fn status_request() -> StatusRequest {
    StatusRequest {
        reference: text("STAT1"),
        date: text("20260601"),
        time: text("1200"),
        payer: payer(),
        receiver: Party::organization("ANYTOWN CLINIC", "46", "SUB001"),
        provider: clinic(),
        subscriber: jane(),
        subscriber_demographics: Some(birth()),
        dependent: None,
        claims: vec![ClaimQuery {
            trace: text("TRACE1"),
            references: vec![Reference::new("1K", "ICN1"), Reference::new("EJ", "ACCT1")],
            charge: Some(money("150")),
            service_date: text("20260520"),
        }],
    }
}

pub(crate) fn status_response() -> StatusResponse {
    let paid = Status {
        category: text("F1"),
        code: text("65"),
        date: text("20260601"),
        charge: Some(money("150")),
        paid: Some(money("120")),
        paid_date: text("20260530"),
        check_date: text("20260531"),
        check_number: text("CHK1"),
        ..Status::default()
    };
    let line_status = Status {
        category: text("F1"),
        code: text("65"),
        date: text("20260601"),
        ..Status::default()
    };
    StatusResponse {
        reference: text("STAT1"),
        date: text("20260601"),
        time: text("1200"),
        payer: payer(),
        payer_contact: Some(Contact::telephone("HELP DESK", "5550001111")),
        receiver: Party::organization("ANYTOWN CLINIC", "46", "SUB001"),
        provider: Some(clinic()),
        claims: vec![ClaimStatus {
            subscriber: jane(),
            trace: text("TRACE1"),
            statuses: vec![paid],
            references: vec![Reference::new("1K", "ICN1")],
            service_date: text("20260520"),
            lines: vec![LineStatus {
                procedure: Procedure::hcpcs("99213", &[]),
                charge: money("150"),
                paid: money("120"),
                units: money("1"),
                statuses: vec![line_status],
                line_number: text("L1"),
                service_date: text("20260520"),
            }],
            ..ClaimStatus::default()
        }],
        ..StatusResponse::default()
    }
}

pub(crate) fn claim_acknowledgment() -> ClaimAcknowledgment {
    let status = |category: &str, code: &str, action: &str, charge: &str| Status {
        category: text(category),
        code: text(code),
        date: text("20260601"),
        action: text(action),
        charge: Some(money(charge)),
        ..Status::default()
    };
    let claim = |id: &str, status: Status, number: Option<&str>| AcknowledgedClaim {
        patient: jane(),
        claim_id: text(id),
        statuses: vec![status],
        references: number
            .map(|number| Reference::new("1K", number))
            .into_iter()
            .collect(),
        service_date: text("20260520"),
    };
    ClaimAcknowledgment {
        reference: text("ACK1"),
        date: text("20260601"),
        time: text("1200"),
        payer: payer(),
        payer_trace: text("PT1"),
        received: text("20260601"),
        processed: text("20260601"),
        receiver: Party::organization("MEDITRACK", "46", "SUB001"),
        batch: text("BATCH1"),
        statuses: vec![status("A1", "20", "WQ", "250")],
        accepted: Some((1, money("150"))),
        rejected: Some((1, money("100"))),
        providers: vec![AcknowledgedProvider {
            provider: clinic(),
            trace: text("PROV1"),
            statuses: vec![Status {
                date: String::new(),
                ..status("A1", "19", "WQ", "250")
            }],
            claims: vec![
                claim("CLM1", status("A2", "20", "WQ", "150"), Some("ICN1")),
                claim("CLM2", status("A7", "562", "U", "100"), None),
            ],
        }],
    }
}

pub(crate) fn remittance() -> Remittance {
    let adjust = |group: &str, reason: &str, amount: &str| Adjustment {
        group: text(group),
        reason: text(reason),
        amount: money(amount),
        quantity: None,
    };
    Remittance {
        payment: Payment {
            handling: text("I"),
            amount: money("445.25"),
            method: text("ACH"),
            format: text("CCP"),
            payer_bank: (text("01"), text("123456789")),
            payer_account: (text("DA"), text("987654321")),
            originator: text("1512345678"),
            payee_bank: (text("01"), text("111111111")),
            payee_account: (text("DA"), text("222222222")),
            date: text("20260601"),
            trace: text("EFT0012345"),
            trace_originator: text("1512345678"),
        },
        production_date: text("20260531"),
        payer: Payer {
            name: text("EXAMPLE HEALTH PLAN"),
            address: address(),
            references: vec![Reference::new("2U", "PAYER01")],
            technical_contact: Contact::telephone("EDI DESK", "5551234567"),
        },
        payee: Payee {
            name: text("ANYTOWN CLINIC"),
            qualifier: text("XX"),
            id: text(NPI),
            address: Some(address()),
            references: vec![Reference::new("TJ", "123456789")],
        },
        claims: vec![ClaimPayment {
            claim_id: text("PT-ACCT-001"),
            status: text("1"),
            charge: money("500"),
            paid: money("450"),
            patient_responsibility: Some(money("20")),
            filing: text("12"),
            payer_claim_number: text("ICN1"),
            facility: text("11"),
            frequency: text("1"),
            patient: jane(),
            parties: vec![(text("82"), Party::person("HOUSE", "ANNA", "XX", NPI2))],
            references: vec![Reference::new("EA", "MRN1")],
            dates: vec![
                (text("232"), text("20260520")),
                (text("233"), text("20260520")),
            ],
            amounts: vec![(text("AU"), money("450"))],
            lines: vec![
                ServicePayment {
                    procedure: Procedure::hcpcs("99213", &["25"]),
                    charge: money("300"),
                    paid: money("250"),
                    units: Some(money("1")),
                    dates: vec![(text("472"), text("20260520"))],
                    adjustments: vec![adjust("CO", "45", "30"), adjust("PR", "3", "20")],
                    references: vec![Reference::new("6R", "L1")],
                    amounts: vec![(text("B6"), money("270"))],
                    remarks: vec![text("N130")],
                    ..ServicePayment::default()
                },
                ServicePayment {
                    procedure: Procedure::hcpcs("85025", &[]),
                    charge: money("200"),
                    paid: money("200"),
                    dates: vec![(text("472"), text("20260520"))],
                    references: vec![Reference::new("6R", "L2")],
                    ..ServicePayment::default()
                },
            ],
            ..ClaimPayment::default()
        }],
        provider_adjustments: vec![ProviderAdjustment {
            provider: text(NPI),
            fiscal_period: text("20261231"),
            reason: text("WO"),
            reference: text("ICN0"),
            amount: money("4.75"),
        }],
    }
}

pub(crate) fn review_request() -> ReviewRequest {
    ReviewRequest {
        reference: text("AUTH1"),
        date: text("20260601"),
        time: text("1200"),
        reviewer: payer(),
        requester: clinic(),
        contact: Some(Contact::telephone("DESK", "5551234567")),
        subscriber: jane(),
        subscriber_demographics: Some(birth()),
        dependent: None,
        event: ReviewEvent {
            traces: vec![Trace::new("AUTHTRACE1", "9MEDITRACK")],
            category: text("HS"),
            certification: text("I"),
            service_type: text("62"),
            facility: (text("11"), text("B")),
            date: Some((text("AAH"), text("20260610"))),
            diagnoses: vec![(text("ABK"), text("M545"))],
            providers: vec![(text("SJ"), Party::person("HOUSE", "ANNA", "XX", NPI2))],
            services: vec![ReviewService {
                date: text("20260610"),
                procedure: Some(Procedure::hcpcs("72148", &[])),
                charge: Some(money("900")),
                units: Some(money("1")),
                ..ReviewService::default()
            }],
            ..ReviewEvent::default()
        },
    }
}

pub(crate) fn review_response() -> ReviewResponse {
    let request = review_request();
    let certified = Decision {
        action: text("A1"),
        number: text("AUTH777"),
        reason: String::new(),
    };
    let mut event = request.event;
    event.traces[0].kind = text("2");
    event.decision = Some(certified.clone());
    event.services[0].decision = Some(certified);
    ReviewResponse {
        reference: request.reference,
        date: request.date,
        time: request.time,
        kind: text("18"),
        reviewer: request.reviewer,
        requester: request.requester,
        subscriber: request.subscriber,
        subscriber_demographics: request.subscriber_demographics,
        dependent: None,
        rejections: vec![],
        events: vec![event],
    }
}

/// Every kind of document, with its name.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let built = [
        ("270", write(&inquiry())),
        ("270 dependent", write(&dependent_inquiry())),
        ("271", write(&benefits())),
        ("271 not found", write(&not_found())),
        ("276", write(&status_request())),
        ("277", write(&status_response())),
        ("277CA", write(&claim_acknowledgment())),
        ("278 request", write(&review_request())),
        ("278 response", write(&review_response())),
        ("835", write(&remittance())),
        ("837P", write(&professional())),
        ("837P child", write(&professional_for_child())),
        ("837I", write(&institutional())),
    ];
    built
        .into_iter()
        .map(|(name, text)| (name, text.expect(name)))
        .collect()
}
