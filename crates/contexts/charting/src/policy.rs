//! The rules that a note keeps through every door: who signs, what a signature closes, who signs second.
//!
//! They are decided on the content before and after, for people. What machines file, such as the notes of
//! another system, is kept as it was written there.

use std::sync::Arc;

use mt_access::{Operation, Role};
use mt_fhir::datetime::DateTime;
use mt_fhir::{Node, ResourceType};
use mt_kernel::{ActorKind, Assurance, ErrorKind, Fault, OpCtx};
use mt_store::{DomainEvent, Policy, PolicyRegistry, ProposedChange};

use crate::Cosigning;
use crate::domain::acknowledgement::{Acknowledgement, is_acknowledgement};
use crate::domain::course::{check_prescription, check_visit};
use crate::domain::file::{check_attachments, check_binary};
use crate::domain::note::{LEGAL, Note, PROFESSIONAL, Signature, State, check_length};
use crate::findings::{Allergies, Problems};

/// Registers the rules of this context.
pub fn register(policies: &mut PolicyRegistry, cosigning: &Cosigning) {
    let notes = Notes {
        cosigning: cosigning.clone(),
    };
    let all: [(&str, Arc<dyn Policy>); 8] = [
        ("Composition", Arc::new(notes)),
        ("DocumentReference", Arc::new(Documents)),
        ("Binary", Arc::new(Files)),
        ("Task", Arc::new(Acknowledgements)),
        ("Encounter", Arc::new(Visits)),
        ("MedicationRequest", Arc::new(Prescriptions)),
        ("Condition", Arc::new(Problems)),
        ("AllergyIntolerance", Arc::new(Allergies)),
    ];
    for (name, policy) in all {
        if let Some(kind) = ResourceType::from_name(name) {
            policies.register(kind, policy);
        }
    }
}

/// Whether a person enters something, and not a machine that reports it.
pub(crate) const fn is_person(ctx: &OpCtx) -> bool {
    matches!(ctx.actor.kind, ActorKind::User | ActorKind::Agent)
}

/// How far the time of a signature may lie from the clock of the server, because browsers write it, too.
const SKEW_SECONDS: i64 = 600;

struct Notes {
    cosigning: Cosigning,
}

impl Policy for Notes {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        if let Some(new) = change.new.filter(|_| is_person(ctx)) {
            check_length(Note(new), change.old.map(Note))?;
            let deed = Deed {
                ctx,
                old: change.old.map(Note),
                new: Note(new),
                bound: self.cosigning.of(ctx.tenant).bind(&ctx.actor),
            };
            deed.check()?;
        }
        Ok(Vec::new())
    }
}

/// One change of a note by a person.
struct Deed<'a> {
    ctx: &'a OpCtx,
    old: Option<Note<'a>>,
    new: Note<'a>,
    /// Whether a note of this person needs a co-signature.
    bound: bool,
}

