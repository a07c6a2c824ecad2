CREATE TABLE access_person(
  id BLOB PRIMARY KEY, role TEXT NOT NULL, login TEXT NOT NULL, name TEXT NOT NULL, password TEXT NOT NULL,
  pin TEXT, disabled INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX access_person_login ON access_person(login);
