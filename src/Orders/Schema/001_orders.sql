create schema if not exists orders;

create table orders.products (
  sku text primary key,
  name text not null,
  unit_price numeric(12, 2) not null check (unit_price > 0)
);

insert into orders.products (sku, name, unit_price) values
  ('COFFEE-1KG', 'Coffee beans, 1 kg', 18.90),
  ('TEA-500G', 'Green tea, 500 g', 12.50),
  ('GRINDER', 'Burr grinder', 149.00),
  ('KETTLE', 'Gooseneck kettle', 79.00),
  ('FILTER-100', 'Paper filters, 100', 6.40),
  ('LIMITED-EDITION', 'Limited edition beans, 250 g', 39.00);

-- What was accepted. The state repeats the end that orders.fulfilments holds; both are written by one transaction.
create table orders.orders (
  order_id uuid primary key,
  customer_id text not null,
  state text not null check (state in ('Placed', 'Confirmed', 'Rejected', 'Cancelled')),
  amount numeric(12, 2) not null check (amount > 0),
  currency text not null,
  payment_method text not null,
  lines jsonb not null,
  placed_at timestamptz not null,
  idempotency_key text unique,
  request_hash bytea not null
);

-- The saga: the one truth about where an order is.
create table orders.fulfilments (
  order_id uuid primary key references orders.orders,
  state text not null,
  amount numeric(12, 2) not null,
  currency text not null,
  payment_method text not null,
  stock_deadline_token uuid,
  payment_deadline_token uuid
);

-- The read model. Events of different topics arrive in any order, so what only order-placed tells may still be missing.
create table orders.order_views (
  order_id uuid primary key,
  state text not null,
  progress int not null,
  customer_id text,
  lines jsonb,
  amount numeric(12, 2),
  currency text,
  placed_at timestamptz,
  reason text,
  timeline jsonb not null
);

create index order_views_by_state on orders.order_views (state, order_id desc);
