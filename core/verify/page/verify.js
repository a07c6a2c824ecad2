"use strict";
// The check of docs/record-format.md in plain script, so that a record can be looked at where nothing is installed.
// It gives the same findings as the program `trivet-verify`: both are held to one corpus of damaged records.

const TrivetRecord = (() => {
  const MAX_FINDINGS = 100;
  const MAX_ENTRY_BYTES = 64 * 1024;
  const MINUTE_MS = 60000;
  const LATE_MS = 10 * MINUTE_MS;
  const AHEAD_MS = 6 * MINUTE_MS;
  const MINUTE_READ = 0x0610;
  const READING_RECORDED = 0x0615;

  // ---- Bytes

  const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

  function join(...parts) {
    const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }

  function big64(value) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
    return bytes;
  }

  // ---- CBOR (RFC 8949): what a record uses. Whole numbers beyond 2^53 are BigInt.

  class Unreadable extends Error {}

  class Decoder {
    constructor(bytes, at = 0) {
      this.bytes = bytes;
      this.at = at;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }

    take(length) {
      if (length > this.bytes.length - this.at) throw new Unreadable("the bytes end");
      this.at += length;
      return this.bytes.subarray(this.at - length, this.at);
    }

    // The first byte's kind and the number behind it; null where the length is not given.
    head() {
      const first = this.take(1)[0];
      const [major, info] = [first >> 5, first & 31];
      if (info < 24) return [major, info, info];
      if (info === 31 && major >= 2 && major !== 6) return [major, null, info];
      if (info > 27) throw new Unreadable("no CBOR");
      const at = this.at;
      this.take(1 << (info - 24));
      if (info === 24) return [major, this.view.getUint8(at), info];
      if (info === 25) return [major, this.view.getUint16(at), info];
      if (info === 26) return [major, this.view.getUint32(at), info];
      const value = this.view.getBigUint64(at);
      return [major, value <= 0x1fffffffffffffn ? Number(value) : value, info];
    }

    value(depth = 0) {
      if (depth > 64) throw new Unreadable("too deep");
      const [major, argument, info] = this.head();
      switch (major) {
        case 0:
          return argument;
        case 1:
          return typeof argument === "bigint" ? -1n - argument : -1 - argument;
        case 2:
        case 3: {
          if (argument === null) return this.pieces(major);
          const bytes = this.take(Number(argument));
          if (major === 2) return bytes;
          try {
            return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
          } catch {
            throw new Unreadable("no text");
          }
        }
        case 4:
        case 5: {
          const list = [];
          const length = argument === null ? Infinity : Number(argument) * (major - 3);
          for (let n = 0; n < length; n++) {
            if (argument === null && this.bytes[this.at] === 0xff) {
              this.at++;
              break;
            }
            list.push(this.value(depth + 1));
          }
          return major === 4 ? list : { map: list };
        }
        case 6:
          return { tagged: this.value(depth + 1) };
        default:
          if (info === 20) return false;
          if (info === 21) return true;
          if (info === 22) return null;
          if (argument === null) throw new Unreadable("a break in the open");
          return { simple: argument };
      }
    }

    pieces(major) {
      while (this.bytes[this.at] !== 0xff) {
        const [kind, length] = this.head();
        if (kind !== major || length === null) throw new Unreadable("no piece of a text");
        this.take(Number(length));
      }
      this.at++;
      return { pieces: major };
    }
  }

  const is = {
    seq: (v) => typeof v === "number" && v >= 0,
    uint: (v) => (typeof v === "number" || typeof v === "bigint") && v >= 0,
    int: (v) => typeof v === "number" || (typeof v === "bigint" && BigInt.asIntN(64, v) === v),
    u8: (v) => is.uint(v) && v <= 0xff,
    u32: (v) => is.uint(v) && v <= 0xffffffff,
    bool: (v) => typeof v === "boolean",
    text: (v) => typeof v === "string",
    bytes: (v) => v instanceof Uint8Array,
    id: (v) => is.bytes(v) && v.length === 16,
    hash: (v) => is.bytes(v) && v.length === 32,
  };

  // A structure: [field, number, type]; "?" behind the name is optional. A type is a name of `is` or a function.
  function structure(...fields) {
    return (value) => {
      if (!Array.isArray(value)) throw new Unreadable("no structure");
      const read = {};
      for (const [named, number, type] of fields) {
        const optional = named.endsWith("?");
        const raw = value[number];
        const missing = raw === undefined || raw === null;
        if (missing && !optional) throw new Unreadable(`${named} is missing`);
        read[optional ? named.slice(0, -1) : named] = missing ? null : typed(raw, type);
      }
      return read;
    };
  }

  function typed(raw, type) {
    if (typeof type === "function") return type(raw);
    if (!is[type](raw)) throw new Unreadable(`no ${type}`);
    return raw;
  }

  const listOf = (type) => (value) => {
    if (!Array.isArray(value)) throw new Unreadable("no list");
    return value.map((each) => typed(each, type));
  };

  function uuid(bytes) {
    return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  const streamFields = structure(["origin", 0, "id"], ["scope", 1, "id"], ["lane", 2, "u8"]);
  const stream = (value) => {
    const read = streamFields(value);
    read.name = `${hex(read.origin)}/${uuid(read.scope)}/${read.lane}`;
    const lane = read.lane < 24 ? [read.lane] : [0x18, read.lane];
    read.cbor = join([0x83, 0x50], read.origin, [0x50], read.scope, lane);
    return read;
  };
  const checkpoint = structure(["seq", 0, "seq"], ["chain", 1, "hash"], ["hlc", 2, "uint"], ["signature", 3, "bytes"]);
  const certificate = structure(
    ["tenant", 0, "id"], ["location", 1, "id"], ["kind", 2, "u8"], ["letter", 3, "text"], ["publicKey", 4, "bytes"],
    ["incarnation", 5, "u32"], ["signature", 6, "bytes"],
  );
  const part = structure(
    ["stream", 0, stream], ["begin?", 1, checkpoint], ["last", 2, "seq"], ["head", 3, checkpoint], ["held?", 4, "seq"],
  );
  const begin = structure(
    ["format", 0, "text"], ["root", 1, "bytes"], ["tenant", 2, "id"], ["location", 3, "id"], ["from?", 4, "int"],
    ["to?", 5, "int"], ["written", 6, "int"], ["software", 8, "text"], ["writer", 9, "id"], ["restored?", 10, "bool"],
    ["place?", 11, "text"], ["timeZone?", 12, (zone) => zone], ["certificates", 13, listOf(certificate)],
    ["parts", 14, listOf(part)],
  );
  const batch = structure(
    ["stream", 0, stream], ["first", 1, "seq"], ["entries", 2, listOf("bytes")], ["checkpoint", 3, checkpoint],
  );
  const header = structure(
    ["stream", 0, stream], ["seq", 1, "seq"], ["hlc", 2, "uint"], ["quality", 3, "uint"], ["actor?", 4, (actor) => actor],
    ["command", 6, "id"], ["rest", 7, "uint"], ["kind", 8, "uint"], ["entity?", 10, (entity) => entity],
  );
  const seal = structure(["signature", 0, "bytes"]);

  // ---- SHA-256 and SHA-512 (FIPS 180-4)

  const primes = [];
  for (let n = 2; primes.length < 80; n++) if (primes.every((prime) => n % prime)) primes.push(n);

  // The first 64 bits of the fraction of a prime's root, by whole numbers.
  function fraction(prime, root) {
    const wanted = BigInt(prime) << BigInt(64 * root);
    let low = 0n;
    let high = 1n << 72n;
    while (high - low > 1n) {
      const middle = (low + high) >> 1n;
      if (middle ** BigInt(root) <= wanted) low = middle;
      else high = middle;
    }
    return low & 0xffffffffffffffffn;
  }

  const K512 = primes.map((prime) => fraction(prime, 3));
  const H512 = primes.slice(0, 8).map((prime) => fraction(prime, 2));
  const K256 = Int32Array.from(K512.slice(0, 64), (k) => Number(k >> 32n) | 0);
  const H256 = Int32Array.from(H512, (h) => Number(h >> 32n) | 0);

  class Sha256 {
    constructor() {
      this.state = Int32Array.from(H256);
      this.words = new Int32Array(64);
      this.tail = new Uint8Array(64);
      this.length = 0;
    }

    update(bytes) {
      let at = 0;
      const used = this.length % 64;
      this.length += bytes.length;
      if (used > 0) {
        at = Math.min(64 - used, bytes.length);
        this.tail.set(bytes.subarray(0, at), used);
        if (used + at < 64) return this;
        this.block(this.tail, 0);
      }
      for (; at + 64 <= bytes.length; at += 64) this.block(bytes, at);
      this.tail.set(bytes.subarray(at), 0);
      return this;
    }

    block(bytes, at) {
      const w = this.words;
      for (let i = 0; i < 16; i++, at += 4) {
        w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
      }
      for (let i = 16; i < 64; i++) {
        const [x, y] = [w[i - 15], w[i - 2]];
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
      }
      let [a, b, c, d, e, f, g, h] = this.state;
      for (let i = 0; i < 64; i++) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K256[i] + w[i]) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g;
        g = f;
        f = e;
        e = (d + t1) | 0;
        d = c;
        c = b;
        b = a;
        a = (t1 + t2) | 0;
      }
      const s = this.state;
      s[0] += a;
      s[1] += b;
      s[2] += c;
      s[3] += d;
      s[4] += e;
      s[5] += f;
      s[6] += g;
      s[7] += h;
    }

    finish() {
      const bits = big64(BigInt(this.length) * 8n);
      const padding = new Uint8Array(((119 - (this.length % 64)) % 64) + 1);
      padding[0] = 0x80;
      this.update(padding).update(bits);
      const hash = new Uint8Array(32);
      this.state.forEach((word, i) => new DataView(hash.buffer).setInt32(i * 4, word));
      return hash;
    }
  }

  function sha256(...parts) {
    const hash = new Sha256();
    parts.forEach((bytes) => hash.update(bytes));
    return hash.finish();
  }

  function sha512(bytes) {
    const mask = 0xffffffffffffffffn;
    const turn = (x, n) => ((x >> n) | (x << (64n - n))) & mask;
    const padding = new Uint8Array(((239 - (bytes.length % 128)) % 128) + 1);
    padding[0] = 0x80;
    const padded = join(bytes, padding, new Uint8Array(8), big64(BigInt(bytes.length) * 8n));
    const view = new DataView(padded.buffer);
    const state = [...H512];
    for (let at = 0; at < padded.length; at += 128) {
      const w = [];
      for (let i = 0; i < 16; i++) w.push(view.getBigUint64(at + i * 8));
      for (let i = 16; i < 80; i++) {
        const s0 = turn(w[i - 15], 1n) ^ turn(w[i - 15], 8n) ^ (w[i - 15] >> 7n);
        const s1 = turn(w[i - 2], 19n) ^ turn(w[i - 2], 61n) ^ (w[i - 2] >> 6n);
        w.push((w[i - 16] + s0 + w[i - 7] + s1) & mask);
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 80; i++) {
        const s1 = turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n);
        const t1 = (h + s1 + ((e & f) ^ (~e & mask & g)) + K512[i] + w[i]) & mask;
        const s0 = turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n);
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) & mask;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & mask, c, b, a, (t1 + t2) & mask];
      }
      [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (state[i] + word) & mask));
    }
    return join(...state.map(big64));
  }

  // ---- Ed25519 (RFC 8032, section 5.1.7), in extended coordinates (section 5.1.4)

  const P = 2n ** 255n - 19n;
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const mod = (x) => ((x % P) + P) % P;

  function power(base, exponent) {
    let result = 1n;
    for (base = mod(base); exponent > 0n; exponent >>= 1n, base = (base * base) % P) {
      if (exponent & 1n) result = (result * base) % P;
    }
    return result;
  }

  const D = mod(-121665n * power(121666n, P - 2n));
  const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
  const D2 = (2n * D) % P;

  function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
    const a = mod((y1 - x1) * (y2 - x2));
    const b = ((y1 + x1) * (y2 + x2)) % P;
    const c = (((t1 * D2) % P) * t2) % P;
    const d = (2n * z1 * z2) % P;
    const [e, f, g, h] = [b - a, d - c, d + c, b + a];
    return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
  }

  function double([x, y, z]) {
    const a = (x * x) % P;
    const b = (y * y) % P;
    const h = a + b;
    const e = h - (x + y) * (x + y);
    const g = a - b;
    const f = 2n * z * z + g;
    return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
  }

  function little(bytes) {
    return BigInt("0x" + (hex(Uint8Array.from(bytes).reverse()) || "0"));
  }

  function point(bytes) {
    const number = little(bytes);
    const sign = number >> 255n;
    const y = (number & (2n ** 255n - 1n)) % P;
    const u = mod(y * y - 1n);
    const v = mod(D * y * y + 1n);
    let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
    const vx2 = mod(v * x * x);
    if (vx2 === mod(-u)) x = mod(x * ROOT_OF_MINUS_ONE);
    else if (vx2 !== u) return null;
    if ((x & 1n) !== sign) x = mod(-x);
    return [x, y, 1n, mod(x * y)];
  }

  const BASE_Y = mod(4n * power(5n, P - 2n));
  const BASE = point(Uint8Array.from({ length: 32 }, (_, i) => Number((BASE_Y >> BigInt(8 * i)) & 0xffn)));

  function isSigned(key, message, signature) {
    if (key.length !== 32 || signature.length !== 64) return false;
    const a = point(key);
    const s = little(signature.subarray(32));
    if (a === null || s >= L) return false;
    const k = little(sha512(join(signature.subarray(0, 32), key, message))) % L;
    const minus = [mod(-a[0]), a[1], 1n, mod(-a[3])];
    const both = add(BASE, minus);
    let sum = [0n, 1n, 1n, 0n];
    for (let bit = 252n; bit >= 0n; bit--) {
      sum = double(sum);
      const which = Number((s >> bit) & 1n) + 2 * Number((k >> bit) & 1n);
      if (which > 0) sum = add(sum, [null, BASE, minus, both][which]);
    }
    const inverse = power(sum[2], P - 2n);
    const [x, y] = [mod(sum[0] * inverse), mod(sum[1] * inverse)];
    const encoded = y | ((x & 1n) << 255n);
    return little(signature.subarray(0, 32)) === encoded;
  }

  // ---- The check

  const text = (value) => {
    const bytes = new TextEncoder().encode(value);
    const length = bytes.length;
    if (length < 24) return join([0x60 + length], bytes);
    if (length < 256) return join([0x78, length], bytes);
    return join([0x79, length >> 8, length & 0xff], bytes);
  };
  const uint = (value) => {
    if (value < 24) return Uint8Array.of(value);
    if (value < 256) return Uint8Array.of(0x18, value);
    if (value < 65536) return Uint8Array.of(0x19, value >> 8, value & 0xff);
    return join([0x1a], big64(value).subarray(4));
  };
  const bytesOf = (value) => {
    const length = uint(value.length);
    length[0] |= 0x40;
    return join(length, value);
  };

  function certificateIsSigned(c, root) {
    const unsigned = join(
      ascii("trivet certificate 1"), [0x87], bytesOf(c.tenant), bytesOf(c.location), uint(c.kind), text(c.letter),
      bytesOf(c.publicKey), uint(c.incarnation), [0x40],
    );
    return isSigned(root, unsigned, c.signature);
  }

  function originOf(c) {
    return sha256(c.publicKey, big64(c.incarnation).subarray(4)).subarray(0, 16);
  }

  function checkpointIsSigned(c, key, of) {
    const message = join(ascii("trivet checkpoint 1"), of.cbor, big64(c.seq), c.chain, big64(c.hlc));
    return isSigned(key, message, c.signature);
  }

  const ms = (hlc) => Number(BigInt(hlc) >> 16n);
  const time = (at) => {
    const date = new Date(Number(at));
    return Number.isNaN(date.getTime()) ? `${at} ms` : date.toISOString().slice(0, 19) + "Z";
  };
  const later = (a, b) => (BigInt(a) > BigInt(b) ? a : b);

  // Checks a record. `each(header, body, stream)` sees every entry that reads; `pause(share)` may take a breath.
  async function verify(bytes, { each = () => {}, name = () => {}, pause = async () => {} } = {}) {
    const report = { findings: [], streams: [], letters: {}, root: "", begin: null };
    const walks = new Map();

    function find(code, of, seq, words) {
      const found = report.findings;
      const before = found.findLast((finding) => finding.code === code && finding.stream === (of?.name ?? "-"));
      const goesOn = seq > 0 && before && (before.last + 1 === seq || code === "fork");
      if (goesOn) before.last = seq;
      else if (found.length < MAX_FINDINGS) found.push({ code, stream: of?.name ?? "-", first: seq, last: seq, words });
    }

    function open(first) {
      report.begin = first;
      report.root = hex(sha256(first.root));
      if (first.restored === true) {
        find("fork", null, 0, "the box says that the relay holds another history of it: restored or cloned");
      }
      const keys = new Map();
      for (const c of first.certificates) {
        const here = equal(c.tenant, first.tenant) && (c.kind === 1 || equal(c.location, first.location));
        if (certificateIsSigned(c, first.root) && here) {
          keys.set(hex(originOf(c)), c.publicKey);
          report.letters[hex(originOf(c))] = c.letter;
        } else {
          find("certificate", null, 0, `that of box ${c.letter} is not the root's for here`);
        }
      }
      for (const each of first.parts) {
        const of = each.stream;
        const key = keys.get(hex(of.origin));
        if (!key) find("stranger", of, 0, "nobody certified the box that wrote this");
        if (walks.has(of.name) || !(equal(of.scope, first.location) || equal(of.scope, first.tenant))) {
          find("spliced", of, 0, "listed twice, or of another place");
        }
        for (const c of [each.begin, each.head]) {
          if (c && key && !checkpointIsSigned(c, key, of)) {
            find("signature", of, c.seq, "its box did not sign this checkpoint");
          }
        }
        const start = each.begin ?? { seq: 0, chain: sha256(ascii("trivet stream 1"), of.cbor), hlc: 0 };
        walks.set(of.name, {
          of, part: each, key, seq: start.seq, chain: start.chain, hlc: 0, closed: start.hlc, open: null, stale: false,
          entries: 0, unset: 0, late: 0, from: null, to: null,
        });
      }
    }

    function readBatch(b) {
      const walk = walks.get(b.stream.name);
      const first = b.first;
      if (!walk) return find("spliced", b.stream, first, "entries of a stream that the record does not list");
      if (first > walk.seq + 1) {
        find("gap", walk.of, walk.seq + 1, `entries ${walk.seq + 1} to ${first - 1} are missing`);
        [walk.seq, walk.chain, walk.open] = [first - 1, null, null];
      }
      if (first <= walk.seq) return find("order", walk.of, first, `comes after entry ${walk.seq}`);
      b.entries.forEach((raw) => readEntry(walk, raw));
      close(walk, b);
    }

    function readEntry(walk, raw) {
      const expected = walk.seq + 1;
      const before = walk.open;
      walk.open = null;
      if (walk.chain) walk.chain = sha256(walk.chain, sha256(ascii("trivet entry 1"), raw));
      walk.seq = expected;
      walk.entries++;
      const decoder = new Decoder(raw);
      let h;
      try {
        h = header(decoder.value());
        if (raw.length > MAX_ENTRY_BYTES) throw new Unreadable("too long");
      } catch {
        return find("entry", walk.of, expected, "does not read");
      }
      if (h.stream.name !== walk.of.name) {
        return find("spliced", walk.of, expected, `was written into another stream: ${h.stream.name}`);
      }
      if (h.seq < expected) {
        walk.seq = expected - 1;
        return find("order", walk.of, h.seq, `comes after entry ${expected - 1}`);
      }
      if (h.seq > expected) {
        walk.seq = h.seq;
        find("gap", walk.of, expected, `entry ${h.seq} stands in its place: dropped or moved`);
      } else if (before && !(equal(before.command, h.command) && before.rest === h.rest)) {
        find("command", walk.of, expected, "the command before is not complete");
      }
      const written = ms(h.hlc);
      if (BigInt(h.hlc) <= BigInt(walk.hlc)) {
        find("clock", walk.of, h.seq, `its clock, ${time(written)}, does not go on from the last`);
      }
      walk.hlc = later(walk.hlc, h.hlc);
      walk.open = h.rest > 0 ? { command: h.command, rest: h.rest - 1 } : null;
      walk.from = Math.min(walk.from ?? written, written);
      walk.to = Math.max(walk.to ?? written, written);
      const body = raw.subarray(decoder.at);
      const told = toldTime(h.kind, body);
      if (told) when(walk, h, written, told);
      each(h, body, walk.of);
    }

    function when(walk, h, written, { of, late }) {
      const behind = written - of;
      const words = `tells of ${time(of)}, was written ${time(written)}`;
      const stale = h.kind === MINUTE_READ && h.quality > 0 && behind > LATE_MS && !late;
      const goesOn = walk.stale;
      // One minute alone is a clock that was set forward within it.
      if (h.kind === MINUTE_READ) walk.stale = stale;
      if (h.quality === 0) walk.unset++;
      else if (behind < -AHEAD_MS) find("future", walk.of, h.seq, words);
      else if (stale && goesOn) {
        find("backdated", walk.of, h.seq, `the clock was set back: ${words}`);
      } else if (behind > LATE_MS || late) walk.late++;
    }

    function close(walk, b) {
      const [c, last] = [b.checkpoint, walk.seq];
      const signed = Boolean(walk.key) && checkpointIsSigned(c, walk.key, walk.of);
      const which = `entries ${b.first} to ${last}`;
      if (!signed) find("signature", walk.of, c.seq, "its box did not sign this checkpoint");
      if (c.seq !== last) find("checkpoint", walk.of, last, `that of entry ${c.seq} closes ${which}`);
      if (walk.chain && !equal(walk.chain, c.chain)) {
        find("chain", walk.of, last, `${which} are not what was signed: one was changed, dropped or moved`);
      }
      if (BigInt(c.hlc) < BigInt(later(walk.hlc, walk.closed))) {
        find("clock", walk.of, c.seq, "a checkpoint is older than what it closes");
      }
      if (walk.open) find("command", walk.of, last, "the entries end inside a command");
      walk.open = null;
      walk.closed = later(walk.closed, c.hlc);
      if (signed && c.seq === last) walk.chain = c.chain;
    }

    function toldTime(kind, body) {
      if (kind !== MINUTE_READ && kind !== READING_RECORDED) return null;
      try {
        const fields = new Decoder(body).value();
        const at = fields[kind === MINUTE_READ ? 0 : 2];
        if (!is.int(at)) return null;
        if (kind === READING_RECORDED) return { of: Number(at), late: false };
        return { of: (Number(at) + 1) * MINUTE_MS, late: fields.length > 5 && fields[5] !== null };
      } catch {
        return null;
      }
    }

    const decoder = new Decoder(bytes);
    const digest = new Sha256();
    for (;;) {
      const at = decoder.at;
      try {
        const item = decoder.value();
        if (!Array.isArray(item) || item.length !== 2 || (item[0] === 0) !== (report.begin === null)) {
          throw new Unreadable("no item of a record");
        }
        if (item[0] === 0) {
          const first = begin(item[1]);
          if (first.format !== "trivet record 1") throw new Unreadable("another format");
          open(first);
        } else if (item[0] === 1) readBatch(batch(item[1]));
        else if (item[0] === 2) name(item[1]);
        else if (item[0] === 3) {
          const { signature } = seal(item[1]);
          const root = report.begin.root;
          const isWriter = (c) => equal(originOf(c), report.begin.writer) && certificateIsSigned(c, root);
          const writer = report.begin.certificates.find(isWriter);
          const message = join(ascii("trivet record 1"), digest.finish());
          if (!writer || !isSigned(writer.publicKey, message, signature)) {
            find("seal", null, 0, "the file was changed after it was written: its seal does not fit");
          }
          if (decoder.at < bytes.length) find("seal", null, 0, "the file goes on after its seal");
          break;
        } else throw new Unreadable("no item of a record");
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        find("unreadable", null, 0, `from byte ${at} on this is no record: changed or cut off`);
        break;
      }
      digest.update(bytes.subarray(at, decoder.at));
      await pause(decoder.at / bytes.length);
    }

    for (const walk of [...walks.values()].sort((a, b) => (a.of.name < b.of.name ? -1 : 1))) {
      const { last, head } = walk.part;
      if (walk.seq !== last || last > head.seq) {
        find("cut", walk.of, 0, `the record ends at ${walk.seq}, should end at ${last}; the box holds ${head.seq}`);
      } else if (walk.seq === head.seq && walk.chain && !equal(walk.chain, head.chain)) {
        find("fork", walk.of, walk.seq, "the box signed another chain for this entry");
      }
      report.streams.push(walk);
    }
    return report;
  }

  // One finding a line, as `Report::codes` of the program gives them.
  function codes(report) {
    return report.findings.map((f) => `${f.code} ${f.stream} ${f.first} ${f.last}\n`).join("");
  }

  return { verify, codes, Decoder, hex, uuid, time, ms };
})();

if (typeof module !== "undefined") module.exports = TrivetRecord;