impl Deed<'_> {
    fn check(&self) -> Result<(), Fault> {
        self.author_stays()?;
        let given = self.new.signatures_beside(self.old);
        for signature in &given {
            is_own(self.ctx, signature.party())?;
            self.is_timely(*signature)?;
        }
        let taken = self.old.map(|old| old.signatures_beside(Some(self.new)));
        let taken = taken.unwrap_or_default();
        match self.old.map_or(State::Draft, Note::state) {
            State::Draft => self.draft(&given),
            State::Waiting => self.waiting(&given, &taken),
            State::Signed => self.signed(&given, &taken),
            State::Withdrawn => Err(conflict("a note that was entered in error stays so")),
        }
    }

    fn author_stays(&self) -> Result<(), Fault> {
        let Some(old) = self.old else {
            return Ok(());
        };
        let same = match (old.0.get("author"), self.new.0.get("author")) {
            (Some(old), Some(new)) => old.same_as(new),
            (None, None) => true,
            _ => false,
        };
        let message = "the author of a note is who wrote it, and stays so";
        same.then_some(())
            .ok_or_else(|| forbidden(message).at("Composition.author"))
    }

    fn is_timely(&self, signature: Signature<'_>) -> Result<(), Fault> {
        let time = signature.time().and_then(DateTime::parse_date_time);
        let near = time
            .is_some_and(|time| (time.start() - self.ctx.now.0).abs() <= SKEW_SECONDS * 1_000_000);
        let message = "a signature has the time at which it is given";
        near.then_some(())
            .ok_or_else(|| Fault::new(ErrorKind::Invalid, message).at("Composition.attester.time"))
    }

    /// A draft is written on, or signed by its author.
    fn draft(&self, given: &[Signature<'_>]) -> Result<(), Fault> {
        let Some(signature) = one(given)? else {
            let message = "a note becomes final by the signature of its author";
            return match self.new.state() {
                State::Signed => Err(conflict(message)),
                _ => Ok(()),
            };
        };
        if !signature.party().is_some_and(|who| self.new.is_by(who)) {
            let message = "a note is signed by its author before anybody else signs it";
            return Err(conflict(message));
        }
        match (signature.mode(), self.new.status()) {
            (LEGAL, "final") if !self.bound => Ok(()),
            (LEGAL, "final") => Err(conflict(
                "your notes need a co-signature: sign it so that it waits for one",
            )),
            (PROFESSIONAL, "preliminary") => Ok(()),
            _ => Err(invalid_mode()),
        }
    }

    /// What its author has signed is closed: it is co-signed, or the author takes the signature back.
    fn waiting(&self, given: &[Signature<'_>], taken: &[Signature<'_>]) -> Result<(), Fault> {
        let Some(old) = self.old else {
            return Ok(());
        };
        if self.new.state() != State::Withdrawn && !old.says_the_same_as(self.new) {
            return Err(conflict(
                "the note waits for its co-signature; its author takes the signature back to change it",
            ));
        }
        if !taken.is_empty() {
            let own = taken.iter().all(|one| {
                one.party().is_some() && one.party() == self.ctx.actor.fhir_user.as_deref()
            });
            let back = own && given.is_empty() && self.new.state() == State::Draft;
            return back.then_some(()).ok_or_else(|| {
                forbidden("a signature is taken back by who gave it, before the co-signature")
            });
        }
        let Some(signature) = one(given)? else {
            return match self.new.state() {
                State::Signed => Err(conflict("a note becomes final by its co-signature")),
                _ => Ok(()),
            };
        };
        if signature.party().is_some_and(|who| old.is_by(who)) {
            return Err(forbidden("nobody co-signs a note of their own"));
        }
        if !old.is_signed_by_author() {
            return Err(conflict("the author has not signed the note"));
        }
        if !may_cosign(self.ctx) || self.bound {
            return Err(forbidden("you may not co-sign notes"));
        }
        match (signature.mode(), self.new.status()) {
            (LEGAL, "final") => Ok(()),
            _ => Err(invalid_mode()),
        }
    }

    /// What is signed is amended with a reason and a signature, or withdrawn as it was signed; never changed.
    fn signed(&self, given: &[Signature<'_>], taken: &[Signature<'_>]) -> Result<(), Fault> {
        if !taken.is_empty() {
            return Err(conflict("the signatures of a signed note stay"));
        }
        match self.new.status() {
            "entered-in-error" => self.is_withdrawn(given),
            "amended" => self.is_amended(given),
            _ => Err(conflict("a signed note is amended, never changed")),
        }
    }

    /// Whoever looks into the error later must find what was signed, and by whom.
    fn is_withdrawn(&self, given: &[Signature<'_>]) -> Result<(), Fault> {
        let same = self.old.is_none_or(|old| old.says_the_same_as(self.new));
        (same && given.is_empty()).then_some(()).ok_or_else(|| {
            conflict("a signed note that was entered in error is withdrawn as it was signed")
        })
    }

    fn is_amended(&self, given: &[Signature<'_>]) -> Result<(), Fault> {
        if self.bound {
            return Err(conflict(
                "your notes need a co-signature: write an addendum instead",
            ));
        }
        match one(given)? {
            Some(signature) if signature.mode() == LEGAL => {}
            Some(_) => return Err(invalid_mode()),
            None => return Err(conflict("an amendment is signed by who makes it")),
        }
        let before = self.old.map(Note::reasons).unwrap_or_default();
        let after = self.new.reasons();
        let fresh = after.len() == before.len() + 1
            && after.starts_with(&before)
            && after
                .last()
                .is_some_and(|reason| reason.trim().chars().count() >= 3);
        fresh.then_some(()).ok_or_else(|| {
            let message =
                "an amendment says why: one more extension amendment-reason, after those before";
            Fault::new(ErrorKind::Invalid, message).at("Composition.extension")
        })
    }
}

/// The one signature that a change gives, if any.
fn one<'n>(given: &[Signature<'n>]) -> Result<Option<Signature<'n>>, Fault> {
    match given {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        _ => Err(conflict("a note is signed once at a time")),
    }
}

