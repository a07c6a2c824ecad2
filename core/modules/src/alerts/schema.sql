CREATE TABLE alerts_alert(
  id BLOB PRIMARY KEY, key TEXT NOT NULL, category TEXT NOT NULL, severity TEXT NOT NULL, about BLOB NOT NULL,
  origin BLOB NOT NULL, raised_ms INTEGER NOT NULL, closed INTEGER NOT NULL, level INTEGER NOT NULL,
  shelved_until_ms INTEGER, news TEXT NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX alerts_alert_open ON alerts_alert(key) WHERE closed=0;
CREATE INDEX alerts_alert_early ON alerts_alert(key) WHERE closed=1 AND json_extract(detail, '$.lasts');
CREATE INDEX alerts_alert_raised ON alerts_alert(raised_ms, id);
-- What raised them: breaches, outages, records.
CREATE TABLE alerts_cause(cause BLOB NOT NULL, alert BLOB NOT NULL, PRIMARY KEY(cause, alert)) WITHOUT ROWID;
-- What people are told of: each time that an alert was raised, and each level that it came to.
CREATE TABLE alerts_notice(
  id BLOB PRIMARY KEY, alert BLOB NOT NULL, level INTEGER NOT NULL, times INTEGER NOT NULL, at_ms INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE INDEX alerts_notice_at ON alerts_notice(at_ms);
CREATE INDEX alerts_notice_alert ON alerts_notice(alert);
CREATE TABLE alerts_equipment(
  id BLOB PRIMARY KEY, name TEXT NOT NULL, probe BLOB, next_maintenance_ms INTEGER, out_of_service TEXT)
  WITHOUT ROWID;
