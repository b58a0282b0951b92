create table things (
  id    text primary key,
  count int not null
);

create table journeys (
  correlation_id uuid primary key,
  current_state  text not null,
  steps          int not null
);

-- What handlers did, in the order in which they did it.
create table effects (
  place  bigint generated always as identity primary key,
  key    text not null,
  number int not null
);
