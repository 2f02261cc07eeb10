-- What an organisation decided about its notes: whose signature needs a second one.
create table charting.setting (
    tenant     int4 not null primary key,
    version    int4 not null,
    body       text not null check (length(body) <= 50000),
    updated_at int8 not null
);
select meditrack.isolate('charting.setting');
grant select, insert, update on charting.setting to meditrack_app;
grant usage on schema charting to meditrack_app;
