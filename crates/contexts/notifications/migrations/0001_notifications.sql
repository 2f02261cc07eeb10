-- What people are told in the application. Words, recipient and subject are sealed.
create table notifications.message (
  created_at int8 not null,
  expires_at int8 not null,            -- forgotten from then on, by topic
  read_at    int8,
  recipient  int8 not null,            -- keyed hash of the person
  tenant     int4 not null,
  intent     int2 not null,
  id         uuid not null,
  sealed     bytea not null,
  primary key (tenant, id)
);
create index message_recipient on notifications.message (tenant, recipient, created_at, id);
create index message_unread on notifications.message (tenant, recipient) where read_at is null;
create index message_expires on notifications.message (expires_at);

-- What leaves: one row for each message and way. The address is sealed.
create table notifications.delivery (
  seq        int8 generated always as identity,
  created_at int8 not null,
  updated_at int8 not null,
  due_at     int8 not null,
  recipient  int8 not null,
  tenant     int4 not null,
  attempts   int4 not null default 0,
  intent     int2 not null,
  channel    int2 not null,
  state      int2 not null,            -- 1 waiting, 2 sent, 3 delivered, 4 failed, 5 withheld, 6 gathered
  id         uuid not null,
  message    uuid not null,
  reason     text,                     -- class of the last failure, never its values
  sealed     bytea not null,
  primary key (tenant, id)
);
create index delivery_seq on notifications.delivery (tenant, seq);
create index delivery_gathered on notifications.delivery (due_at) where state = 6;
create index delivery_created on notifications.delivery (created_at);

-- How somebody wants to be told.
create table notifications.preference (
  updated_at int8 not null,
  person     int8 not null,            -- keyed hash
  tenant     int4 not null,
  version    int4 not null,
  sealed     bytea not null,
  primary key (tenant, person)
);

-- Devices and browsers that somebody registered for push.
create table notifications.push (
  created_at int8 not null,
  person     int8 not null,            -- keyed hash
  token      int8 not null,            -- keyed hash of endpoint or token
  tenant     int4 not null,
  id         uuid not null,
  sealed     bytea not null,
  primary key (tenant, id),
  unique (tenant, token)
);
create index push_person on notifications.push (tenant, person);

-- Wordings of an organisation; the latest version is in force, and without a body it is the shipped one again.
create table notifications.template (
  created_at int8 not null,
  tenant     int4 not null,
  version    int4 not null,
  intent     int2 not null,
  language   text not null,
  body       text,
  primary key (tenant, intent, language, version)
);

-- Addresses that must not be written to: they bounce, complained, or said stop.
create table notifications.suppression (
  at      int8 not null,
  address int8 not null,               -- keyed hash
  tenant  int4 not null,
  channel int2 not null,
  reason  text not null,
  primary key (tenant, channel, address)
);

-- What vendors told us: each receipt is taken once.
create table notifications.receipt (
  at     int8 not null,
  tenant int4 not null,
  digest bytea not null,
  primary key (tenant, digest)
);
create index receipt_at on notifications.receipt (at);

-- Reminders to come.
create table notifications.reminder (
  due_at      int8 not null,
  appointment int8 not null,           -- keyed hash
  tenant      int4 not null,
  minutes     int4 not null,           -- before the start
  sealed      bytea not null,
  primary key (tenant, appointment, minutes)
);
create index reminder_due on notifications.reminder (due_at);

select meditrack.isolate('notifications.message');
select meditrack.isolate('notifications.delivery');
select meditrack.isolate('notifications.preference');
select meditrack.isolate('notifications.push');
select meditrack.isolate('notifications.template');
select meditrack.isolate('notifications.suppression');
select meditrack.isolate('notifications.receipt');
select meditrack.isolate('notifications.reminder');
create policy tidied on notifications.message to meditrack_owner using (true);
create policy tidied on notifications.delivery to meditrack_owner using (true);
create policy tidied on notifications.receipt to meditrack_owner using (true);
create policy listed on notifications.reminder to meditrack_owner using (true);

grant usage on schema notifications to meditrack_app;
grant select, insert, update, delete on notifications.message, notifications.delivery, notifications.preference,
  notifications.push, notifications.template, notifications.suppression, notifications.receipt,
  notifications.reminder to meditrack_app;

-- Tenants with a reminder or a digest that is due.
create function notifications.due_tenants(p_now int8) returns setof int4
language sql stable security definer set search_path = pg_catalog
begin atomic
  select distinct tenant from notifications.reminder where due_at <= p_now
  union
  select distinct tenant from notifications.delivery where state = 6 and due_at <= p_now;
end;

-- Forgets what is over. Returns how many rows.
create function notifications.tidy(p_now int8, p_before int8, p_limit int4) returns int8
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare v_messages int8; v_deliveries int8; v_receipts int8;
begin
  delete from notifications.message where ctid = any(array(
    select ctid from notifications.message where expires_at <= p_now limit p_limit));
  get diagnostics v_messages = row_count;
  delete from notifications.delivery where ctid = any(array(
    select ctid from notifications.delivery where created_at < p_before limit p_limit));
  get diagnostics v_deliveries = row_count;
  delete from notifications.receipt where ctid = any(array(
    select ctid from notifications.receipt where at < p_before limit p_limit));
  get diagnostics v_receipts = row_count;
  return v_messages + v_deliveries + v_receipts;
end $$;

revoke all on all functions in schema notifications from public;
grant execute on all functions in schema notifications to meditrack_app;
