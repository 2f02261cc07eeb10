//! A note on paper: whom it is about, what it says, who stands for it, and what was added since.

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::datetime::DateTime;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::Instant;

use super::note_type;
use crate::Charting;
use crate::document::parse;
use crate::domain::narrative::plain;
use crate::domain::note::{Note, State};
use crate::domain::{items, person};
use crate::error::Result;
use crate::pdf::{Block, Paper, draw};

/// A note as PDF.
#[derive(Clone, Debug)]
pub struct Printed {
    /// Id of the note.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Addenda that are printed with a note.
const MOST: u32 = 200;
/// How deep sections lie within sections.
const DEEPEST: u8 = 8;

impl Charting {
    /// A note with its addenda and signatures as PDF.
    ///
    /// # Errors
    /// When there is no such note within the caller's reach.
    pub async fn print(&self, caller: &Caller, id: &str) -> Result<Printed> {
        let records = self.records(caller, Interaction::Read).await?;
        let stored = self.note(&records, id).await?;
        let doc = parse(&stored.body)?;
        let note = Note(doc.root());
        let now = caller.ctx.now;
        let mut paper = Paper {
            title: "Clinical note".to_owned(),
            language: note.0.str("language").unwrap_or("en").to_owned(),
            banner: self.banner(caller, note.0).await?,
            watermark: watermark(note.state()),
            blocks: self.head(caller, note).await?,
            footer: format!(
                "Composition/{} · version {} · printed {}",
                stored.id,
                stored.version,
                moment(now)
            ),
        };
        say(note.0, DEEPEST, &mut paper.blocks);
        let mut lines = self.signatures(caller, note).await?;
        lines.extend(
            note.reasons()
                .iter()
                .map(|why| format!("Reason of an amendment: {why}")),
        );
        if !lines.is_empty() {
            paper.blocks.push(Block::Heading("Signatures".to_owned()));
            paper.blocks.push(Block::Text(lines.join("\n")));
        }
        for addendum in self.addenda(caller, &stored.id, note).await? {
            self.add(caller, Note(addendum.root()), &mut paper.blocks)
                .await?;
        }
        Ok(Printed {
            id: stored.id.to_string(),
            version: stored.version,
            bytes: draw(&paper, now)?,
        })
    }

    async fn banner(&self, caller: &Caller, note: Node<'_>) -> Result<Vec<String>> {
        let subject = note
            .get("subject")
            .and_then(|subject| subject.str("reference"));
        let Some(id) = subject.and_then(|reference| reference.strip_prefix("Patient/")) else {
            return Ok(vec!["Patient not known".to_owned()]);
        };
        let records = self.records(caller, Interaction::Read).await?;
        let stored = self.store.read(&records, ResourceType::PATIENT, id).await?;
        let doc = parse(&stored.body)?;
        let now = caller.ctx.now.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
        Ok(person::banner(doc.root(), now.date()))
    }

    /// What stands above the words of a note.
    async fn head(&self, caller: &Caller, note: Note<'_>) -> Result<Vec<Block>> {
        let mut lines = vec![stands(note).to_owned()];
        for author in items(note.0, "author") {
            lines.push(format!("Author: {}", self.who(caller, author).await?));
        }
        if let Some(date) = note.0.str("date") {
            lines.push(format!("Written: {}", time(date)));
        }
        let visit = note.0.get("encounter");
        let visit = visit.and_then(|visit| visit.str("display").or_else(|| visit.str("reference")));
        lines.extend(visit.map(|visit| format!("Visit: {visit}")));
        let title = note.0.str("title").unwrap_or("Note").to_owned();
        Ok(vec![Block::Title(title), Block::Small(lines.join("\n"))])
    }

    async fn signatures(&self, caller: &Caller, note: Note<'_>) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        for signature in note.signatures() {
            let own = signature.party().is_some_and(|who| note.is_by(who));
            let what = if own || note.status() == "amended" {
                "Signed"
            } else {
                "Co-signed"
            };
            let who = match signature.0.get("party") {
                Some(party) => self.who(caller, party).await?,
                None => "not known".to_owned(),
            };
            let when = signature.time().map(time).unwrap_or_default();
            lines.push(format!("{what} by {who}, {when}"));
        }
        Ok(lines)
    }

