create schema if not exists inventory;

create table inventory.stock (
  sku text primary key,
  initial_on_hand int not null check (initial_on_hand >= 0),
  on_hand int not null check (on_hand >= 0),
  reserved int not null default 0 check (reserved >= 0),
  committed int not null default 0 check (committed >= 0)
);

insert into inventory.stock (sku, initial_on_hand, on_hand) values
  ('COFFEE-1KG', 1000000, 1000000),
  ('TEA-500G', 1000000, 1000000),
  ('GRINDER', 1000000, 1000000),
  ('KETTLE', 1000000, 1000000),
  ('FILTER-100', 1000000, 1000000),
  ('LIMITED-EDITION', 25, 25);

-- What became of each order's stock. 'released' without lines: released before anything was reserved; nothing will be.
create table inventory.reservations (
  order_id uuid primary key,
  state text not null check (state in ('reserved', 'rejected', 'released', 'committed')),
  lines jsonb not null
);

-- Every change of inventory.stock, for whoever wants to recount it.
create table inventory.movements (
  movement_id bigint generated always as identity primary key,
  order_id uuid not null,
  sku text not null references inventory.stock,
  kind text not null check (kind in ('reserved', 'released', 'committed')),
  quantity int not null check (quantity > 0),
  at timestamptz not null
);

create index movements_by_order on inventory.movements (order_id);
