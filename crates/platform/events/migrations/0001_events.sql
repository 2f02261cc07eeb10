-- The relay's place in the transaction log, the embedded log with its partitions, the offsets of
-- consumer groups, inboxes and dead letters.
--
-- `records.txlog` is the outbox: every commit writes its row there. The relay reads settled rows and
-- appends their events to `events.log` (or hands them to a broker), in one transaction with its place.

-- One row. Rows of the transaction log with an xid from `from_xid` on and below `to_xid` (a window), and
-- a seq above `after_seq`, come next; without a window the next one begins at `from_xid`.
create table events.relay (
  one       boolean primary key default true check (one),
  from_xid  xid8 not null default '0',
  to_xid    xid8,
  after_seq int8 not null default 0,
  position  int8 not null default 0,  -- the last one given out
  token     int8 not null default 0,  -- grows with each new holder: what an older one writes is refused
  holder    uuid,
  until     timestamptz not null default '-infinity'
);
insert into events.relay default values;

-- Rows of tenants that were not serving when the relay came by.
create table events.deferred (
  seq    int8 not null,
  xid    xid8 not null,
  tenant int4 not null,
  primary key (tenant, seq)
);

create table events.log (
  position    int8 not null,
  at          int8 not null,
  tenant      int4 not null,
  day         date not null,
  topic       int2 not null,
  partition   int2 not null,
  event       int2 not null,
  id          uuid not null,
  correlation uuid not null,
  body        bytea not null,         -- key and payload, sealed
  primary key (topic, partition, position, day)
) partition by list (topic);

-- How far a group of consumers has come in a partition of a topic, and who reads it.
create table events.progress (
  consumer  text not null,
  topic     int2 not null,
  partition int2 not null,
  position  int8 not null default 0,
  token     int8 not null default 0,
  holder    uuid,
  until     timestamptz not null default '-infinity',
  primary key (consumer, topic, partition)
);

-- The processes of a group: those that gave a sign of life share its partitions.
create table events.member (
  consumer text not null,
  topic    int2 not null,
  holder   uuid not null,
  until    timestamptz not null,
  primary key (consumer, topic, holder)
);

-- What a consumer has done: written in the transaction of the effect, so that it happens once.
create table events.inbox (
  at       timestamptz not null default now(),
  tenant   int4 not null,
  consumer text not null,
  id       uuid not null,
  primary key (tenant, consumer, id)
);
create index inbox_at on events.inbox (at);

-- Events that a consumer could not take (state 1), events of the same key that wait behind them (2), replayed (3)
-- and given up (4) ones.
create table events.dead_letter (
  position    int8 not null,
  at          int8 not null,
  first_at    timestamptz not null default now(),
  last_at     timestamptz not null default now(),
  tenant      int4 not null,
  attempts    int4 not null,
  topic       int2 not null,
  partition   int2 not null,
  event       int2 not null,
  state       int2 not null check (state between 1 and 4),
  lane        int8 not null,          -- hash of the key: events of one key have one lane
  consumer    text not null,
  id          uuid not null,
  correlation uuid not null,
  reason      text not null,          -- class of the error, never its values
  body        bytea not null,
  primary key (tenant, consumer, id)
);
create index dead_letter_lane on events.dead_letter (tenant, consumer, lane, position) where state < 3;

select meditrack.isolate('events.deferred');
select meditrack.isolate('events.log');
select meditrack.isolate('events.inbox');
select meditrack.isolate('events.dead_letter');
create policy relayed on events.deferred to meditrack_owner using (true) with check (true);
create policy relayed on events.log to meditrack_owner using (true) with check (true);
create policy tidied on events.inbox to meditrack_owner using (true);
create policy listed on events.dead_letter for select to meditrack_owner using (true);

grant usage on schema events to meditrack_app;
grant select on events.relay to meditrack_app;
grant select, insert, update on events.progress to meditrack_app;
grant select, insert, update, delete on events.member to meditrack_app;
grant select on events.deferred, events.log to meditrack_app;
grant select, insert on events.inbox to meditrack_app;
grant select, insert, update on events.dead_letter to meditrack_app;

