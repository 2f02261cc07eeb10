-- What the relay appends to the embedded log need not be on the disk at once: its batch and its place are one transaction, so what
-- a crash takes back is relayed again. Nobody may have seen a position that is given out a second time, though.

-- As before, and a new token begins far beyond whatever an older holder may have given out and lost.
create or replace function events.hold_relay(p_holder uuid, p_millis int8)
returns table (token int8, from_xid text, to_xid text, after_seq int8, relayed int8)
language sql volatile security definer set search_path = pg_catalog
begin atomic
  update events.relay r
     set token = case when r.holder = p_holder and r.until > clock_timestamp()
                      then r.token else r.token + 1 end,
         position = case when r.holder = p_holder and r.until > clock_timestamp()
                         then r.position else r.position + 1048576 end,
         holder = p_holder, until = clock_timestamp() + p_millis * interval '1 millisecond'
   where r.until < clock_timestamp() or r.holder = p_holder
  returning r.token, r.from_xid::text, r.to_xid::text, r.after_seq, r.position;
end;

-- As before; refuses, too, when the last position is not the one that the holder has given out (p_last; null when it has given
-- out none): its last batches were lost.
drop function events.append(int8, date, int2[], int2[], int2[], int8[], int4[], uuid[], uuid[], bytea[]);
create function events.append(p_token int8, p_last int8, p_day date, p_topics int2[], p_partitions int2[], p_events int2[],
  p_ats int8[], p_tenants int4[], p_ids uuid[], p_correlations uuid[], p_bodies bytea[]) returns int8
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare v_position int8;
begin
  update events.relay set position = position + cardinality(p_ids)
   where token = p_token and (p_last is null or position = p_last)
  returning position - cardinality(p_ids) into v_position;
  if not found then
    raise exception using errcode = 'MT409', message = 'another relay took over';
  end if;
  insert into events.log (position, at, tenant, day, topic, partition, event, id, correlation, body)
  select v_position + e.n, e.at, e.tenant, p_day, e.topic, e.partition, e.event, e.id, e.correlation, e.body
    from unnest(p_topics, p_partitions, p_events, p_ats, p_tenants, p_ids, p_correlations, p_bodies)
      with ordinality as e (topic, partition, event, at, tenant, id, correlation, body, n);
  with ends as (
    select e.topic, v_position + min(e.n) as low, v_position + max(e.n) as high
      from unnest(p_topics) with ordinality as e (topic, n) group by e.topic),
  days as (
    insert into events.day as d (topic, day, low, high) select e.topic, p_day, e.low, e.high from ends e
    on conflict (topic, day) do update set high = excluded.high)
  insert into events.head as h (topic, position) select e.topic, e.high from ends e
  on conflict (topic) do update set position = excluded.position;
  return v_position + cardinality(p_ids);
end $$;

-- As before, and a reader that asks for one or two events passes a gap in the positions as quickly as others.
create or replace function events.fetch_held(p_topic int2, p_partitions int2[], p_afters int8[], p_limit int4)
returns table (partition int2, "position" int8, at int8, tenant int4, event int2, id uuid, correlation uuid, body bytea)
language plpgsql stable security definer rows 100 set search_path = pg_catalog as $$
declare
  v_least int8; v_left int4 := p_limit; v_count int4; v_span int8 := p_limit;
  v_from date; v_to date; v_low int8; v_high int8; v_upto int8;
begin
  select min(h.after) into v_least from unnest(p_afters) as h (after);
  for v_from, v_to, v_low, v_high in
    select min(s.day), max(s.day), min(s.low), max(s.high)
      from (select o.day, o.low, o.high, count(*) filter (where o.low > o.before) over (order by o.low) as span
              from (select d.day, d.low, d.high,
                           max(d.high) over (order by d.low rows between unbounded preceding and 1 preceding) as before
                      from events.day d where d.topic = p_topic and d.high > v_least) o) s
     group by s.span order by s.span
  loop
    v_low := greatest(v_low - 1, v_least);
    while v_low < v_high and v_left > 0 loop
      v_upto := least(v_low + v_span, v_high);
      return query execute format(
        'select l.partition, l.position, l.at, l.tenant, l.event, l.id, l.correlation, l.body
           from unnest($1, $2) as h (partition, after)
          cross join lateral (
            select n.partition, n.position, n.at, n.tenant, n.event, n.id, n.correlation, n.body
              from events.%I n
             where n.topic = %s and n.day between %L and %L and n.partition = h.partition
               and n.position > greatest(h.after, $3) and n.position <= $4
             order by n.position limit $5) l
          order by l.position limit $5', 'log_' || p_topic, p_topic, v_from, v_to)
        using p_partitions, p_afters, v_low, v_upto, v_left;
      get diagnostics v_count = row_count;
      v_left := v_left - v_count;
      v_low := v_upto;
      if v_count <= v_span / 4 then
        v_span := v_span * 4;
      end if;
    end loop;
    exit when v_left <= 0;
  end loop;
end $$;

revoke all on all functions in schema events from public;
grant execute on all functions in schema events to meditrack_app;
