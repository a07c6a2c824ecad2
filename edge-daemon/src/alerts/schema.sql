-- What new facts asked for and has not been done yet.
CREATE TABLE alerts_wish(id INTEGER PRIMARY KEY AUTOINCREMENT, wish BLOB NOT NULL);
-- What is to be sent to people who are not at a screen. Nothing here sends.
CREATE TABLE alerts_outbox(
  id INTEGER PRIMARY KEY AUTOINCREMENT, alert BLOB NOT NULL, level INTEGER NOT NULL, at_ms INTEGER NOT NULL);
