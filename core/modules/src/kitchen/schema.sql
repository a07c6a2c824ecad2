CREATE TABLE kitchen_ticket(
  id BLOB PRIMARY KEY, check_id BLOB NOT NULL, order_id BLOB NOT NULL, station TEXT NOT NULL, status TEXT NOT NULL,
  priority INTEGER NOT NULL, recalled INTEGER NOT NULL, chef BLOB, received_ms INTEGER NOT NULL, started_ms INTEGER,
  completed_ms INTEGER, estimated_minutes INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX kitchen_ticket_check ON kitchen_ticket(check_id);
CREATE INDEX kitchen_ticket_open ON kitchen_ticket(priority DESC, received_ms) WHERE status NOT IN ('served', 'cancelled');
