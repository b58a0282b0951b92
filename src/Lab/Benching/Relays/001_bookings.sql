create table bookings (
  id   uuid primary key,
  note text not null
);
