-- Rooms of video visits: where each stands, who was there last, and what the two sides tell each other to connect.
--
-- Rows hold row keys and times; everything else is sealed.

create table scheduling.room (
    tenant         int4 not null,
    appointment    uuid not null,
    version        int4 not null,
    clinician_seen int8,
    patient_seen   int8,
    updated_at     int8 not null,
    sealed         bytea not null,
    primary key (tenant, appointment)
);
select meditrack.isolate('scheduling.room');
grant select, insert, update, delete on scheduling.room to meditrack_app;

-- What one side says to the other until the call is over; `side` is who said it.
create table scheduling.signal (
    tenant      int4 not null,
    appointment uuid not null,
    seq         int8 generated always as identity,
    side        int2 not null,
    sent_at     int8 not null,
    sealed      bytea not null,
    primary key (tenant, appointment, seq),
    foreign key (tenant, appointment) references scheduling.room on delete cascade
);
create index signal_sent on scheduling.signal (tenant, sent_at);
select meditrack.isolate('scheduling.signal');
grant select, insert, delete on scheduling.signal to meditrack_app;
