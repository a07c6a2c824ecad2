CREATE TABLE haccp_probe(
  id BLOB PRIMARY KEY, name TEXT NOT NULL, unit_kind TEXT NOT NULL, min INTEGER, max INTEGER, input TEXT NOT NULL,
  retired INTEGER NOT NULL) WITHOUT ROWID;
-- Of each box the hour that goes on; its minutes are read from the log.
CREATE TABLE haccp_open(origin BLOB PRIMARY KEY, hour INTEGER NOT NULL, subject BLOB NOT NULL) WITHOUT ROWID;
-- A closed hour of a probe, packed.
CREATE TABLE haccp_hour(
  hour INTEGER NOT NULL, probe BLOB NOT NULL, origin BLOB NOT NULL, readings BLOB NOT NULL,
  PRIMARY KEY(hour, probe, origin)) WITHOUT ROWID;
-- A day of UTC of a probe, out of its closed hours.
CREATE TABLE haccp_day(
  day INTEGER NOT NULL, probe BLOB NOT NULL, origin BLOB NOT NULL, minutes INTEGER NOT NULL, missing INTEGER NOT NULL,
  lowest INTEGER, highest INTEGER, sum INTEGER NOT NULL, PRIMARY KEY(day, probe, origin)) WITHOUT ROWID;
CREATE TABLE haccp_breach(
  id BLOB PRIMARY KEY, probe BLOB NOT NULL, kind TEXT NOT NULL, opened_ms INTEGER NOT NULL, closed_ms INTEGER,
  limit_value INTEGER NOT NULL, peak INTEGER NOT NULL, peak_ms INTEGER, beyond_ms INTEGER, cause TEXT,
  late_ms INTEGER, plan INTEGER, rule_milli INTEGER, rule_scale TEXT, rule_bound TEXT) WITHOUT ROWID;
CREATE INDEX haccp_breach_opened ON haccp_breach(opened_ms);
CREATE INDEX haccp_breach_open ON haccp_breach(probe) WHERE closed_ms IS NULL;
CREATE TABLE haccp_outage(
  id BLOB PRIMARY KEY, probe BLOB NOT NULL, reason TEXT NOT NULL, lost_ms INTEGER NOT NULL, returned_ms INTEGER)
  WITHOUT ROWID;
CREATE INDEX haccp_outage_open ON haccp_outage(probe) WHERE returned_ms IS NULL;
CREATE TABLE haccp_manual(
  id BLOB PRIMARY KEY, probe BLOB NOT NULL, value INTEGER, measured_ms INTEGER NOT NULL,
  entered_ms INTEGER NOT NULL, source TEXT NOT NULL, person BLOB NOT NULL, min INTEGER, max INTEGER,
  scale TEXT, corrected_ms INTEGER) WITHOUT ROWID;
CREATE INDEX haccp_manual_measured ON haccp_manual(measured_ms);
CREATE INDEX haccp_manual_stands ON haccp_manual(coalesce(corrected_ms, entered_ms));
-- Up to where the samples of a line that numbers its own are in the record.
CREATE TABLE haccp_mark(
  origin BLOB NOT NULL, line TEXT NOT NULL, seq INTEGER NOT NULL, boot INTEGER NOT NULL, sample INTEGER NOT NULL,
  PRIMARY KEY(origin, line)) WITHOUT ROWID;
-- A door, a defrost or a compressor: each change. How a part is now is the last of its rows.
CREATE TABLE haccp_part(
  probe BLOB NOT NULL, part TEXT NOT NULL, at_ms INTEGER NOT NULL, state INTEGER, reason TEXT,
  PRIMARY KEY(probe, part, at_ms)) WITHOUT ROWID;