/// A signature is the actor's own, by a person who proved moments ago who they are.
fn is_own(ctx: &OpCtx, party: Option<&str>) -> Result<(), Fault> {
    if ctx.actor.kind != ActorKind::User {
        return Err(forbidden("only a person signs"));
    }
    if party.is_none() || party != ctx.actor.fhir_user.as_deref() {
        return Err(forbidden("a signature is given in one's own name"));
    }
    if ctx.actor.assurance < Assurance::StepUp {
        let message = "signing needs a second factor that was proved moments ago";
        return Err(Fault::new(ErrorKind::Unauthenticated, message));
    }
    Ok(())
}

fn may_cosign(ctx: &OpCtx) -> bool {
    may(ctx, Operation::CosignNotes)
}

fn may(ctx: &OpCtx, operation: Operation) -> bool {
    let roles = ctx.actor.roles.iter();
    roles
        .filter_map(|code| Role::from_code(code))
        .any(|role| operation.is_open_to(role))
}

fn conflict(message: &'static str) -> Fault {
    Fault::new(ErrorKind::Conflict, message)
}

fn forbidden(message: &'static str) -> Fault {
    Fault::new(ErrorKind::Forbidden, message)
}

fn invalid_mode() -> Fault {
    let message = "a note is final with a legal signature, and waits with a professional one";
    Fault::new(ErrorKind::Invalid, message).at("Composition.attester.mode")
}

/// Documents that were written elsewhere: whoever authenticates one signs; their files can be used.
struct Documents;

impl Policy for Documents {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        if let Some(new) = change.new.filter(|_| is_person(ctx)) {
            check_attachments(new, change.old)?;
        }
        let before = change.old.and_then(authenticator);
        let Some(now) = change
            .new
            .filter(|_| is_person(ctx))
            .and_then(authenticator)
        else {
            return Ok(Vec::new());
        };
        if !before.is_some_and(|was| was.same_as(now)) {
            is_own(ctx, now.str("reference"))?;
        }
        Ok(Vec::new())
    }
}

/// Files: neither empty nor too large, and of a known kind.
struct Files;

impl Policy for Files {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        if let Some(new) = change.new.filter(|_| is_person(ctx)) {
            check_binary(new, change.old)?;
        }
        Ok(Vec::new())
    }
}

/// Who has seen a result: said in one's own name, once.
struct Acknowledgements;

impl Policy for Acknowledgements {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        let is = |side: Option<Node<'_>>| side.is_some_and(is_acknowledgement);
        if !is_person(ctx) || !(is(change.old) || is(change.new)) {
            return Ok(Vec::new());
        }
        if change.old.is_some() {
            return Err(conflict("an acknowledgement stays as it was given"));
        }
        let given = change.new.and_then(Acknowledgement::read);
        let own = given.is_some_and(|given| Some(given.by) == ctx.actor.fhir_user.as_deref());
        let done = change.new.and_then(|task| task.str("status")) == Some("completed");
        if own && done && may(ctx, Operation::AcknowledgeResults) {
            return Ok(Vec::new());
        }
        Err(forbidden(
            "a result is acknowledged in one's own name, by who may acknowledge results",
        ))
    }
}

/// Visits: what is over stays over.
struct Visits;

impl Policy for Visits {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        if let Some(new) = change.new.filter(|_| is_person(ctx)) {
            check_visit(new, change.old)?;
        }
        Ok(Vec::new())
    }
}

/// Prescriptions: for a day to a year; what was prescribed before and is not touched is not judged again.
struct Prescriptions;

fn supply(request: Node<'_>) -> Option<Node<'_>> {
    request.get("dispenseRequest")
}

impl Policy for Prescriptions {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        if let Some(new) = change.new.filter(|_| is_person(ctx)) {
            let before = change.old.and_then(supply);
            if !supply(new).is_some_and(|now| before.is_some_and(|was| was.same_as(now))) {
                check_prescription(new)?;
            }
        }
        Ok(Vec::new())
    }
}

fn authenticator(document: Node<'_>) -> Option<Node<'_>> {
    document.get("authenticator")
}
