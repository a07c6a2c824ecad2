CREATE TABLE sensors_device(id BLOB PRIMARY KEY, serial TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sensors_image(
  id BLOB PRIMARY KEY, hardware TEXT NOT NULL, version TEXT NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sensors_update(
  id BLOB PRIMARY KEY, sensor BLOB NOT NULL, at_ms INTEGER NOT NULL, ended INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX sensors_update_sensor ON sensors_update(sensor, at_ms);
