-- Which notices a person has read, here: a reading is nobody's fact, and a rebuild leaves it.
CREATE TABLE alerts_read(
  person BLOB NOT NULL, notice BLOB NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY(person, notice)) WITHOUT ROWID;
