//! Megabytes of ORU messages read per second of one core, beside the crate `hl7-parser`.
//!
//! Time is what the processor spent on this process, so that a busy machine does not change the
//! figures. `--write FOLDER` writes the messages there, for a comparison with other programs.
//!
//! `hl7-parser` divides a message down to subcomponents at once, this library when asked; the
//! second line therefore also visits every subcomponent, and the third decodes its text.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement fails like a test and prints its result"
)]

use std::hint::black_box;

use mt_hl7v2::{Message, Part};

fn main() {
    // Test runners start every bench once to see that it works.
    let arguments: Vec<String> = std::env::args().collect();
    let once = arguments.iter().any(|argument| argument == "--test");
    let folder = arguments.iter().skip_while(|one| *one != "--write").nth(1);
    for observations in [5, 100] {
        let text = oru(observations);
        if let Some(folder) = folder {
            std::fs::write(format!("{folder}/oru-{observations}.hl7"), &text).unwrap();
            continue;
        }
        println!(
            "ORU^R01 with {observations} observations, {} bytes",
            text.len()
        );
        let bytes = text.as_bytes();
        measure("parse (at least 300)", bytes, once, || {
            black_box(Message::parse(black_box(bytes)).unwrap());
        });
        measure("parse, visit every subcomponent", bytes, once, || {
            let message = Message::parse(black_box(bytes)).unwrap();
            black_box(visit(&message, |part| part.raw().len()));
        });
        measure("parse, decode every text", bytes, once, || {
            let message = Message::parse(black_box(bytes)).unwrap();
            black_box(visit(&message, |part| part.text().len()));
        });
        measure("hl7-parser", bytes, once, || {
            black_box(hl7_parser::Message::parse(black_box(text.as_str())).unwrap());
        });
    }
}

fn visit(message: &Message<'_>, leaf: impl Fn(Part<'_>) -> usize) -> usize {
    let mut sum = 0;
    for segment in message.segments() {
        for (_, field) in segment.fields() {
            for repetition in field.parts() {
                for component in repetition.parts() {
                    sum += component.parts().map(&leaf).sum::<usize>();
                }
            }
        }
    }
    sum
}

fn measure(what: &str, bytes: &[u8], once: bool, mut step: impl FnMut()) {
    step();
    if once {
        return;
    }
    let best = (0..5)
        .map(|_| rate(bytes.len(), &mut step))
        .fold(0.0, f64::max);
    println!("  {what:<40} {best:>8.1} MB/s");
}

fn rate(bytes: usize, step: &mut impl FnMut()) -> f64 {
    let start = processor_seconds();
    let mut total = 0;
    loop {
        for _ in 0..500 {
            step();
        }
        total += 500 * bytes;
        let seconds = processor_seconds() - start;
        if seconds > 0.3 {
            return total as f64 / 1e6 / seconds;
        }
    }
}

/// How long this thread has been running on a processor.
fn processor_seconds() -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds = schedule.split(' ').next().unwrap();
    nanoseconds.parse::<f64>().unwrap() / 1e9
}

fn oru(observations: usize) -> String {
    let mut text = String::from(
        "MSH|^~\\&|LAB|MAIN^1.2.3.4^ISO|EHR|CLINIC|20260419143000-0500||ORU^R01^ORU_R01|LAB0002|P|2.5.1|||AL|NE\r\
         PID|1||4711^^^MAIN&1.2.3.4&ISO^MR~123-45-6789^^^USA^SS||Doe^John^Q||19750620|M|||1 Main St^^Boston^MA^02101\r\
         PV1|1|O|LAB|||||A100^Smith^Jane^^^Dr\r\
         ORC|RE|P-1^EHR|F-1^LAB\r\
         OBR|1|P-1^EHR|F-1^LAB|57021-8^CBC W Auto Differential panel - Blood^LN|||20260419140000-0500|||||||||A100^Smith^Jane||||||20260419142900-0500||HM|F\r",
    );
    for number in 1..=observations {
        text += &format!(
            "OBX|{number}|NM|6690-2^Leukocytes [#/volume] in Blood by Automated count^LN||7.{number}|10*3/uL^thousand per microliter^UCUM|4.5-11.0|N|||F|||20260419140000-0500||||||||Main Laboratory^L\r"
        );
        if number % 10 == 0 {
            text += "NTE|1|L|Specimen slightly haemolysed \\T\\ checked twice.\r";
        }
    }
    text
}
