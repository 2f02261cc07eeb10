//! The hub of one process: clients, their rooms, and what is said to them.

mod registry;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mt_access::{Authenticated, AuthenticationError, Authenticator};
use mt_fhir::ResourceType;
use mt_http::RateLimits;
use mt_kernel::TenantId;
use serde::Serialize;
use serde_json::{Value, json};

use crate::announcement::{Changed, Message};
use crate::client::{Client, Credential, Ending, Outlet};
use crate::door::Door;
use crate::rules::{Hears, hears, is_staff, own_rooms};
use crate::{Announcement, HubLimits, Records, Room};
use registry::Registry;

/// Why a client is not let in, or not into a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No credential, or one that is not good.
    #[error("sign in first")]
    Unauthenticated,
    /// A cookie that came from a page of another origin.
    #[error("the connection does not come from a page of this installation")]
    CrossSite,
    /// The organisation is suspended.
    #[error("the organisation is suspended")]
    Suspended,
    /// The user, the organisation or the server has as many connections as it may have.
    #[error("there are too many connections; close one first")]
    TooManyConnections,
    /// The client is in as many rooms as it may be.
    #[error("the connection is in too many rooms; leave one first")]
    TooManyRooms,
    /// The client asks too fast.
    #[error("too many requests; wait and try again")]
    TooFast,
    /// The request names no room.
    #[error("a room is organisation, location/…, user/…, patient/… or consultation/…")]
    NoRoom,
    /// The room is closed to the client, or what it is about does not exist.
    #[error("the room is closed to you")]
    Forbidden,
    /// Nobody can say now.
    #[error("this cannot be checked now; try again")]
    Unavailable,
}

impl Refusal {
    /// The word that a client can act upon.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::CrossSite => "cross-site",
            Self::Suspended => "suspended",
            Self::TooManyConnections => "too-many-connections",
            Self::TooManyRooms => "too-many-rooms",
            Self::TooFast => "too-fast",
            Self::NoRoom => "no-room",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
        }
    }

    pub(crate) fn as_json(self) -> Value {
        json!({"code": self.code(), "message": self.to_string()})
    }
}

impl From<AuthenticationError> for Refusal {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Suspended => Self::Suspended,
            AuthenticationError::Unavailable => Self::Unavailable,
            _ => Self::Unauthenticated,
        }
    }
}

/// What a hub is made of.
pub struct HubParts {
    /// Learns who connects, with the standing that they have now.
    pub authenticator: Arc<dyn Authenticator>,
    /// Says who may read what.
    pub records: Arc<dyn Records>,
    /// URL of the installation.
    pub origin: String,
    /// Bounds.
    pub limits: HubLimits,
}

/// The hub. Cloning it gives another handle.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    authenticator: Arc<dyn Authenticator>,
    records: Arc<dyn Records>,
    door: Door,
    limits: HubLimits,
    handshakes: RateLimits,
    requests: RateLimits,
    next: AtomicU64,
    registry: Mutex<Registry>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("clients", &self.clients())
            .finish()
    }
}

/// What a client is told when it is in.
#[derive(Debug, Serialize)]
pub(crate) struct Ready {
    pub(crate) user: String,
    pub(crate) rooms: Vec<Room>,
}

impl Hub {
    /// A hub with nobody in it.
    #[must_use]
    pub fn new(parts: HubParts) -> Self {
        let limits = parts.limits;
        Self {
            inner: Arc::new(Inner {
                authenticator: parts.authenticator,
                records: parts.records,
                door: Door::new(&parts.origin),
                limits,
                handshakes: RateLimits::new(limits.handshakes_in_all, limits.handshakes),
                requests: RateLimits::new(limits.requests_of_tenant, limits.requests),
                next: AtomicU64::new(1),
                registry: Mutex::default(),
            }),
        }
    }