-- Takes or keeps the relay's place for `p_millis`; no row when another holder has it.
create function events.hold_relay(p_holder uuid, p_millis int8)
returns table (token int8, from_xid text, to_xid text, after_seq int8, relayed int8)
language sql volatile security definer set search_path = pg_catalog
begin atomic
  update events.relay r
     set token = case when r.holder = p_holder and r.until > clock_timestamp()
                      then r.token else r.token + 1 end,
         holder = p_holder, until = clock_timestamp() + p_millis * interval '1 millisecond'
   where r.until < clock_timestamp() or r.holder = p_holder
  returning r.token, r.from_xid::text, r.to_xid::text, r.after_seq, r.position;
end;

-- Where a window that begins at p_from may end: at the horizon, or earlier. A transaction may take its id
-- early and write late; when one that wrote the same record before it has a greater id, and the horizon lies between
-- the two, the later row would be relayed first. Such a row waits for the next window.
create function events.boundary(p_from text, p_horizon text) returns text
language plpgsql stable security definer set search_path = pg_catalog as $$
declare v_end xid8 := p_horizon::xid8; v_early xid8;
begin
  loop
    select late.xid into v_early
      from records.txlog before
      join records.txlog late
        on late.tenant = before.tenant and late.seq > before.seq and late.ids && before.ids
     where before.xid >= v_end and late.xid >= p_from::xid8 and late.xid < v_end
     order by late.xid limit 1;
    if not found then
      return v_end::text;
    end if;
    v_end := v_early;
  end loop;
end $$;

-- The next settled rows of a window, in order of seq. Tenants lie side by side: bodies are sealed.
create function events.settled(p_from text, p_to text, p_after int8, p_limit int4)
returns table (seq int8, at int8, tenant int4, correlation uuid, types int2[], actions int2[], versions int4[],
               ids uuid[], events bytea, xid text)
language sql stable security definer set search_path = pg_catalog
begin atomic
  select t.seq, t.at, t.tenant, t.correlation, t.types, t.actions, t.versions, t.ids, t.events, t.xid::text
    from records.txlog t
   where t.xid >= p_from::xid8 and t.xid < p_to::xid8 and t.seq > p_after
   order by t.seq limit p_limit;
end;

-- Rows that were deferred for a tenant, in the order in which they would have been relayed.
create function events.deferred_rows(p_tenant int4, p_limit int4)
returns table (seq int8, at int8, tenant int4, correlation uuid, types int2[], actions int2[], versions int4[],
               ids uuid[], events bytea, xid text)
language sql stable security definer set search_path = pg_catalog
begin atomic
  select t.seq, t.at, t.tenant, t.correlation, t.types, t.actions, t.versions, t.ids, t.events, t.xid::text
    from events.deferred d join records.txlog t on t.xid = d.xid and t.seq = d.seq
   where d.tenant = p_tenant
   order by d.seq limit p_limit;
end;

create function events.deferred_tenants() returns setof int4
language sql stable security definer set search_path = pg_catalog
begin atomic
  select distinct d.tenant from events.deferred d;
end;

-- Moves the place on; refuses a holder that has been replaced. The caller's transaction also holds what it appended.
create function events.advance(p_token int8, p_from text, p_to text, p_after int8) returns void
language plpgsql volatile security definer set search_path = pg_catalog as $$
begin
  update events.relay set from_xid = p_from::xid8, to_xid = p_to::xid8, after_seq = p_after
   where token = p_token;
  if not found then
    raise exception using errcode = 'MT409', message = 'another relay took over';
  end if;
end $$;

-- Appends events in the given order; positions go on from the last. Refuses a holder that has been replaced.
create function events.append(p_token int8, p_day date, p_topics int2[], p_partitions int2[], p_events int2[],
  p_ats int8[], p_tenants int4[], p_ids uuid[], p_correlations uuid[], p_bodies bytea[]) returns int8
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare v_position int8;
begin
  update events.relay set position = position + cardinality(p_ids) where token = p_token
  returning position - cardinality(p_ids) into v_position;
  if not found then
    raise exception using errcode = 'MT409', message = 'another relay took over';
  end if;
  insert into events.log (position, at, tenant, day, topic, partition, event, id, correlation, body)
  select v_position + e.n, e.at, e.tenant, p_day, e.topic, e.partition, e.event, e.id, e.correlation, e.body
    from unnest(p_topics, p_partitions, p_events, p_ats, p_tenants, p_ids, p_correlations, p_bodies)
      with ordinality as e (topic, partition, event, at, tenant, id, correlation, body, n);
  return v_position + cardinality(p_ids);
