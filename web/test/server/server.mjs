// A server that speaks `loopy.v1` as docs/protocol.md says, for tests of the pages in real browsers.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { metrics } from './figures.mjs';
import { FPS, FRAMES, HEIGHT, media, WIDTH } from './media.mjs';
import { fragment, opusInit, videoInit } from './mp4.mjs';
import { Rules } from './rules.mjs';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};
export const CSP =
  "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' ws: wss:";
const KIND = { init: 0, fragment: 1, unit: 2, jpeg: 3, sound: 6, soundInit: 7 };
const TOKEN = 'a test token with ümlaut';
const QUEUE_BYTES = 2_097_152;

const micros = () => Number(process.hrtime.bigint() / 1000n);

function packet(kind, flags, seq, group, index, pts, queued, payload) {
  const head = Buffer.alloc(24);
  head[0] = 1;
  head[1] = kind;
  head[2] = flags;
  head[3] = seq & 255;
  head.writeUInt32LE(group, 4);
  head.writeUInt32LE(index, 8);
  head.writeBigUInt64LE(BigInt(pts), 12);
  head.writeUInt32LE(Math.max(0, Math.min(0xffffffff, queued)), 20);
  return Buffer.concat([head, payload]);
}

class Viewer {
  rules = new Rules();
  mode;
  seq = 0;
  paused = false;
  role;
  subscribed = false;
  waitKey = true;
  stats = [];
  messages = [];
  sent = 0;

  constructor(server, socket) {
    this.server = server;
    this.socket = socket;
    socket.on('message', (data, binary) => {
      if (binary) this.rules.breaches.push('a binary message from the client');
      else this.hear(data.toString());
    });
    socket.on('close', () => server.viewers.delete(this));
    this.say({
      t: 'welcome',
      session: Math.random().toString(36).slice(2, 8),
      server: 'test',
      now_us: micros(),
      epoch_us: server.epoch,
      scopes: server.scopes,
      rungs: server.rungs(),
      audio: server.audio ? [server.soundConfig()] : [],
      limits: { message_bytes: 16384, messages_per_second: 20, queue_ms: 500, queue_bytes: QUEUE_BYTES },
    });
  }

  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  hear(text) {
    const t2 = micros();
    const message = this.rules.check(text, Date.now());
    if (!message) {
      this.server.breaches.push(...this.rules.breaches.splice(0));
      this.socket.close(1008, 'a rule was broken');
      return;
    }
    this.messages.push(message);
    this.server.heard.push(message);
    switch (message.t) {
      case 'hello': {
        this.role = message.role;
        this.codecs = message.codecs ?? [];
        if (message.role === 'viewer') {
          const mode = message.modes.find((m) => this.server.modes.includes(m));
          if (mode) this.configure(mode);
          else
            this.say({ t: 'error', code: 'modes', msg: 'None of the modes is served', hint: 'Offer jpeg.' });
        }
        break;
      }
      case 'ready':
        this.configure(message.mode);
        break;
      case 'ping':
        this.say({ t: 'pong', id: message.id, t1: message.t1, t2, t3: micros() });
        break;
      case 'stats':
        this.stats.push(message);
        break;
      case 'pause':
        this.paused = true;
        break;
      case 'resume':
        this.paused = false;
        this.configure(this.mode);
        break;
      case 'keyframe':
        this.join();
        break;
      case 'subscribe':
        this.subscribed = true;
        this.say(this.server.metrics());
        break;
      case 'unsubscribe':
        this.subscribed = false;
        break;
      case 'bye':
        this.socket.close(1000);
        break;
      case 'quality':
        break;
      default:
        if (!this.server.scopes.includes('control')) {
          this.say({
            t: 'error',
            code: 'scope',
            msg: 'This token may not steer',
            hint: 'Use a token with control.',
            id: message.id,
          });
        } else if (message.t === 'next' && !this.server.clips.includes(message.clip)) {
          this.say({
            t: 'error',
            code: 'clip',
            msg: `No clip ${message.clip}`,
            hint: 'See the list.',
            id: message.id,
          });
        } else {
          this.server.steer(message);
          this.say({ t: 'done', id: message.id, frame: this.server.n + 20, due_ms: 730 });
        }
    }
  }

  configure(mode) {
    if (!mode) return;
    this.mode = mode;
    this.seq++;
    this.say(this.server.config(mode, this.seq));
    if (mode === 'mse') {
      this.send(packet(KIND.init, 0, this.seq, 0, 0, 0, 0, this.server.init));
      if (this.server.audio)
        this.send(packet(KIND.soundInit, 0, this.seq, 0, 0, 0, 0, this.server.soundInit));
    }
    this.join();
  }