    /// How many clients are connected.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.registry().count()
    }

    /// Says `data` under `name` to everyone in a room of a tenant who is connected to this process. They were let
    /// into the room; what is said to it is the caller's responsibility. Clients of other processes hear nothing of it: it is
    /// for what every process says by itself, as a follower of the bus does.
    pub fn tell(&self, tenant: TenantId, room: &Room, name: &str, data: &Value) {
        let rooms = std::slice::from_ref(room);
        let members = self.registry().members(tenant, rooms);
        for client in members {
            self.say(&client, name, data);
        }
    }

    /// Announces that something happened to those in its rooms who may hear it. Returns how many heard.
    pub fn announce(&self, announced: &Announcement) -> usize {
        let members = self.registry().members(announced.tenant, &announced.rooms);
        let mut whole: Option<Value> = None;
        let mut heard = 0;
        for client in members {
            let who = client.who();
            let said = match hears(&who, announced) {
                Hears::Nothing => continue,
                Hears::All => {
                    let data = whole.get_or_insert_with(|| message(announced, None));
                    self.say(&client, "event", data)
                }
                Hears::Changes(changes) => {
                    self.say(&client, "event", &message(announced, Some(changes)))
                }
            };
            heard += usize::from(said);
        }
        metrics::counter!("live_announcements_heard").increment(heard as u64);
        heard
    }

    /// Looks at once at the standing of everybody who is connected as this user, or as anybody.
    pub async fn recheck_users(&self, tenant: TenantId, user: Option<&str>) {
        let all = self.registry().all();
        for client in all {
            if client.tenant == tenant && user.is_none_or(|user| *client.user == *user) {
                self.recheck(&client).await;
            }
        }
    }

    /// Ends every connection, as before the process stops.
    pub fn stop(&self) {
        let all = self.registry().all();
        for client in all {
            self.end(&client, Ending::Stopping);
        }
    }

    pub(crate) fn limits(&self) -> &HubLimits {
        &self.inner.limits
    }

    pub(crate) fn door(&self) -> &Door {
        &self.inner.door
    }

    pub(crate) fn handshakes(&self) -> &RateLimits {
        &self.inner.handshakes
    }

    pub(crate) fn everybody(&self) -> Vec<Arc<Client>> {
        self.registry().all()
    }

    pub(crate) async fn authenticate(
        &self,
        credential: &Credential,
    ) -> Result<Arc<Authenticated>, AuthenticationError> {
        credential.authenticate(&*self.inner.authenticator).await
    }

    /// Whether there is a place for one more connection of somebody.
    pub(crate) fn has_place(&self, who: &Authenticated) -> Result<(), Refusal> {
        let registry = self.registry();
        registry.has_place(&self.inner.limits, who.tenant, &who.actor.id)
    }

    /// Forgets rates of those who have been quiet.
    pub(crate) fn tidy(&self) {
        self.inner.handshakes.forget_idle();
        self.inner.requests.forget_idle();
    }

    /// Lets a client in, into the rooms of its own.
    pub(crate) fn enter(
        &self,
        who: Arc<Authenticated>,
        credential: Arc<Credential>,
        outlet: Box<dyn Outlet>,
    ) -> Result<(u64, Ready), Refusal> {
        let id = self.inner.next.fetch_add(1, Ordering::Relaxed);
        let client = Client::new(id, Arc::clone(&who), credential, outlet);
        let rooms = own_rooms(&who);
        let mut registry = self.registry();
        registry.has_place(&self.inner.limits, who.tenant, &who.actor.id)?;
        registry.add(Arc::new(client));
        for room in &rooms {
            registry.join(id, room.clone(), usize::MAX);
        }
        metrics::gauge!("live_clients").set(registry.count() as f64);
        let user = who.actor.id.to_string();
        Ok((id, Ready { user, rooms }))
    }

    /// Lets a client go.
    pub(crate) fn leave(&self, id: u64) {
        let mut registry = self.registry();
        registry.remove(id);
        metrics::gauge!("live_clients").set(registry.count() as f64);
    }

    /// Puts a client into the room that it names, when it may be there.
    pub(crate) async fn subscribe(&self, id: u64, room: &str) -> Result<Room, Refusal> {
        let client = self.registry().get(id).ok_or(Refusal::Unauthenticated)?;
        let who = client.who();
        self.is_patient(&who, id)?;
        let room: Room = room.parse().map_err(|_| Refusal::NoRoom)?;
        self.may_enter(&who, &room).await?;
        let most = self.inner.limits.rooms;
        if self.registry().join(id, room.clone(), most) {
            Ok(room)
        } else {
            Err(Refusal::TooManyRooms)
        }
    }

    /// Takes a client out of the room that it names.
    pub(crate) fn unsubscribe(&self, id: u64, room: &str) -> Result<Room, Refusal> {
        let room: Room = room.parse().map_err(|_| Refusal::NoRoom)?;
        self.registry().leave(id, &room);
        Ok(room)
    }

    fn is_patient(&self, who: &Authenticated, id: u64) -> Result<(), Refusal> {
        let checked = self.inner.requests.check(who.tenant, id);
        checked.map_err(|_| Refusal::TooFast)
    }

    async fn may_enter(&self, who: &Authenticated, room: &Room) -> Result<(), Refusal> {
        let (kind, id) = match room {
            Room::Organisation if is_staff(&who.grant) => return Ok(()),
            Room::User(_) if own_rooms(who).contains(room) => return Ok(()),
            Room::Location(id) if is_staff(&who.grant) => (ResourceType::LOCATION, id),
            Room::Patient(id) => (ResourceType::PATIENT, id),
            Room::Consultation(id) => (ResourceType::ENCOUNTER, id),
            Room::Organisation | Room::User(_) | Room::Location(_) => {
                return Err(Refusal::Forbidden);
            }
        };
        match self.inner.records.may_read(who, kind, id).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::Forbidden),
            Err(error) => {
                tracing::warn!(%error, "a room cannot be opened");
                Err(Refusal::Unavailable)
            }
        }
    }

    /// Takes a client whose standing changed out of the rooms that are no longer open to it.
    pub(crate) async fn reopen_rooms(&self, client: &Client, who: &Authenticated) {
        let rooms = self.registry().rooms(client.id);
        for room in rooms {
            if self.may_enter(who, &room).await == Err(Refusal::Forbidden) {
                self.registry().leave(client.id, &room);
                let left = json!({"room": room, "reason": Refusal::Forbidden.code()});
                self.say(client, "left", &left);
            }
        }
    }

    /// Queues a message for a client; one that does not keep up is disconnected.
    pub(crate) fn say(&self, client: &Client, name: &str, data: &Value) -> bool {
        let said = client.outlet.say(name, data).is_ok();
        if !said {
            metrics::counter!("live_slow_clients").increment(1);
            self.end(client, Ending::Slow);
        }
        said
    }

    pub(crate) fn end(&self, client: &Client, ending: Ending) {
        self.leave(client.id);
        client.outlet.end(ending);
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.inner
            .registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An announcement as JSON, of these changes alone where it has some.
fn message(announced: &Announcement, changes: Option<Vec<&Changed>>) -> Value {
    let whole = changes.is_none();
    let message = Message {
        id: announced.id,
        name: announced.name,
        at: announced.at.to_fhir(),
        subject: whole.then_some(&announced.subject),
        patient: announced.patient.as_deref().filter(|_| whole),
        changes,
        rooms: announced.rooms.iter().collect(),
    };
    serde_json::to_value(message).unwrap_or_default()
}
