// What the page shows: the verdict, then what the entries say, decoded from the bytes that were checked.
(() => {
  const { verify, Decoder, hex, uuid, time } = TrivetRecord;
  const NO_DATA = [
    "timeout", "malformed answer", "sensor open or shorted", "implausible", "not a number", "old retained message",
    "old by the device's time", "offline", "device fault", "key missing", "box off",
  ];
  const QUALITY = ["clock not set", "battery clock", "network time", "compared with the relay"];
  const HOUR_MS = 3600000;

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children.map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
    return made;
  }

  function table(headings, rows) {
    const number = (cell) => typeof cell === "number" || (cell && cell.number);
    const cellOf = (cell) => element("td", number(cell) ? { class: "n" } : {}, cell?.text ?? cell ?? "");
    const numeric = (column) => rows.some(({ cells }) => number(cells[column]));
    const headOf = (heading, column) => element("th", numeric(column) ? { class: "n" } : {}, heading);
    const head = element("tr", {}, ...headings.map(headOf));
    const body = rows.map(({ cells, bad }) => element("tr", bad ? { class: "bad-row" } : {}, ...cells.map(cellOf)));
    return element("div", { class: "scroll" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
  }

  const section = (title, ...content) => element("section", {}, element("h2", {}, title), ...content);
  const degrees = (milli) => (milli === null ? null : { number: true, text: (milli / 1000).toFixed(1) + " °C" });
  const lowest = (a, b) => (a === null ? b : Math.min(a, b));
  const highest = (a, b) => (a === null ? b : Math.max(a, b));

  let shown = (at) => time(at);
  function inZone(zone) {
    try {
      const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
      shown = (at) => format.format(new Date(Number(at)));
      return zone;
    } catch {
      return "UTC";
    }
  }

  // Gathers what the entries tell, in the order in which they lie.
  function reader() {
    const told = { names: new Map(), hours: new Map(), breaches: new Map(), outages: new Map(), manual: [], corrections: new Map(), unread: 0, other: 0 };
    const rosters = new Map();

    function minuteRead(body, header, stream) {
      const [minute, readings, roster] = body;
      const subject = hex(header.entity);
      if (roster) rosters.set(subject, roster.map(uuid));
      const probes = rosters.get(subject) ?? [];
      readings.forEach(([last, samples, below, above, mean, noData, bad], place) => {
        const hour = Math.floor((minute * 60000) / HOUR_MS) * HOUR_MS;
        const probe = probes[place] ?? `place ${place + 1} of box ${hex(stream.origin).slice(0, 8)}`;
        const key = `${probe} ${hour}`;
        if (!told.hours.has(key)) {
          told.hours.set(key, { probe, hour, with: new Set(), without: new Map(), low: null, high: null, sum: 0, samples: 0 });
        }
        const row = told.hours.get(key);
        if (last === null || last === undefined) {
          // Nothing came and nothing was overdue: a probe that reports less than once a minute.
          const due = noData !== 0 || (bad !== null && bad !== undefined);
          row.without.set(minute, due ? (NO_DATA[noData] ?? "no data") : "no sample due");
          return;
        }
        row.with.add(minute);
        row.low = lowest(row.low, last - (below ?? 0));
        row.high = highest(row.high, last + (above ?? 0));
        row.sum += (last + (mean ?? 0)) * (samples ?? 1);
        row.samples += samples ?? 1;
      });
    }

    function entry(header, raw, stream) {
      let body;
      try {
        body = (header.kind >= 0x0610 && header.kind <= 0x0615) || header.kind === 0x0617 ? new Decoder(raw).value() : null;
        if (body === null) return void told.other++;
        const subject = hex(header.entity);
        const written = TrivetRecord.ms(header.hlc);
        if (header.kind === 0x0610) minuteRead(body, header, stream);
        else if (header.kind === 0x0611) {
          const [probe, kind, value, limit, at] = body;
          told.breaches.set(subject, { probe: uuid(probe), kind, value, limit, at, peak: value, closed: null });
        } else if (header.kind === 0x0612) {
          const breach = told.breaches.get(subject);
          const [peak, at] = body;
          if (breach) Object.assign(breach, { peak, closed: at });
          else told.breaches.set(subject, { probe: "", kind: null, value: null, limit: null, at: null, peak, closed: at });
        } else if (header.kind === 0x0613) {
          told.outages.set(subject, { probe: uuid(body[0]), why: NO_DATA[body[1]] ?? "no data", from: written, to: null });
        } else if (header.kind === 0x0614) {
          const outage = told.outages.get(subject);
          if (outage) outage.to = written;
          else told.outages.set(subject, { probe: "", why: "", from: null, to: written });
        } else if (header.kind === 0x0617) {
          const [value, , why] = body;
          if (!told.corrections.has(subject)) told.corrections.set(subject, []);
          told.corrections.get(subject).push({ value: value ?? null, why, written, by: uuid(header.actor) });
        } else {
          const [probe, value, measured, source, min, max] = body;
          const by = hex(header.actor) === "0".repeat(32) ? "the box" : uuid(header.actor);
          const quality = QUALITY[header.quality] ?? "";
          told.manual.push({ subject, probe: uuid(probe), value, measured, source, min, max, written, by, quality });
        }
      } catch {
        told.unread++;
      }
    }

    function name([id, text]) {
      told.names.set(uuid(id), text);
    }

    return { told, entry, name };
  }

  function proof(report) {
    const rows = report.streams.map((walk) => {
      const letter = report.letters[hex(walk.of.origin)] ?? "?";
      const lane = ["orders", "readings", "documents", "audit", "blobs"][walk.of.lane] ?? walk.of.lane;
      const begin = walk.part.begin;
      const from = begin ? `checkpoint of entry ${begin.seq}, ${shown(TrivetRecord.ms(begin.hlc))}` : "the first entry";
      const held = walk.part.held;
      const witness = held === null ? "nobody else" : `until entry ${held < walk.seq ? held : walk.seq}, as the box says`;
      const clock = [walk.late ? `${walk.late} late` : "", walk.unset ? `${walk.unset} with a clock that nobody had set` : ""];
      const mark = element("code", {}, `${walk.of.name}/${walk.seq}:${walk.chain ? hex(walk.chain) : "?"}`);
      return { cells: [letter, lane, from, walk.entries, witness, clock.filter(Boolean).join(", "), mark] };
    });
    const headings = ["Box", "Stream", "Begins at", "Entries", "Witnessed", "Readings", "Fingerprint of the last entry"];
    return section(
      "What was checked",
      element("p", {}, "Root fingerprint: ", element("code", {}, report.root), ". Compare it with the one that you know of this organisation."),
      table(headings, rows),
      element("p", {}, "Without a witness, whoever owns the box's key can write the newest entries anew before anybody else has seen them. An earlier record, or a fingerprint that was kept, shows that: give it to trivet-verify with --seen."),
    );
  }

  function show(report, told, bytes) {
    const main = document.getElementById("main");
    const verdict = document.getElementById("verdict");
    const begin = report.begin;
    const zone = begin ? inZone(begin.timeZone ?? "UTC") : "UTC";
    if (begin) {
      const from = begin.from === null ? "the first entry" : shown(begin.from);
      const to = begin.to === null ? "the newest entry" : shown(begin.to);
      const place = begin.place ?? "An unnamed place";
      document.getElementById("about").textContent =
        `${place}, from ${from} to ${to}. Written ${shown(begin.written)} by ${begin.software}. Times are those of ${zone}.`;
    }
    const good = report.findings.length === 0;
    verdict.className = `verdict ${good ? "good" : "bad"}`;
    verdict.textContent = good
      ? "GOOD: this is what the boxes wrote, whole and in order."
      : `NOT GOOD: ${report.findings.length === 1 ? "1 finding" : `${report.findings.length} findings`}. What is shown below may not be what the boxes wrote.`;
    if (!good) {
      const rows = report.findings.map((f) => {
        const entries = f.last > f.first ? `${f.first} to ${f.last}` : f.first > 0 ? String(f.first) : "";
        return { cells: [f.code, f.words, entries, f.stream], bad: true };
      });
      main.append(section("What is wrong", table(["Code", "What", "Entries", "Stream"], rows)));
    }
    const called = (id) => told.names.get(id) ?? id;
    // The file reaches beyond its period, for what came late.
    const [first, end] = [begin?.from ?? -Infinity, begin?.to ?? Infinity];
    const within = (from, to) => (from === null || from < end) && (to === null || to >= first);
    const hours = [...told.hours.values()].filter((row) => within(row.hour, row.hour + HOUR_MS - 1));
    const gapsOf = (row) => [...row.without].filter(([minute]) => !row.with.has(minute)).map(([, why]) => why);
    const breaches = [...told.breaches.values()].filter((b) => within(b.at, b.closed)).map((b) => {
      const beyond = b.kind === 0 ? "above" : b.kind === 1 ? "below" : "";
      const from = b.at === null ? "before this record" : shown(b.at);
      const to = b.closed === null ? "goes on" : shown(b.closed);
      return { cells: [called(b.probe), beyond, degrees(b.limit), degrees(b.peak), from, to], bad: b.closed === null };
    });
    const outages = [...told.outages.values()].filter((o) => within(o.from, o.to)).map((o) => {
      const [from, to] = [o.from === null ? "before this record" : shown(o.from), o.to === null ? "goes on" : shown(o.to)];
      return { cells: [called(o.probe), o.why, from, to], bad: o.to === null };
    });
    const manual = told.manual.filter((m) => within(m.measured, m.measured)).map((m) => {
      const corrections = (told.corrections.get(m.subject) ?? []).sort((a, b) => a.written - b.written);
      const value = corrections.length > 0 ? corrections[corrections.length - 1].value : m.value;
      const outside = value !== null && ((Number.isInteger(m.min) && value < m.min) || (Number.isInteger(m.max) && value > m.max));
      const cells = [called(m.probe), degrees(m.value), shown(m.measured), shown(m.written), called(m.by), m.source, m.quality];
      const corrected = corrections.map(({ value, why, written, by }) =>
        `${value === null ? "taken back" : degrees(value).text} ${shown(written)} by ${called(by)}: ${why}`);
      cells.push(corrected.join("; "));
      cells.splice(2, 0, outside ? "outside the limits" : value === null ? "taken back" : Number.isInteger(m.min) || Number.isInteger(m.max) ? "within" : "");
      return { cells, bad: outside };
    });
    const days = new Map();
    for (const row of hours.sort((a, b) => a.hour - b.hour || (called(a.probe) < called(b.probe) ? -1 : 1))) {
      const day = shown(row.hour).slice(0, 10);
      const missing = gapsOf(row);
      const gaps = [...new Set(missing)].map((why) => `${missing.filter((each) => each === why).length} × ${why}`).join(", ");
      const mean = row.samples > 0 ? Math.round(row.sum / row.samples) : null;
      const cells = [shown(row.hour).slice(11, 16), called(row.probe), degrees(row.low), degrees(mean), degrees(row.high), row.with.size, gaps];
      if (!days.has(day)) days.set(day, []);
      days.get(day).push({ cells, bad: row.with.size === 0 });
    }
    const readings = [...days].map(([day, rows]) =>
      element("details", days.size === 1 ? { open: "" } : {}, element("summary", {}, day), table(["Hour", "Probe", "Lowest", "Mean", "Highest", "Minutes with data", "Minutes without"], rows)),
    );
    const probes = new Map();
    for (const row of hours) {
      const one = probes.get(row.probe) ?? { from: row.hour, to: row.hour, data: 0, none: 0 };
      probes.set(row.probe, one);
      [one.from, one.to] = [Math.min(one.from, row.hour), Math.max(one.to, row.hour)];
      one.data += row.with.size;
      one.none += gapsOf(row).length;
    }
    const coverage = [...probes].map(([probe, { from, to, data, none }]) => {
      const minutes = (to - from) / 60000 + 60;
      const share = { number: true, text: ((100 * Math.min(data, minutes)) / minutes).toFixed(1) + " %" };
      return { cells: [called(probe), shown(from), shown(to + HOUR_MS), data, none, Math.max(0, minutes - data - none), share] };
    });
    const covered = ["Probe", "First hour begins", "Last hour ends", "Minutes with data", "Minutes without", "Not recorded", "Coverage"];
    const or = (rows, made) => (rows.length > 0 ? made : element("p", {}, "None in this record."));
    main.append(
      section("Coverage", coverage.length > 0 ? table(covered, coverage) : element("p", {}, "No probe was recorded: that a list below is empty says nothing.")),
      section("Beyond the limit", or(breaches, table(["Probe", "", "Limit", "Peak", "From", "To"], breaches))),
      section("Outages of probes", or(outages, table(["Probe", "Why", "From", "To"], outages))),
      section("Readings that people and other systems gave", or(manual, table(["Probe", "Value", "", "Measured", "Entered", "By", "Source", "Clock", "Corrected"], manual))),
      section("Readings by the hour", ...(readings.length > 0 ? readings : [element("p", {}, "None in this record.")])),
      proof(report),
    );
    const save = element("button", { type: "button" }, "Save the record alone");
    save.onclick = () => {
      const link = element("a", { href: URL.createObjectURL(new Blob([bytes])), download: "haccp.record" });
      link.click();
    };
    main.append(
      section(
        "What this page is",
        element("p", {}, `Names of probes and people are what the box called them when it wrote this file. ${told.other} entries of other kinds and ${told.unread} that this page cannot read were checked but are not shown.`),
        element("p", {}, "The record lies in this file, and the check is its script; neither asks any server. Whoever can change a file can change its script: if it matters, save the record and check it with a trivet-verify that you got elsewhere."),
        save,
      ),
    );
  }

  async function start() {
    const text = document.getElementById("record").textContent.trim();
    let bytes;
    try {
      bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    } catch {
      bytes = new Uint8Array();
    }
    const { told, entry, name } = reader();
    const verdict = document.getElementById("verdict");
    let breath = Date.now();
    const pause = async (share) => {
      if (Date.now() - breath < 100) return;
      verdict.textContent = `Checking the record … ${Math.floor(share * 100)} %`;
      await new Promise((resolve) => setTimeout(resolve));
      breath = Date.now();
    };
    show(await verify(bytes, { each: entry, name, pause }), told, bytes);
  }

  start().catch((error) => {
    const verdict = document.getElementById("verdict");
    verdict.className = "verdict bad";
    verdict.textContent = `NOT CHECKED: this browser cannot run the check (${error}).`;
  });
})();
