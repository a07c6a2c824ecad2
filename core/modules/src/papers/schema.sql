-- Who had what printed again, and who opened a drawer. The id is the command's.
CREATE TABLE papers_audit(
  id BLOB PRIMARY KEY, subject BLOB NOT NULL, action TEXT NOT NULL, paper BLOB, check_id BLOB, drawer TEXT,
  reason TEXT NOT NULL, person BLOB NOT NULL, device BLOB NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX papers_audit_subject ON papers_audit(subject);
CREATE INDEX papers_audit_at ON papers_audit(at_ms);
