-- How far the log of each topic goes: readers look here, and into the log only when there is something new.
create table events.head (
  topic    int2 primary key,
  position int8 not null
);
grant select on events.head to meditrack_app;

-- As before, and the heads of the topics move with the batch. Returns the last position.
create or replace function events.append(p_token int8, p_day date, p_topics int2[], p_partitions int2[], p_events int2[],
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
  insert into events.head as h (topic, position)
  select e.topic, v_position + max(e.n) from unnest(p_topics) with ordinality as e (topic, n) group by e.topic
  on conflict (topic) do update set position = excluded.position;
  return v_position + cardinality(p_ids);
end $$;

insert into events.head (topic, position)
select l.topic, max(l.position) from events.log l group by l.topic;

-- The next events of several partitions of a topic, each behind its own position; of all tenants: bodies are sealed.
create function events.fetch_held(p_topic int2, p_partitions int2[], p_afters int8[], p_limit int4)
returns table (partition int2, "position" int8, at int8, tenant int4, event int2, id uuid, correlation uuid, body bytea)
language sql stable security definer set search_path = pg_catalog
begin atomic
  select l.partition, l.position, l.at, l.tenant, l.event, l.id, l.correlation, l.body
    from unnest(p_partitions, p_afters) as h (partition, after)
   cross join lateral (
     select n.partition, n.position, n.at, n.tenant, n.event, n.id, n.correlation, n.body
       from events.log n
      where n.topic = p_topic and n.partition = h.partition and n.position > h.after
      order by n.position limit p_limit) l
   order by l.position limit p_limit;
end;
drop function events.fetch(int2, int2, int8, int4);

-- A relay that ends gives its place up, so that another need not wait for the lease.
create function events.release_relay(p_holder uuid) returns void
language sql volatile security definer set search_path = pg_catalog
begin atomic
  update events.relay set until = '-infinity' where holder = p_holder;
end;

-- Where the relay stands: whether somebody holds it, how many rows wait (counted to a thousand) and since when.
create function events.relay_status()
returns table (held bool, token int8, waiting int8, oldest int8)
language sql stable security definer set search_path = pg_catalog
begin atomic
  select r.until > clock_timestamp(), r.token, w.waiting, w.oldest
    from events.relay r,
    lateral (select count(*) as waiting, min(t.at) as oldest
               from (select t.at from records.txlog t
                      where t.xid >= r.from_xid and (r.to_xid is null or t.xid >= r.to_xid or t.seq > r.after_seq)
                      limit 1000) t) w;
end;

-- How far groups are behind the log, counted to ten thousand for each partition.
create function events.lags() returns table (consumer text, topic int2, behind int8)
language sql stable security definer set search_path = pg_catalog
begin atomic
  select p.consumer, p.topic, sum(w.waiting)::int8
    from events.progress p,
    lateral (select count(*) as waiting
               from (select from events.log l
                      where l.topic = p.topic and l.partition = p.partition and l.position > p.position
                      limit 10000) l) w
   group by p.consumer, p.topic;
end;

revoke all on all functions in schema events from public;
grant execute on all functions in schema events to meditrack_app;