end $$;

create function events.defer(p_token int8, p_tenants int4[], p_xids text[], p_seqs int8[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog as $$
begin
  perform from events.relay where token = p_token for update;
  if not found then
    raise exception using errcode = 'MT409', message = 'another relay took over';
  end if;
  insert into events.deferred (tenant, xid, seq)
  select d.tenant, d.xid::xid8, d.seq from unnest(p_tenants, p_xids, p_seqs) as d (tenant, xid, seq)
  on conflict do nothing;
end $$;

create function events.undefer(p_token int8, p_tenant int4, p_upto int8) returns void
language plpgsql volatile security definer set search_path = pg_catalog as $$
begin
  perform from events.relay where token = p_token for update;
  if not found then
    raise exception using errcode = 'MT409', message = 'another relay took over';
  end if;
  delete from events.deferred where tenant = p_tenant and seq <= p_upto;
end $$;

-- The next events of a partition, of all tenants: bodies are sealed.
create function events.fetch(p_topic int2, p_partition int2, p_after int8, p_limit int4)
returns table ("position" int8, at int8, tenant int4, event int2, id uuid, correlation uuid, body bytea)
language sql stable security definer set search_path = pg_catalog
begin atomic
  select l.position, l.at, l.tenant, l.event, l.id, l.correlation, l.body
    from events.log l
   where l.topic = p_topic and l.partition = p_partition and l.position > p_after
   order by l.position limit p_limit;
end;

-- Makes the partitions of a topic for a day and the day after.
create function events.prepare(p_topic int2, p_day date) returns void
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare v_day date; v_topic text := format('log_%s', p_topic); v_name text;
begin
  if to_regclass('events.' || v_topic) is null then
    execute format('create table events.%I partition of events.log for values in (%s) partition by range (day)',
                   v_topic, p_topic);
  end if;
  foreach v_day in array array[p_day, p_day + 1] loop
    v_name := format('%s_%s', v_topic, to_char(v_day, 'YYYYMMDD'));
    if to_regclass('events.' || v_name) is null then
      -- Attached, because making it as a partition would lock out readers of the whole log.
      execute format('create table events.%I (like events.log including defaults including constraints)', v_name);
      execute format('alter table events.%I attach partition events.%I for values from (%L) to (%L)',
                     v_topic, v_name, v_day, v_day + 1);
    end if;
  end loop;
end $$;

-- Drops the partitions of a topic that end before a day and that every group has read. Returns how many.
create function events.expire(p_topic int2, p_before date) returns int4
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare v_name text; v_last int8; v_read int8; v_count int4 := 0;
begin
  for v_name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = to_regclass('events.log_' || p_topic)
       and c.relname < format('log_%s_%s', p_topic, to_char(p_before, 'YYYYMMDD'))
     order by c.relname
  loop
    execute format('select coalesce(max(position), 0) from events.%I', v_name) into v_last;
    select min(p.position) into v_read from events.progress p
     where p.topic = p_topic
       and p.partition in (select distinct l.partition from events.log l
                            where l.topic = p_topic and l.position <= v_last and l.position > p.position);
    exit when v_read < v_last;
    execute format('drop table events.%I', v_name);
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;

-- Forgets what consumers did long ago. Returns how many rows.
create function events.tidy_inbox(p_days int4, p_limit int4) returns int8
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare v_count int8;
begin
  delete from events.inbox where ctid = any(array(
    select ctid from events.inbox where at < now() - p_days * interval '1 day' limit p_limit));
  get diagnostics v_count = row_count;
  return v_count;
end $$;

-- Dead letters by consumer, without content: what an operator's screen shows and alarms count.
create function events.dead_letters()
returns table (tenant int4, consumer text, topic int2, event int2, state int2, reason text, count int8, oldest timestamptz)
language sql stable security definer set search_path = pg_catalog
begin atomic
  select d.tenant, d.consumer, d.topic, d.event, d.state, d.reason, count(*), min(d.first_at)
    from events.dead_letter d where d.state < 3
   group by d.tenant, d.consumer, d.topic, d.event, d.state, d.reason;
end;

revoke all on all functions in schema events from public;
grant execute on all functions in schema events to meditrack_app;
