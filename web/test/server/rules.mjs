// What docs/protocol.md lets a client say. Every breach is kept; the tests want none.

const MODES = ['webcodecs', 'mse', 'jpeg', 'webp'];
const string = (v) => typeof v === 'string' && v.length > 0;
const number = (v) => typeof v === 'number' && Number.isFinite(v);
const list = (v, of) => Array.isArray(v) && v.every(of);

const percentiles = (v) => v === undefined || ['p50', 'p95', 'p99', 'uncertainty'].every((k) => number(v[k]));

const SHAPES = {
  hello: (m) =>
    string(m.client) &&
    ['viewer', 'dashboard'].includes(m.role) &&
    (m.role === 'dashboard' ||
      (list(m.modes, (v) => MODES.includes(v)) &&
        m.modes.length > 0 &&
        list(m.codecs, string) &&
        number(m.screen?.w) &&
        number(m.screen?.h) &&
        number(m.screen?.dpr) &&
        number(m.max_latency_ms) &&
        typeof m.visible === 'boolean')),
  ready: (m) => MODES.includes(m.mode),
  ping: (m) => number(m.id) && number(m.t1),
  stats: (m) =>
    ['buffer_ms', 'decode_q', 'rendered', 'dropped', 'fps', 'gap_ms', 'rtt_ms', 'jitter_ms'].every(
      (k) => number(m[k]) && m[k] >= 0,
    ) && percentiles(m.e2e_ms),
  pause: () => true,
  resume: () => true,
  keyframe: (m) => string(m.reason),
  quality: (m) => string(m.rung),
  subscribe: (m) => m.channel === 'metrics',
  unsubscribe: (m) => m.channel === 'metrics',
  bye: () => true,
  signal: (m) => number(m.id) && number(m.value) && Math.abs(m.value) <= 1,
  state: (m) => number(m.id) && (m.state === null || string(m.state)),
  next: (m) => number(m.id) && string(m.clip),
  avoid: (m) => number(m.id) && string(m.clip) && typeof m.avoid === 'boolean',
  seed: (m) => number(m.id) && Number.isInteger(m.seed),
};

export class Rules {
  breaches = [];
  #times = [];
  #greeted = false;
  #statsAt = 0;

  /** The parsed message, or undefined when it breaks a rule. */
  check(text, now) {
    const broken = (why) => {
      this.breaches.push(`${why}: ${text.slice(0, 200)}`);
      return undefined;
    };
    if (Buffer.byteLength(text) > 16384) return broken('more than 16 kB');
    this.#times = this.#times.filter((at) => now - at < 1000);
    this.#times.push(now);
    if (this.#times.length > 20) return broken('more than 20 messages a second');
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return broken('no JSON');
    }
    const shape = SHAPES[message.t];
    if (!shape) return broken('a message that the protocol does not know');
    if (!shape(message)) return broken('fields are missing or wrong');
    if (message.t === 'hello') {
      if (this.#greeted) return broken('a second hello');
      this.#greeted = true;
    } else if (!this.#greeted && message.t !== 'bye') return broken('something before hello');
    if (message.t === 'stats') {
      if (now - this.#statsAt < 700) return broken('stats more than once a second');
      this.#statsAt = now;
    }
    return message;
  }
}
