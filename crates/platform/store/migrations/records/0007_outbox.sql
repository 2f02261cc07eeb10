-- Events are sealed, and packed before: trying to compress them again costs and gains nothing.
alter table records.txlog alter events set storage external;
