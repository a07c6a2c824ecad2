CREATE TABLE safety_plan(id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE safety_check(
  id BLOB PRIMARY KEY, due_ms INTEGER, at_ms INTEGER NOT NULL, missed INTEGER NOT NULL, passed INTEGER NOT NULL,
  corrected_ms INTEGER) WITHOUT ROWID;
CREATE INDEX safety_check_at ON safety_check(at_ms);
CREATE INDEX safety_check_wrong ON safety_check(id) WHERE missed=1 OR passed=0;
CREATE TABLE safety_cooling(
  id BLOB PRIMARY KEY, at_ms INTEGER NOT NULL, verdict TEXT, settled INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX safety_cooling_at ON safety_cooling(at_ms);
CREATE INDEX safety_cooling_open ON safety_cooling(id) WHERE settled=0;
CREATE INDEX safety_cooling_wrong ON safety_cooling(id) WHERE verdict<>'passed';
CREATE TABLE safety_timer(
  id BLOB PRIMARY KEY, at_ms INTEGER NOT NULL, expired_ms INTEGER, too_warm INTEGER NOT NULL, ended_ms INTEGER)
  WITHOUT ROWID;
CREATE INDEX safety_timer_at ON safety_timer(at_ms);
CREATE INDEX safety_timer_open ON safety_timer(id) WHERE ended_ms IS NULL;
CREATE INDEX safety_timer_warm ON safety_timer(id) WHERE too_warm=1;
CREATE TABLE safety_calibration(
  id BLOB PRIMARY KEY, probe BLOB NOT NULL, at_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, found_good INTEGER NOT NULL,
  left_good INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX safety_calibration_probe ON safety_calibration(probe, at_ms);
CREATE INDEX safety_calibration_wrong ON safety_calibration(id) WHERE found_good=0;
CREATE TABLE safety_record(
  id BLOB PRIMARY KEY, about BLOB, opened_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, closed_ms INTEGER)
  WITHOUT ROWID;
CREATE INDEX safety_record_about ON safety_record(about);
CREATE INDEX safety_record_opened ON safety_record(opened_ms);
CREATE INDEX safety_record_open ON safety_record(id) WHERE closed_ms IS NULL;
CREATE TABLE safety_review(id BLOB PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