    /// The notes about the same patient that add to this one, the oldest first.
    async fn addenda(&self, caller: &Caller, id: &str, to: Note<'_>) -> Result<Vec<Doc>> {
        let pairs = [
            ("related-ref", format!("Composition/{id}")),
            ("_sort", "date".to_owned()),
        ];
        let mut addenda = Vec::new();
        for stored in self.found(caller, note_type()?, &pairs, MOST).await? {
            let doc = parse(&stored.body)?;
            let note = Note(doc.root());
            let adds = note.appends_to() == Some(id) && note.is_about_the_patient_of(to);
            if adds && note.state() != State::Withdrawn {
                addenda.push(doc);
            }
        }
        Ok(addenda)
    }

    async fn add(&self, caller: &Caller, note: Note<'_>, blocks: &mut Vec<Block>) -> Result<()> {
        let when = note.0.str("date").map(time).unwrap_or_default();
        blocks.push(Block::Heading(format!("Addendum, {when}")));
        if note.state() != State::Signed {
            blocks.push(Block::Small(stands(note).to_owned()));
        }
        let text: Vec<String> = items(note.0, "section").filter_map(words).collect();
        blocks.push(Block::Text(text.join("\n\n")));
        let lines = self.signatures(caller, note).await?;
        if !lines.is_empty() {
            blocks.push(Block::Small(lines.join("\n")));
        }
        Ok(())
    }

    /// The name of whom a reference means.
    async fn who(&self, caller: &Caller, reference: Node<'_>) -> Result<String> {
        if let Some(display) = reference.str("display") {
            return Ok(display.to_owned());
        }
        let Some(named) = reference.str("reference") else {
            return Ok("not known".to_owned());
        };
        let name = self.name_of(caller, named).await?;
        Ok(name.unwrap_or_else(|| named.to_owned()))
    }
}

const fn watermark(state: State) -> Option<&'static str> {
    match state {
        State::Draft => Some("DRAFT – NOT SIGNED"),
        State::Waiting => Some("NOT CO-SIGNED YET"),
        State::Signed => None,
        State::Withdrawn => Some("ENTERED IN ERROR"),
    }
}

fn stands(note: Note<'_>) -> &'static str {
    match note.state() {
        State::Draft => "Draft: nobody has signed it.",
        State::Waiting => "Signed by its author; it waits for a co-signature.",
        State::Signed if note.status() == "amended" => "Final, amended.",
        State::Signed => "Final.",
        State::Withdrawn => "Entered in error.",
    }
}

/// The sections of a note, those within sections after them.
fn say(node: Node<'_>, depth: u8, blocks: &mut Vec<Block>) {
    for section in items(node, "section") {
        let title = section.str("title");
        let coded = || section.get("code").and_then(|code| code.str("text"));
        if let Some(title) = title.or_else(coded) {
            blocks.push(Block::Heading(title.to_owned()));
        }
        blocks.extend(words(section).map(Block::Text));
        if depth > 0 {
            say(section, depth - 1, blocks);
        }
    }
}

fn words(section: Node<'_>) -> Option<String> {
    let words = plain(section.get("text")?.str("div")?);
    (!words.is_empty()).then_some(words)
}

/// A FHIR dateTime for people: `23-Nov-2026 08:00 UTC`; what is only a date stays one.
fn time(text: &str) -> String {
    if text.len() <= 10 {
        return text.parse().map_or_else(|_| text.to_owned(), person::day);
    }
    let read = DateTime::parse_date_time(text);
    read.map_or_else(|| text.to_owned(), |read| moment(Instant(read.start())))
}

fn moment(at: Instant) -> String {
    let at = at.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
    at.strftime("%d-%b-%Y %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_for_people_and_dates_stay_dates() {
        for (text, written) in [
            ("2026-11-23T10:05:00+02:00", "23-Nov-2026 08:05 UTC"),
            ("2026-11-23", "23-Nov-2026"),
            ("2026", "2026"),
        ] {
            assert_eq!(time(text), written);
        }
    }
}
