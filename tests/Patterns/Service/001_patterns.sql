create table things (
  id    text primary key,
  count int not null
);

create table journeys (
  correlation_id uuid primary key,
  current_state  text not null,
  steps          int not null
);
