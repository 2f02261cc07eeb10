-- Looks at the outbox and at the log are in functions whose plans are kept: those of SQL functions are made anew by each call.

-- As before, in time that grows with the rows and not with their pairs. What can have to wait was written (seq) after the
-- first row at or past the end, and for what was written before the last of those; mostly there is none.
create or replace function events.boundary(p_from text, p_horizon text) returns text
language plpgsql stable security definer set search_path = pg_catalog set enable_nestloop = off as $$
declare v_end xid8 := p_horizon::xid8; v_early xid8; v_first int8; v_last int8;
begin
  loop
    select min(t.seq) into v_first from records.txlog t where t.xid >= v_end;
    select max(t.seq) into v_last
      from records.txlog t where t.xid >= p_from::xid8 and t.xid < v_end and t.seq > v_first;
    if v_last is null then
      return v_end::text;
    end if;
    select late.xid into v_early
      from (select t.tenant, t.seq, t.xid, unnest(t.ids) as id from records.txlog t
             where t.xid >= p_from::xid8 and t.xid < v_end and t.seq > v_first) late
      join (select t.tenant, t.seq, unnest(t.ids) as id from records.txlog t
             where t.xid >= v_end and t.seq < v_last) before
        on before.tenant = late.tenant and before.id = late.id and before.seq < late.seq
     order by late.xid limit 1;
    if not found then
      return v_end::text;
    end if;
    v_end := v_early;
  end loop;
end $$;

-- The next settled rows of the outbox in order of seq, each with the horizon and the end of the window: p_to, or where a new
-- window ends. Without rows one row says so, and whether some wait above the horizon. All of it is seen at one moment.
create function events.look(p_from text, p_to text, p_after int8, p_limit int4)
returns table (horizon text, upto text, waits boolean, seq int8, at int8, tenant int4, correlation uuid, types int2[],
               actions int2[], versions int4[], ids uuid[], events bytea, xid text)
language plpgsql stable security definer rows 100 set search_path = pg_catalog as $$
declare v_horizon xid8 := pg_snapshot_xmin(pg_current_snapshot()); v_upto xid8;
begin
  v_upto := coalesce(p_to, events.boundary(p_from, v_horizon::text))::xid8;
  return query
    select v_horizon::text, v_upto::text, false, t.seq, t.at, t.tenant, t.correlation, t.types, t.actions, t.versions,
           t.ids, t.events, t.xid::text
      from records.txlog t
     where t.xid >= p_from::xid8 and t.xid < v_upto and t.seq > p_after
     order by t.seq limit p_limit;
  if not found then
    return query
      select v_horizon::text, v_upto::text, exists (select from records.txlog t where t.xid >= v_horizon), null::int8,
             null::int8, null::int4, null::uuid, null::int2[], null::int2[], null::int4[], null::uuid[], null::bytea,
             null::text;
  end if;
end $$;
drop function events.settled(text, text, int8, int4);

-- As before.
drop function events.fetch_held(int2, int2[], int8[], int4);
create function events.fetch_held(p_topic int2, p_partitions int2[], p_afters int8[], p_limit int4)
returns table (partition int2, "position" int8, at int8, tenant int4, event int2, id uuid, correlation uuid, body bytea)
language plpgsql stable security definer rows 100 set search_path = pg_catalog as $$
begin
  return query
    select l.partition, l.position, l.at, l.tenant, l.event, l.id, l.correlation, l.body
      from unnest(p_partitions, p_afters) as h (partition, after)
     cross join lateral (
       select n.partition, n.position, n.at, n.tenant, n.event, n.id, n.correlation, n.body
         from events.log n
        where n.topic = p_topic and n.partition = h.partition and n.position > h.after
        order by n.position limit p_limit) l
     order by l.position limit p_limit;
end $$;

revoke all on all functions in schema events from public;
grant execute on all functions in schema events to meditrack_app;
