// The peer of P2: mqtt.js and better-sqlite3, a commit a second. Arguments: port, file.
const mqtt = require("mqtt");
const Database = require("better-sqlite3");

const [port, file] = process.argv.slice(2);
const db = new Database(file);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec("CREATE TABLE reading(id INTEGER PRIMARY KEY, probe TEXT NOT NULL, ts INTEGER NOT NULL, c REAL NOT NULL)");
const insert = db.prepare("INSERT INTO reading(probe, ts, c) VALUES(?, ?, ?)");
let waiting = [];
const store = db.transaction((rows) => rows.forEach((row) => insert.run(row)));
setInterval(() => {
  const rows = waiting;
  waiting = [];
  if (rows.length > 0) store(rows);
}, 1000);

const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4 });
client.on("message", (topic, payload) => {
  const { ts, c } = JSON.parse(payload);
  waiting.push([topic, ts, c]);
});
client.on("connect", () => client.subscribe("site/1/probe/+/temp", { qos: 1 }, () => console.log("{}")));
