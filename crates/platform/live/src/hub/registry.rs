//! Who is connected and in which rooms.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use mt_kernel::TenantId;

use super::Refusal;
use crate::client::Client;
use crate::{HubLimits, Room};

/// All clients of the process.
#[derive(Debug, Default)]
pub(super) struct Registry {
    clients: HashMap<u64, Arc<Client>>,
    members: HashMap<(TenantId, Room), HashSet<u64>>,
    rooms: HashMap<u64, HashSet<Room>>,
    tenants: HashMap<TenantId, usize>,
    users: HashMap<(TenantId, Arc<str>), usize>,
}

impl Registry {
    /// Whether there is room for one more connection of this user.
    pub(super) fn has_place(
        &self,
        limits: &HubLimits,
        tenant: TenantId,
        user: &Arc<str>,
    ) -> Result<(), Refusal> {
        let of_tenant = self.tenants.get(&tenant).copied().unwrap_or_default();
        let of_user = self.users.get(&(tenant, Arc::clone(user)));
        if self.clients.len() >= limits.connections
            || of_tenant >= limits.per_tenant
            || of_user.copied().unwrap_or_default() >= limits.per_user
        {
            return Err(Refusal::TooManyConnections);
        }
        Ok(())
    }

    pub(super) fn add(&mut self, client: Arc<Client>) {
        *self.tenants.entry(client.tenant).or_default() += 1;
        let user = (client.tenant, Arc::clone(&client.user));
        *self.users.entry(user).or_default() += 1;
        self.rooms.insert(client.id, HashSet::new());
        self.clients.insert(client.id, client);
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Arc<Client>> {
        let client = self.clients.remove(&id)?;
        for room in self.rooms.remove(&id).unwrap_or_default() {
            self.forget_member(client.tenant, room, id);
        }
        one_less(&mut self.tenants, client.tenant);
        one_less(&mut self.users, (client.tenant, Arc::clone(&client.user)));
        Some(client)
    }

    pub(super) fn get(&self, id: u64) -> Option<Arc<Client>> {
        self.clients.get(&id).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Client>> {
        self.clients.values().cloned().collect()
    }

    pub(super) fn count(&self) -> usize {
        self.clients.len()
    }

    /// The rooms in which a client is.
    pub(super) fn rooms(&self, id: u64) -> Vec<Room> {
        let mut rooms: Vec<Room> = self.rooms.get(&id).into_iter().flatten().cloned().collect();
        rooms.sort();
        rooms
    }

    /// Puts a client into a room; false when it is in as many as it may be.
    pub(super) fn join(&mut self, id: u64, room: Room, most: usize) -> bool {
        let (Some(client), Some(rooms)) = (self.clients.get(&id), self.rooms.get_mut(&id)) else {
            return false;
        };
        if !rooms.contains(&room) && rooms.len() >= most {
            return false;
        }
        rooms.insert(room.clone());
        self.members
            .entry((client.tenant, room))
            .or_default()
            .insert(id);
        true
    }

    pub(super) fn leave(&mut self, id: u64, room: &Room) {
        let left = self
            .rooms
            .get_mut(&id)
            .is_some_and(|rooms| rooms.remove(room));
        if let (true, Some(client)) = (left, self.get(id)) {
            self.forget_member(client.tenant, room.clone(), id);
        }
    }

    /// Everyone in at least one of these rooms of a tenant.
    pub(super) fn members(&self, tenant: TenantId, rooms: &[Room]) -> Vec<Arc<Client>> {
        let mut ids: HashSet<u64> = HashSet::new();
        for room in rooms {
            let members = self.members.get(&(tenant, room.clone()));
            ids.extend(members.into_iter().flatten());
        }
        ids.into_iter().filter_map(|id| self.get(id)).collect()
    }

    fn forget_member(&mut self, tenant: TenantId, room: Room, id: u64) {
        let key = (tenant, room);
        if let Some(members) = self.members.get_mut(&key) {
            members.remove(&id);
            if members.is_empty() {
                self.members.remove(&key);
            }
        }
    }
}

fn one_less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}
