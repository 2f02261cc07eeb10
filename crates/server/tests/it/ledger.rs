//! Two processes on one database, written to through both and killed in turn with PostgreSQL itself: what was
//! acknowledged is an event exactly once in effect, in order of its key, and nothing is half there.
//!
//! Each process answers requests, relays and consumes, so that killing one takes an API, a relay and a consumer, and the
//! other one has to go on with its work. The effect that is counted is the timeline; a trigger notes every attempt
//! to add to it that is committed, also those that a constraint would hide. The same again over a broker, which is killed, too.
//! `MEDITRACK_KILLS` raises the number of kills: `MEDITRACK_KILLS=500 cargo test -p meditrack-server --test it ledger`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mt_fhir::ResourceType;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::broker::Broker;
use crate::kill::{answers_again, children, kills, postmaster, rows_agree};
use crate::running::{Answer, Caller, Place, Server, signal, sql};

const WRITERS: usize = 6;
const KILLS: usize = 8;
/// Patients that every writer changes, through whichever process.
const SHARED: usize = 3;
/// Records of one transaction.
const PARTS: usize = 3;
/// After this long without one more effect, the events do not get on.
const PATIENCE: Duration = Duration::from_secs(180);

/// Notes every effect in the order in which they happen to a patient.
const NOTES: &str = "create schema ledger;
    create table ledger.effect (n int8 generated always as identity, id uuid not null, correlation uuid not null);
    create function ledger.note() returns trigger language plpgsql security definer as $$
    begin
      insert into ledger.effect (id, correlation) values (new.id, new.correlation);
      return new;
    end $$;
    create trigger note before insert on coordination.timeline for each row execute function ledger.note();";

/// Ends leases, as a long pause would: whoever still believes in one is a zombie. Not those that somebody is just
/// writing, who may stand still.
const LEASES_END: &str = "update events.relay set until = '-infinity'
     where ctid = any(array(select ctid from events.relay for update skip locked));
    update events.progress set until = '-infinity'
     where ctid = any(array(select ctid from events.progress for update skip locked));
    update events.member set until = '-infinity'
     where ctid = any(array(select ctid from events.member for update skip locked));";

/// A version of a patient.
type Version = (Uuid, u64);

#[test]
fn every_acknowledged_write_is_once_in_effect_and_in_order_whatever_is_killed() {
    withstand(Site::open(None));
}

#[test]
fn over_a_broker_that_is_killed_as_well_it_is_the_same() {
    if let Some(broker) = Broker::start() {
        withstand(Site::open(Some(broker)));
    }
}

/// Kills what there is while writers write, and then looks at what came of it.
fn withstand(mut site: Site) {
    let mut struck: BTreeMap<String, usize> = BTreeMap::new();
    let shared: Vec<Uuid> = (0..SHARED).map(|_| Uuid::now_v7()).collect();
    let (mut acknowledged, mut count) = (BTreeSet::new(), 0);
    std::thread::scope(|scope| {
        let stop = Stop::default();
        let (doors, shared) = (&site.doors, shared.as_slice());
        let writers: Vec<_> = (0..WRITERS)
            .map(|n| {
                let stop = Arc::clone(&stop.0);
                scope.spawn(move || write(&doors[n % 2], shared, &stop))
            })
            .collect();
        for kill in 0..kills(KILLS) {
            // The moment differs from kill to kill; that it is arbitrary is the point.
            std::thread::sleep(Duration::from_millis(300 + 170 * (kill as u64 % 7)));
            let fault = Fault::of(kill, site.broker.is_some());
            *struck.entry(format!("{fault:?}")).or_default() += 1;
            fault.strike(Struck {
                place: &site.place,
                servers: &mut site.servers,
                broker: site.broker.as_mut(),
                doors: &site.doors,
                token: &site.token,
            });
        }
        drop(stop);
        for writer in writers {
            let written = writer.join().unwrap();
            count += written.len();
            acknowledged.extend(written);
        }
    });
    assert_eq!(acknowledged.len(), count, "a version was given twice");
    assert!(
        count >= WRITERS * kills(KILLS),
        "the load was no load: {count} writes"
    );
    site.doors
        .iter()
        .for_each(|door| answers_again(&open(door)));
    sql(&site.place, LEASES_END);
    let effects = site.effects();
    check(&acknowledged, &effects);
    eprintln!(
        "{struck:?}: {count} writes acknowledged, {} in effect",
        effects.len()
    );
    rows_agree(&site.place, effects.len());
    site.close();
}

/// Two servers of one place.
struct Site {
    place: Place,
    servers: [Option<Server>; 2],
    broker: Option<Broker>,
    /// The way to each of them; another one after each start.
    doors: [Mutex<Caller>; 2],
    token: String,
}

