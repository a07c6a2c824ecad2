CREATE TABLE checks_order(
  id BLOB PRIMARY KEY, check_id BLOB NOT NULL, number TEXT NOT NULL, other_numbers TEXT NOT NULL,
  order_type TEXT NOT NULL, status TEXT NOT NULL, table_number TEXT, customer BLOB, note TEXT,
  subtotal INTEGER NOT NULL, discount INTEGER NOT NULL, tax INTEGER NOT NULL, tax_included INTEGER NOT NULL,
  total INTEGER NOT NULL, served_by BLOB NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
  estimated_ms INTEGER, ready_ms INTEGER, version INTEGER NOT NULL, sent INTEGER NOT NULL,
  recalled INTEGER NOT NULL, contradictions TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX checks_order_check ON checks_order(check_id);
CREATE INDEX checks_order_open ON checks_order(id) WHERE status NOT IN ('completed', 'cancelled');
CREATE TABLE checks_line(
  order_id BLOB NOT NULL, place INTEGER NOT NULL, id BLOB NOT NULL, item BLOB NOT NULL, recipe BLOB,
  name TEXT NOT NULL, quantity INTEGER NOT NULL, unit_price INTEGER NOT NULL, total INTEGER NOT NULL,
  modifiers TEXT NOT NULL, note TEXT, station TEXT, PRIMARY KEY(order_id, place)) WITHOUT ROWID;