  /** The newest group from its key frame. */
  join() {
    if (this.paused || !this.mode || this.mode === 'jpeg') return;
    const { server } = this;
    const first = server.n - (server.n % FPS);
    this.waitKey = false;
    for (let n = first; n < server.n; n++) this.picture(n, n === first ? 2 : 0, server.queued.get(n) ?? 0);
    this.soundFrom = undefined;
    this.sounds(server.n);
  }

  picture(n, flags, queued) {
    const { server } = this;
    const unit = server.media.video.units[n % FRAMES];
    const pts = server.pts(n);
    const all = flags | (unit.key ? 1 : 0) | (n % FPS === FPS - 1 ? 8 : 0);
    const group = Math.floor(n / FPS);
    if (this.mode === 'webcodecs') {
      this.send(packet(KIND.unit, all, this.seq, group, n % FPS, pts, queued, server.spoil(unit.data, n)));
    } else if (this.mode === 'mse') {
      const data = fragment(n + 1, pts, server.pts(n + 1) - pts, unit.key, server.spoil(unit.data, n));
      this.send(packet(KIND.fragment, all, this.seq, group, n % FPS, pts, queued, data));
    } else if (this.mode === 'jpeg' && n % 2 === 0) {
      const i = n / 2;
      const data = server.media.pictures[i % server.media.pictures.length];
      this.send(packet(KIND.jpeg, all | 1, this.seq, i, 0, pts, queued, data));
    }
  }

  /** Sound up to a picture's time. */
  sounds(n) {
    const { server } = this;
    if (!server.audio) return;
    const until = Math.floor((server.pts(n + 1) / 1e6) * 50);
    if (this.soundFrom === undefined) this.soundFrom = Math.floor((server.pts(n - (n % FPS)) / 1e6) * 50);
    for (; this.soundFrom < until; this.soundFrom++) {
      const k = this.soundFrom;
      let data = server.media.opus.packets[k % server.media.opus.packets.length];
      if (this.mode === 'mse') data = fragment(k + 1, k * 960, 960, true, data);
      this.send(packet(KIND.sound, 1, this.seq, 0, k, k * 20_000, 0, data));
    }
  }

  send(bytes) {
    this.sent += bytes.length;
    this.socket.send(bytes, { binary: true });
  }

  turn(n, queued) {
    if (this.paused || !this.mode || this.role !== 'viewer') return;
    const key = n % FPS === 0 || this.mode === 'jpeg';
    if (this.socket.bufferedAmount > QUEUE_BYTES) this.waitKey = true;
    if (this.waitKey && !key) return;
    this.waitKey = false;
    if (!this.server.silent) this.picture(n, 0, queued);
    this.sounds(n);
  }
}

export class TestServer {
  viewers = new Set();
  breaches = [];
  heard = [];
  token = TOKEN;
  audio = true;
  silent = false;
  spoiled = false;
  modes = ['webcodecs', 'mse', 'jpeg'];
  scopes = ['view', 'control', 'metrics'];
  fakeCodec;
  refuse = 0;
  /** Origins of other pages that may connect. */
  origins = new Set();
  n = 0;
  queued = new Map();
  steered = [];
  clips = ['idle_003.mp4', 'wave.mp4', '<img src=x onerror="document.title=\'owned\'">.mp4'];

