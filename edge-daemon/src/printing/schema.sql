-- Which stations print here: written from the configuration at each start.
CREATE TABLE print_station(station TEXT PRIMARY KEY, printer TEXT NOT NULL) WITHOUT ROWID;
-- A job's id is the ticket's: the same ticket is never spooled twice.
CREATE TABLE print_job(
  id BLOB PRIMARY KEY, check_id BLOB NOT NULL, station TEXT NOT NULL, number TEXT NOT NULL, paper BLOB NOT NULL,
  state TEXT NOT NULL, note TEXT NOT NULL, heading TEXT NOT NULL, attempts INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  not_before_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX print_job_waiting ON print_job(station, created_ms) WHERE state IN ('queued', 'sending', 'in_doubt', 'held');
CREATE TABLE print_attempt(
  job BLOB NOT NULL, n INTEGER NOT NULL, printer TEXT NOT NULL, mark INTEGER NOT NULL, started_ms INTEGER NOT NULL,
  ended_ms INTEGER, outcome TEXT, PRIMARY KEY(job, n)) WITHOUT ROWID;
CREATE TABLE print_mark(printer TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
