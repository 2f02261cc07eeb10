-- How often the limits of an organisation were set, so that nobody sets them over what they have not seen.
alter table administration.organisation add column limits_version int4 not null default 0;
