// A small fMP4 writer for the test server: init segments, and fragments with one sample.

const u8 = (...values) => Buffer.from(values);
const u16 = (v) => u8((v >> 8) & 255, v & 255);
const u32 = (v) => {
  const b = Buffer.alloc(4);
  b.writeUInt32BE(v >>> 0);
  return b;
};
const u64 = (v) => {
  const b = Buffer.alloc(8);
  b.writeBigUInt64BE(BigInt(v));
  return b;
};
const zeros = (n) => Buffer.alloc(n);
const text = (s) => Buffer.from(s, 'latin1');

function box(type, ...parts) {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(8 + body.length), text(type), body]);
}
const full = (type, version, flags, ...parts) => box(type, u32((version << 24) | flags), ...parts);
const MATRIX = Buffer.concat([u32(0x10000), zeros(12), u32(0x10000), zeros(12), u32(0x40000000)]);

function init(timescale, handler, width, height, header, entry) {
  const stbl = box(
    'stbl',
    full('stsd', 0, 0, u32(1), entry),
    full('stts', 0, 0, u32(0)),
    full('stsc', 0, 0, u32(0)),
    full('stsz', 0, 0, u32(0), u32(0)),
    full('stco', 0, 0, u32(0)),
  );
  const dinf = box('dinf', full('dref', 0, 0, u32(1), full('url ', 0, 1)));
  const mdia = box(
    'mdia',
    full('mdhd', 0, 0, u32(0), u32(0), u32(timescale), u32(0), u16(0x55c4), u16(0)),
    full('hdlr', 0, 0, u32(0), text(handler), zeros(12), u8(0)),
    box('minf', header, dinf, stbl),
  );
  const tkhd = full(
    'tkhd',
    0,
    7,
    u32(0),
    u32(0),
    u32(1),
    u32(0),
    u32(0),
    zeros(8),
    u16(0),
    u16(0),
    u16(handler === 'soun' ? 0x100 : 0),
    u16(0),
    MATRIX,
    u32(width << 16),
    u32(height << 16),
  );
  const mvhd = full(
    'mvhd',
    0,
    0,
    u32(0),
    u32(0),
    u32(timescale),
    u32(0),
    u32(0x10000),
    u16(0x100),
    zeros(10),
    MATRIX,
    zeros(24),
    u32(2),
  );
  return Buffer.concat([
    box('ftyp', text('iso5'), u32(512), text('iso5iso6mp41')),
    box(
      'moov',
      mvhd,
      box('trak', tkhd, mdia),
      box('mvex', full('trex', 0, 0, u32(1), u32(1), u32(0), u32(0), u32(0))),
    ),
  ]);
}

export function videoInit(width, height, avcC) {
  const entry = box(
    'avc1',
    zeros(6),
    u16(1),
    zeros(16),
    u16(width),
    u16(height),
    u32(0x480000),
    u32(0x480000),
    u32(0),
    u16(1),
    zeros(32),
    u16(24),
    u16(0xffff),
    box('avcC', avcC),
  );
  return init(1_000_000, 'vide', width, height, full('vmhd', 0, 1, zeros(8)), entry);
}

/** `head` is the body of `OpusHead` after its magic, little-endian; dOps is the same, big-endian, version 0. */
export function opusInit(rate, channels, head) {
  const preSkip = head.readUInt16LE(10);
  const dops = box('dOps', u8(0, channels), u16(preSkip), u32(rate), u16(0), u8(0));
  const entry = box(
    'Opus',
    zeros(6),
    u16(1),
    zeros(8),
    u16(channels),
    u16(16),
    zeros(4),
    u32(rate << 16),
    dops,
  );
  return init(rate, 'soun', 0, 0, full('smhd', 0, 0, zeros(4)), entry);
}

export function fragment(sequence, time, duration, key, payload) {
  const flags = key ? 0x02000000 : 0x01010000;
  const build = (offset) =>
    box(
      'moof',
      full('mfhd', 0, 0, u32(sequence)),
      box(
        'traf',
        full('tfhd', 0, 0x020000, u32(1)),
        full('tfdt', 1, 0, u64(time)),
        full('trun', 0, 0x000701, u32(1), u32(offset), u32(duration), u32(payload.length), u32(flags)),
      ),
    );
  const moof = build(build(0).length + 8);
  return Buffer.concat([moof, box('mdat', payload)]);
}