impl Site {
    fn open(mut broker: Option<Broker>) -> Self {
        let place = Place::new();
        let first = server(&place, broker.as_ref());
        let token = first.clinic("ledger").caller.token.clone();
        sql(&place, NOTES);
        let second = server(&place, broker.as_ref());
        if let Some(broker) = &mut broker {
            // A node that is killed forgets queues that it has just made: see the adapter's limits.
            broker.stop();
            broker.resume();
        }
        let doors = [&first, &second].map(|server| Mutex::new(server.bearer(&token)));
        Self {
            place,
            servers: [Some(first), Some(second)],
            broker,
            doors,
            token,
        }
    }

    /// Every version of a patient that was committed, with its effects, once all have come.
    fn effects(&self) -> Vec<Effect> {
        let query = format!(
            "set app.tenant = '1';
             select v.id, v.version, cardinality(t.ids), count(e.n), coalesce(min(e.n), 0),
                    (select count(*) from ledger.effect), (select count(*) from events.dead_letter)
               from records.txlog t
              cross join unnest(t.types, t.ids, t.versions) as v (type, id, version)
               left join ledger.effect e on e.correlation = t.correlation
              where v.type = {} group by v.id, v.version, t.ids order by v.id, v.version;",
            ResourceType::PATIENT.number()
        );
        let (mut end, mut least) = (Instant::now() + PATIENCE, usize::MAX);
        loop {
            let rows = sql(&self.place, &query);
            let effects: Vec<Effect> = rows.iter().map(|row| Effect::read(row)).collect();
            let late = effects.iter().filter(|effect| effect.times == 0).count();
            if late == 0 {
                return effects;
            }
            if late < least {
                (end, least) = (Instant::now() + PATIENCE, late);
            }
            let letters = effects.first().map_or(0, |effect| effect.totals.1);
            assert!(
                letters == 0 && Instant::now() < end,
                "{late} of {} have no effect: {}",
                effects.len(),
                self.state()
            );
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Where relay, letters and queues stand, for whoever has to find out why nothing gets on.
    fn state(&self) -> String {
        let rows = sql(
            &self.place,
            "set app.tenant = '1';
             select 'letters', consumer, state, reason, count(*) from events.dead_letter group by 2, 3, 4;
             select 'relay', * from events.relay;",
        );
        let queues = self.broker.as_ref().map(Broker::queues);
        let log = std::fs::read_to_string(self.place.log()).unwrap_or_default();
        let warnings = log.lines().rev().filter(|line| line.contains("WARN"));
        let warnings: Vec<&str> = warnings.take(20).collect();
        format!(
            "{rows:#?}\n{}\n{}",
            queues.unwrap_or_default(),
            warnings.join("\n")
        )
    }

    fn close(self) {
        self.servers.into_iter().flatten().for_each(Server::stop);
    }
}

/// A server over the log in the database, or over a broker.
fn server(place: &Place, broker: Option<&Broker>) -> Server {
    let Some(broker) = broker else {
        return Server::start(place);
    };
    let url = broker.url();
    let variables = [
        ("MEDITRACK__EVENTS__BUS", "rabbitmq"),
        ("MEDITRACK__EVENTS__RABBITMQ__URL", url.as_str()),
    ];
    Server::start_with(place, &variables)
}

/// What came of a version of a patient.
#[derive(Debug)]
struct Effect {
    version: Version,
    /// Records of its transaction.
    parts: usize,
    times: usize,
    /// Its place among all effects.
    order: u64,
    /// Effects and dead letters in all.
    totals: (usize, usize),
}

impl Effect {
    fn read(row: &str) -> Self {
        let mut columns = row.split('|');
        let id = columns.next().unwrap().parse().unwrap();
        let numbers: Vec<u64> = columns.map(|n| n.parse().unwrap()).collect();
        let count = |n: usize| usize::try_from(numbers[n]).unwrap();
        Self {
            version: (id, numbers[0]),
            parts: count(1),
            times: count(2),
            order: numbers[3],
            totals: (count(4), count(5)),
        }
    }
}

fn check(acknowledged: &BTreeSet<Version>, effects: &[Effect]) {
    let there: BTreeSet<Version> = effects.iter().map(|effect| effect.version).collect();
    let lost: Vec<&Version> = acknowledged.difference(&there).collect();
    assert!(
        lost.is_empty(),
        "acknowledged, but without a trace: {lost:?}"
    );
    let mut last: BTreeMap<Uuid, (u64, u64)> = BTreeMap::new();
    for effect in effects {
        let (id, version) = effect.version;
        assert_eq!(effect.times, 1, "{effect:?}");
        assert!(
            matches!(effect.parts, 1 | PARTS),
            "half of it is there: {effect:?}"
        );
        assert_eq!(
            effect.totals,
            (effects.len(), 0),
            "an effect of nothing, or a dead letter"
        );
        let (before, order) = last.insert(id, (version, effect.order)).unwrap_or_default();
        assert_eq!(version, before + 1, "{id} has a gap");
        assert!(effect.order > order, "{id}: {version} came before {before}");
    }
}

/// Stops the writers also when the test has failed.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What happens to the site.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// A server is killed, and another one started after a while.
    Server(usize),
    /// A server stands still for longer than its leases last, and goes on as if nothing were.
    Zombie(usize),
    Postmaster,
    Backends,
    /// The broker is killed, and started again after a while.
    Broker,
    /// As when the power goes.
    Everything,
}

impl Fault {
    fn of(kill: usize, has_broker: bool) -> Self {
        let all = [
            Self::Server(0),
            Self::Zombie(1),
            Self::Postmaster,
            Self::Server(1),
            Self::Backends,
            Self::Zombie(0),
            Self::Everything,
            Self::Broker,
        ];
        let most = if has_broker { all.len() } else { all.len() - 1 };
        all[kill % most]
    }

