// The stream of the test server: a drawn picture with its number as 32 cells at the top, coded by FFmpeg.
import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const WIDTH = 640;
export const HEIGHT = 360;
export const FPS = 30;
export const FRAMES = 300;
export const CELLS = 32;
const STRIP = 24;

const folder = fileURLToPath(new URL('../media/', import.meta.url));

function frame(n, y, uv) {
  const cell = WIDTH / CELLS;
  for (let row = 0; row < HEIGHT; row++) {
    for (let x = 0; x < WIDTH; x++) {
      if (row < STRIP) y[row * WIDTH + x] = (n >>> Math.floor(x / cell)) & 1 ? 225 : 30;
      else {
        const wave = Math.sin(x / 46 + n / 19) + Math.cos(row / 38 - n / 23);
        y[row * WIDTH + x] = 110 + 32 * wave;
      }
    }
  }
  const angle = (n / FRAMES) * 2 * Math.PI;
  uv.fill(128 + 26 * Math.sin(angle), 0, uv.length / 2);
  uv.fill(128 + 26 * Math.cos(angle), uv.length / 2);
  for (let i = 0; i < (12 * 320) / 4; i++) uv[i] = uv[uv.length / 2 + i] = 128;
}

async function ffmpeg(args, feed) {
  const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const parts = [];
  child.stdout.on('data', (part) => parts.push(part));
  const done = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`ffmpeg ended with ${code}`))));
  });
  if (feed) await feed(child.stdin);
  child.stdin.end();
  await done;
  return Buffer.concat(parts);
}

async function feedFrames(pipe) {
  const size = (WIDTH * HEIGHT * 3) / 2;
  for (let n = 0; n < FRAMES; n++) {
    const picture = Buffer.alloc(size);
    frame(n, picture.subarray(0, WIDTH * HEIGHT), picture.subarray(WIDTH * HEIGHT));
    if (!pipe.write(picture)) await new Promise((go) => pipe.once('drain', go));
  }
}

async function kept(name, make) {
  await mkdir(folder, { recursive: true });
  try {
    return await readFile(folder + name);
  } catch {
    const bytes = await make();
    await writeFile(`${folder}${name}.partial`, bytes);
    await rename(`${folder}${name}.partial`, folder + name);
    return bytes;
  }
}

/** NAL units of an Annex B stream. */
function* nals(bytes) {
  let start = -1;
  for (let i = 0; i + 2 < bytes.length; i++) {
    if (bytes[i] !== 0 || bytes[i + 1] !== 0 || bytes[i + 2] !== 1) continue;
    if (start >= 0) yield bytes.subarray(start, bytes[i - 1] === 0 ? i - 1 : i);
    start = i + 3;
    i += 2;
  }
  if (start >= 0) yield bytes.subarray(start);
}

function avc(bytes) {
  let sps;
  let pps;
  const units = [];
  for (const nal of nals(bytes)) {
    const type = nal[0] & 31;
    if (type === 7) sps ??= nal;
    else if (type === 8) pps ??= nal;
    else if (type === 1 || type === 5) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      // `first_mb_in_slice` 0 is one bit, set: a new picture. Others belong to the last one.
      if (nal[1] & 0x80) units.push({ key: type === 5, parts: [] });
      units.at(-1).parts.push(length, nal);
    }
  }
  const record = Buffer.concat([
    Buffer.from([1, sps[1], sps[2], sps[3], 0xff, 0xe1, sps.length >> 8, sps.length & 255]),
    sps,
    Buffer.from([1, pps.length >> 8, pps.length & 255]),
    pps,
  ]);
  const codec = `avc1.${sps.subarray(1, 4).toString('hex')}`;
  return { record, codec, units: units.map(({ key, parts }) => ({ key, data: Buffer.concat(parts) })) };
}

function jpegs(bytes) {
  const found = [];
  let start = -1;
  for (let i = 0; i + 1 < bytes.length; i++) {
    if (bytes[i] !== 0xff) continue;
    if (bytes[i + 1] === 0xd8 && start < 0) start = i;
    if (bytes[i + 1] === 0xd9 && start >= 0) {
      found.push(bytes.subarray(start, i + 2));
      start = -1;
    }
  }
  return found;
}

function oggPackets(bytes) {
  const packets = [];
  let part = [];
  for (let at = 0; at < bytes.length; ) {
    const segments = bytes[at + 26];
    let data = at + 27 + segments;
    for (let s = 0; s < segments; s++) {
      const length = bytes[at + 27 + s];
      part.push(bytes.subarray(data, data + length));
      data += length;
      if (length < 255) {
        packets.push(Buffer.concat(part));
        part = [];
      }
    }
    at = data;
  }
  return packets;
}

export async function media() {
  const raw = [
    '-f',
    'rawvideo',
    '-pix_fmt',
    'yuv420p',
    '-s',
    `${WIDTH}x${HEIGHT}`,
    '-r',
    `${FPS}`,
    '-i',
    '-',
  ];
  const h264 = await kept('strip.h264', () =>
    ffmpeg(
      [
        ...raw,
        '-c:v',
        'libx264',
        '-preset',
        'veryfast',
        '-tune',
        'zerolatency',
        '-bf',
        '0',
        '-g',
        `${FPS}`,
        '-keyint_min',
        `${FPS}`,
        '-sc_threshold',
        '0',
        '-b:v',
        '900k',
        '-threads',
        '1',
        '-f',
        'h264',
        '-',
      ],
      feedFrames,
    ),
  );
  const mjpeg = await kept('strip.mjpeg', () =>
    ffmpeg(
      [...raw, '-vf', 'fps=15:round=near', '-c:v', 'mjpeg', '-q:v', '5', '-f', 'mjpeg', '-'],
      feedFrames,
    ),
  );
  const ogg = await kept('tone.ogg', () =>
    ffmpeg([
      '-f',
      'lavfi',
      '-i',
      `sine=frequency=330:sample_rate=48000:duration=${FRAMES / FPS}`,
      '-ac',
      '2',
      '-c:a',
      'libopus',
      '-b:a',
      '64k',
      '-f',
      'ogg',
      '-',
    ]),
  );
  const [head, , ...sound] = oggPackets(ogg);
  return {
    video: avc(h264),
    pictures: jpegs(mjpeg),
    opus: { head, packets: sound.slice(0, (FRAMES / FPS) * 50) },
  };
}
