-- Which printers print a station's papers, in the order in which they are asked: written from the configuration at each
-- start. One of them is the active one.
CREATE TABLE print_route(
  station TEXT NOT NULL, place INTEGER NOT NULL, printer TEXT NOT NULL, active INTEGER NOT NULL,
  PRIMARY KEY(station, place)) WITHOUT ROWID;
DROP TABLE print_station;
-- `n` is the order in which papers were asked for. Papers lie in a table of their own: a change of state writes 100
-- bytes, not a ticket.
DROP INDEX print_job_waiting;
ALTER TABLE print_job RENAME TO print_job_1;
CREATE TABLE print_job(
  n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, check_id BLOB NOT NULL, original BLOB NOT NULL,
  station TEXT NOT NULL, printer TEXT NOT NULL, number TEXT NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL, doubt INTEGER NOT NULL,
  incomplete INTEGER NOT NULL, copy INTEGER NOT NULL, moved_from TEXT NOT NULL, released INTEGER NOT NULL,
  attempts INTEGER NOT NULL, created_ms INTEGER NOT NULL, not_before_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL);
CREATE TABLE print_paper(n INTEGER PRIMARY KEY, paper BLOB NOT NULL);
INSERT INTO print_job SELECT NULL, id, 'ticket', check_id, id, station, '', number, state, note, heading LIKE '%DUPLICATE%',
  heading LIKE '%incomplete%', 0, '', note='released', attempts, created_ms, not_before_ms, updated_ms
  FROM print_job_1 ORDER BY created_ms, id;
INSERT INTO print_paper SELECT j.n, o.paper FROM print_job j JOIN print_job_1 o ON o.id=j.id;
DROP TABLE print_job_1;
CREATE INDEX print_job_unfinished ON print_job(printer, n) WHERE state IN ('queued', 'sending', 'in_doubt', 'held');
-- What a person did to a job, and why.
CREATE TABLE print_action(
  n INTEGER PRIMARY KEY, job BLOB NOT NULL, at_ms INTEGER NOT NULL, person BLOB NOT NULL, action TEXT NOT NULL,
  reason TEXT NOT NULL);
-- Pictures of papers, by the hash of their bits; and the keys under which printers keep them.
CREATE TABLE print_picture(id BLOB PRIMARY KEY, width INTEGER NOT NULL, packed BLOB NOT NULL);
CREATE TABLE print_stored(
  printer TEXT NOT NULL, picture BLOB NOT NULL, key BLOB NOT NULL, PRIMARY KEY(printer, picture)) WITHOUT ROWID;
CREATE TABLE print_wanted_logo(printer TEXT PRIMARY KEY, picture BLOB NOT NULL) WITHOUT ROWID;
-- A printer whose paper was printed elsewhere: the first thing it hears is to drop what it holds.
CREATE TABLE print_cancel(printer TEXT PRIMARY KEY) WITHOUT ROWID;
-- A drawer is opened at most once: `wanted` → `firing`, committed before the bytes → what became of it.
CREATE TABLE drawer_pulse(
  id BLOB PRIMARY KEY, printer TEXT NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL, wanted_ms INTEGER NOT NULL);
