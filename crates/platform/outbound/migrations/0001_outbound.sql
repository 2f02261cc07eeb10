-- What is to be delivered to others, and what became of it. What is sent, and to whom, is sealed.
create table outbound.parcel (
  seq        int8 generated always as identity,
  created_at int8 not null,
  due_at     int8 not null,
  ended_at   int8,
  tenant     int4 not null,
  attempts   int4 not null default 0,
  last_status int4,                    -- of HTTP
  state      int2 not null default 1 check (state between 1 and 3),  -- waiting, delivered, given up
  id         uuid not null,
  target     uuid not null,            -- endpoint, subscription or message that it belongs to
  courier    text not null,
  reason     text,                     -- class of the last failure, never its values
  sealed     bytea not null,
  primary key (tenant, id)
);
create index parcel_due on outbound.parcel (courier, due_at) where state = 1;
create index parcel_target on outbound.parcel (tenant, target, seq);
create index parcel_ended on outbound.parcel (ended_at) where state > 1;

select meditrack.isolate('outbound.parcel');
create policy listed on outbound.parcel to meditrack_owner using (true);

grant usage on schema outbound to meditrack_app;
grant select, insert, update, delete on outbound.parcel to meditrack_app;

-- Tenants for which a courier has something to do.
create function outbound.due_tenants(p_courier text, p_now int8) returns setof int4
language sql stable security definer set search_path = pg_catalog
begin atomic
  select distinct tenant from outbound.parcel where courier = p_courier and state = 1 and due_at <= p_now;
end;

-- Forgets what ended long ago. Returns how many rows.
create function outbound.tidy(p_before int8, p_limit int4) returns int8
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare v_count int8;
begin
  delete from outbound.parcel where ctid = any(array(
    select ctid from outbound.parcel where state > 1 and ended_at < p_before limit p_limit));
  get diagnostics v_count = row_count;
  return v_count;
end $$;

revoke all on all functions in schema outbound from public;
grant execute on all functions in schema outbound to meditrack_app;
