-- What lies on which day: a reader looks into the days that hold something for it. A plan over the whole log takes a lock on
-- every day of every topic, and there are thousands of them when the trail of seven years is kept.

create table events.day (
  topic int2 not null,
  day   date not null,
  low   int8 not null,  -- positions of the first and the last event
  high  int8 not null,
  primary key (topic, day)
);
grant select on events.day to meditrack_app;

insert into events.day (topic, day, low, high)
select l.topic, l.day, min(l.position), max(l.position) from events.log l group by l.topic, l.day;

-- As before, and the day says how far it goes.
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

-- As before, a day after the other, and of a day as many positions at a time as rows are asked for: that many rows lie there at
-- most, so that a reader that is far behind reads each row once, however many partitions it has. Where few of the positions
-- are of the topic, more are taken at a time. Days whose positions lie between each other's, because the clocks of two relays
-- did not agree, are read as one.
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
      if v_count < v_span / 4 then
        v_span := v_span * 4;
      end if;
    end loop;
    exit when v_left <= 0;
  end loop;
end $$;

-- As before.
drop function events.lags();
create function events.lags() returns table (consumer text, topic int2, behind int8)
language plpgsql stable security definer set search_path = pg_catalog as $$
declare v_row record; v_count int8;
begin
  for v_row in
    select p.consumer, p.topic, jsonb_object_agg(p.partition, p.position) filter (where p.position < h.position) as late,
           (select min(d.day) from events.day d where d.topic = p.topic and d.high > min(p.position)) as first
      from events.progress p left join events.head h on h.topic = p.topic
     group by p.consumer, p.topic
  loop
    v_count := 0;
    if v_row.late is not null and v_row.first is not null then
      execute format(
        'select coalesce(sum(w.waiting), 0)
           from jsonb_each_text($1) as p (partition, position),
           lateral (select count(*) as waiting
                      from (select from events.%I l
                             where l.topic = %s and l.day >= %L and l.partition = p.partition::int2
                               and l.position > p.position::int8
                             limit 10000) l) w', 'log_' || v_row.topic, v_row.topic, v_row.first)
        into v_count using v_row.late;
    end if;
    consumer := v_row.consumer;
    topic := v_row.topic;
    behind := v_count;
    return next;
  end loop;
end $$;

-- As before, and the day is forgotten with its events.
create or replace function events.expire(p_topic int2, p_before date) returns int4
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
    delete from events.day d where d.topic = p_topic and format('log_%s_%s', p_topic, to_char(d.day, 'YYYYMMDD')) = v_name;
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;

revoke all on all functions in schema events from public;
grant execute on all functions in schema events to meditrack_app;