    fn kills_server(self, n: usize) -> bool {
        matches!(self, Self::Everything) || matches!(self, Self::Server(victim) if victim == n)
    }

    fn strike(self, site: Struck<'_>) {
        let Struck {
            place,
            servers,
            mut broker,
            doors,
            token,
        } = site;
        for n in (0..servers.len()).filter(|n| self.kills_server(*n)) {
            servers[n].take().unwrap().kill();
        }
        if let (Self::Broker | Self::Everything, Some(broker)) = (self, broker.as_mut()) {
            broker.kill();
        }
        match self {
            Self::Server(_) => drop(sql(place, LEASES_END)),
            Self::Zombie(n) => {
                let _paused = servers[n].as_ref().map(Server::paused);
                sql(place, LEASES_END);
                std::thread::sleep(Duration::from_millis(700));
            }
            Self::Postmaster | Self::Everything => signal("-KILL", postmaster(place)),
            Self::Backends => children(postmaster(place))
                .into_iter()
                .for_each(|backend| signal("-KILL", backend)),
            Self::Broker => std::thread::sleep(Duration::from_millis(700)),
        }
        if let (Self::Broker | Self::Everything, Some(broker)) = (self, broker.as_mut()) {
            broker.resume();
        }
        for n in (0..servers.len()).filter(|n| self.kills_server(*n)) {
            let server = server(place, broker.as_deref());
            *open(&doors[n]) = server.bearer(token);
            servers[n] = Some(server);
        }
    }
}

/// What a fault strikes.
struct Struck<'a> {
    place: &'a Place,
    servers: &'a mut [Option<Server>; 2],
    broker: Option<&'a mut Broker>,
    doors: &'a [Mutex<Caller>; 2],
    token: &'a str,
}

fn open(door: &Mutex<Caller>) -> MutexGuard<'_, Caller> {
    door.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Changes patients of its own and those of all until told to stop; the versions that were acknowledged.
fn write(door: &Mutex<Caller>, shared: &[Uuid], stop: &AtomicBool) -> Vec<Version> {
    let (own, mut versions) = (Uuid::now_v7(), Vec::new());
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let caller = open(door).clone();
        let written = match n % 4 {
            0 => put(&caller, Uuid::now_v7(), n),
            1 => put(&caller, own, n),
            2 => put(&caller, shared[n / 4 % shared.len()], n),
            _ => transaction(&caller, own, n),
        };
        match written {
            Some(version) => versions.push(version),
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    versions
}

fn patient(id: Uuid, n: usize) -> Value {
    // Another writer may have written the same number before: the mark makes every version differ.
    json!({ "resourceType": "Patient", "id": id, "multipleBirthInteger": n + 1,
        "identifier": [{ "system": "urn:mark", "value": Uuid::now_v7().to_string() }] })
}

fn put(caller: &Caller, id: Uuid, n: usize) -> Option<Version> {
    let request = caller.request("PUT", &format!("Patient/{id}"));
    let answer = accepted(request.json(&patient(id, n)).try_send())?;
    let version = answer.json()["meta"]["versionId"].as_str().unwrap().parse();
    Some((id, version.unwrap()))
}

fn transaction(caller: &Caller, id: Uuid, n: usize) -> Option<Version> {
    let part = |resource: Value| {
        let url = format!(
            "{}/{}",
            resource["resourceType"].as_str().unwrap(),
            resource["id"].as_str().unwrap()
        );
        json!({ "resource": resource, "request": { "method": "PUT", "url": url } })
    };
    let aside = (1..PARTS).map(
        |_| json!({ "resourceType": "Basic", "id": Uuid::now_v7(), "code": { "text": "beside" } }),
    );
    let entries: Vec<Value> = std::iter::once(patient(id, n))
        .chain(aside)
        .map(part)
        .collect();
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries });
    let answer = accepted(caller.request("POST", "").json(&bundle).try_send())?.json();
    let tag = answer["entry"][0]["response"]["etag"].as_str().unwrap();
    let version = tag.trim_start_matches("W/").trim_matches('"').parse();
    Some((id, version.unwrap()))
}

/// The answer when it acknowledges. A refusal may only say that somebody else was first or that the server cannot.
fn accepted(answer: Result<Answer, reqwest::Error>) -> Option<Answer> {
    let answer = answer.ok()?;
    if matches!(answer.status, 200 | 201) {
        return Some(answer);
    }
    let is_excused = answer.status == 409 || matches!(answer.status, 500..=599);
    assert!(is_excused, "{}: {}", answer.status, answer.text());
    None
}
