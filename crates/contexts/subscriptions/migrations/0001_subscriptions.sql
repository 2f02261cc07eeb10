-- Subscriptions that are told of changes. Criteria, channel and subscriber are sealed.
create table subscriptions.active (
  events        int8 not null default 0,   -- notifications since the start
  created_at    int8 not null,
  heartbeat_due int8,                      -- null: none is wanted, or none is due
  tenant        int4 not null,
  state         int2 not null check (state between 1 and 3),  -- requested, active, in error
  types         int2[] not null,           -- resource types whose changes may be told
  id            uuid not null,
  sealed        bytea not null,
  primary key (tenant, id)
);
create index active_heartbeat on subscriptions.active (heartbeat_due) where state = 2;

-- What was, or is to be, told: which records, by the number of the notification.
create table subscriptions.notification (
  number       int8 not null,
  at           int8 not null,
  tenant       int4 not null,
  subscription uuid not null,
  sealed       bytea not null,
  primary key (tenant, subscription, number)
);
create index notification_at on subscriptions.notification (at);

select meditrack.isolate('subscriptions.active');
select meditrack.isolate('subscriptions.notification');
create policy listed on subscriptions.active to meditrack_owner using (true);
create policy tidied on subscriptions.notification to meditrack_owner using (true);

grant usage on schema subscriptions to meditrack_app;
grant select, insert, update, delete on subscriptions.active to meditrack_app;
grant select, insert, delete on subscriptions.notification to meditrack_app;

-- Tenants with subscriptions that are to hear that the server lives.
create function subscriptions.due_tenants(p_now int8) returns setof int4
language sql stable security definer set search_path = pg_catalog
begin atomic
  select distinct tenant from subscriptions.active where state = 2 and heartbeat_due <= p_now;
end;

-- Forgets notifications that nobody asks for any more. Returns how many.
create function subscriptions.tidy(p_before int8, p_limit int4) returns int8
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare v_count int8;
begin
  delete from subscriptions.notification where ctid = any(array(
    select ctid from subscriptions.notification where at < p_before limit p_limit));
  get diagnostics v_count = row_count;
  return v_count;
end $$;

revoke all on all functions in schema subscriptions from public;
grant execute on all functions in schema subscriptions to meditrack_app;
