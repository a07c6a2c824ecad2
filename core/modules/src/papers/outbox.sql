-- Receipts to be sent by e-mail. The id is the request's Idempotency-Key: the same request is one row.
CREATE TABLE papers_outbox(
  id BLOB PRIMARY KEY, order_id BLOB NOT NULL, check_id BLOB NOT NULL, email TEXT NOT NULL, person BLOB NOT NULL,
  state TEXT NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX papers_outbox_queued ON papers_outbox(created_ms) WHERE state='queued';