  async start(port = 0) {
    this.media ??= await media();
    const { video, opus } = this.media;
    this.init = videoInit(WIDTH, HEIGHT, video.record);
    this.soundInit = opusInit(48000, 2, opus.head);
    this.epoch = micros();
    this.n = 0;
    this.http = createServer((request, response) => void this.answer(request, response));
    this.sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: () => 'loopy.v1',
      perMessageDeflate: false,
    });
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    await new Promise((go) => this.http.listen(port, '127.0.0.1', go));
    this.port = this.http.address().port;
    this.timer = setInterval(() => this.turn(), 4);
    this.second = setInterval(() => {
      for (const v of this.viewers) if (v.subscribed) v.say(this.metrics());
    }, 1000);
    return this;
  }

  async stop() {
    clearInterval(this.timer);
    clearInterval(this.second);
    for (const v of this.viewers) v.socket.terminate();
    this.http.closeAllConnections();
    await new Promise((go) => this.http.close(go));
  }

  url(path = '/', host = '127.0.0.1') {
    return `http://${host}:${this.port}${path}`;
  }

  pts(n) {
    return Math.round((n * 1e6) / FPS);
  }

  turn() {
    const now = micros() - this.epoch;
    while (this.pts(this.n) <= now) {
      const n = this.n++;
      const queued = now - this.pts(n);
      this.queued.set(n, queued);
      this.queued.delete(n - 2 * FPS);
      for (const v of this.viewers) v.turn(n, queued);
    }
  }

  spoil(data, n) {
    if (!this.spoiled || n % FPS === 0) return data;
    const bad = Buffer.from(data);
    bad.fill(0xff, 4);
    return bad;
  }

  codec() {
    return this.fakeCodec ?? this.media.video.codec;
  }

  rungs() {
    const codec = this.codec();
    return [
      {
        name: '360p',
        codec,
        mime: `video/mp4; codecs="${codec}"`,
        width: WIDTH,
        height: HEIGHT,
        fps: '30/1',
        bitrate: 900000,
      },
      {
        name: 'jpeg',
        codec: 'jpeg',
        mime: 'image/jpeg',
        width: WIDTH,
        height: HEIGHT,
        fps: '15/1',
        bitrate: 3000000,
      },
    ];
  }

  soundConfig() {
    return { codec: 'opus', mime: 'audio/mp4; codecs="opus"', rate: 48000, channels: 2 };
  }

  config(mode, seq) {
    const [video, jpeg] = this.rungs();
    const rung = mode === 'jpeg' ? jpeg : video;
    const config = {
      t: 'config',
      stream_seq: seq,
      mode,
      rung: rung.name,
      codec: rung.codec,
      mime: rung.mime,
      width: WIDTH,
      height: HEIGHT,
      fps: rung.fps,
      timescale: 1_000_000,
      latency_target_ms: 50,
      class: 'ethernet',
    };
    if (mode === 'webcodecs') config.description = this.media.video.record.toString('base64');
    if (this.audio) {
      config.audio = this.soundConfig();
      if (mode !== 'mse') config.audio.description = this.media.opus.head.toString('base64');
    }
    return config;
  }

  metrics() {
    return metrics(this);
  }

  steer(message) {
    this.steered.push(message);
  }

  upgrade(request, socket, head) {
    const deny = (status, extra = '') => {
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n${extra}\r\n`);
    };
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((s) => s.trim());
    if (new URL(request.url, 'http://x').pathname !== '/ws') return deny('404 Not Found');
    if (!offered.includes('loopy.v1')) return deny('400 Bad Request');
    const origin = request.headers.origin;
    if (!origin || (new URL(origin).host !== request.headers.host && !this.origins.has(origin)))
      return deny('403 Forbidden');
    if (this.refuse) return deny(`${this.refuse} No`, 'Retry-After: 1\r\n');
    const bearer = offered.find((p) => p.startsWith('loopy.bearer.'))?.slice(13);
    if (bearer !== Buffer.from(this.token).toString('base64url')) return deny('401 Unauthorized');
    this.sockets.handleUpgrade(request, socket, head, (ws) => {
      request.socket.setNoDelay(true);
      this.viewers.add(new Viewer(this, ws));
    });
  }

  async answer(request, response) {
    const { pathname } = new URL(request.url, 'http://x');
    const headers = {
      'Content-Security-Policy': CSP,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
    };
    if (pathname === '/api/ticket' && request.method === 'POST') {
      // A browser writes a header in Latin-1; the token of these tests has such letters.
      const ok = request.headers.authorization === `Bearer ${this.token}`;
      const status = this.refuse || (ok ? 200 : 401);
      response.writeHead(status, {
        ...headers,
        'Content-Type': 'application/json',
        ...(this.refuse ? { 'Retry-After': '1' } : {}),
      });
      response.end(
        ok ? '{"ticket":"x","expires_ms":30000}' : '{"error":{"code":"token","msg":"no","hint":""}}',
      );
      return;
    }
    const pages = { '/': 'index.html', '/obs': 'obs.html', '/dashboard': 'dashboard.html' };
    if (pathname.startsWith('/assets/')) headers['Access-Control-Allow-Origin'] = '*';
    const name = pages[pathname] ?? pathname.match(/^\/assets\/([\w.-]+)$/)?.[1];
    try {
      if (!name || name.includes('..')) throw new Error('no such file');
      const bytes = await readFile(dist + name);
      response.writeHead(200, {
        ...headers,
        'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
      });
      response.end(bytes);
    } catch {
      response.writeHead(404, headers);
      response.end('not found');
    }
  }
}

// `node test/server/server.mjs [PORT]` serves the pages by hand.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = new TestServer();
  server.token = 'test';
  await server.start(Number(process.argv[2]) || 8765);
  console.log(
    `${server.url('/#token=test')}\n${server.url('/dashboard#token=test')}\n${server.url('/obs#token=test')}`,
  );
}
