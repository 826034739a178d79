// One WebSocket that comes back: full jitter between half a second and fifteen, and words for every close.
import { type Message, socketUrl, toBase64Url } from './wire';

export type LinkState = 'connecting' | 'open' | 'waiting' | 'refused' | 'stopped';

export interface LinkEvents {
  state(state: LinkState, why: string, retryMs?: number): void;
  message(message: Message): void;
  media?(data: ArrayBuffer): void;
}

const CLOSES: Record<number, string> = {
  1001: 'The server stops',
  4001: 'The token is not valid any more',
  4003: 'This page’s address is not on the server’s list',
  4008: 'Nothing was read for ten seconds',
  4009: 'Another window took this place',
  4010: 'The token has expired',
  4013: 'The server is full',
};

const AUTH = [4001, 4010];
const FINAL = [4003, 4009];

export class Link {
  #socket: WebSocket | undefined;
  #timer = 0;
  #tries = 0;
  #bye: Message | undefined;
  #wanted = false;
  readonly url: string;

  readonly #token: string;
  readonly #on: LinkEvents;

  constructor(src: string | null, base: string, token: string, on: LinkEvents) {
    this.#token = token;
    this.#on = on;
    this.url = socketUrl(src, base);
  }

  open(): void {
    this.#wanted = true;
    clearTimeout(this.#timer);
    this.#on.state('connecting', this.#tries ? 'Connecting again …' : 'Connecting …');
    const protocols = ['loopy.v1'];
    if (this.#token) protocols.push(`loopy.bearer.${toBase64Url(this.#token)}`);
    const socket = new WebSocket(this.url, protocols);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#bye = undefined;
    let opened = false;
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = (event) => {
      if (socket !== this.#socket) return;
      if (typeof event.data !== 'string') {
        this.#on.media?.(event.data);
        return;
      }
      let message: Message;
      try {
        message = JSON.parse(event.data);
      } catch {
        return;
      }
      if (message.t === 'welcome') {
        this.#tries = 0;
        this.#on.state('open', '');
      }
      if (message.t === 'bye') this.#bye = message;
      this.#on.message(message);
    };
    socket.onclose = (event) => {
      if (socket !== this.#socket || !this.#wanted) return;
      this.#socket = undefined;
      if (opened) this.#closed(event.code, event.reason);
      else void this.#refused();
    };
  }

  #closed(code: number, reason: string): void {
    const words = CLOSES[code] ?? (code === 1006 ? 'The connection was lost' : 'The server closed');
    const why = this.#bye?.reason || reason ? `${words}: ${this.#bye?.reason || reason}` : words;
    if (AUTH.includes(code)) this.#stop('refused', why);
    else if (FINAL.includes(code)) this.#stop('stopped', why);
    else this.#retry(why, Number(this.#bye?.retry_after_ms) || undefined);
  }

  /** A browser hides why a socket was refused; the same token on an ordinary request tells. */
  async #refused(): Promise<void> {
    let why = 'The server cannot be reached';
    let after: number | undefined;
    try {
      const url = new URL('/api/ticket', this.url.replace(/^ws/, 'http'));
      const headers: HeadersInit = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
      const answer = await fetch(url, { method: 'POST', headers });
      after = Number(answer.headers.get('Retry-After')) * 1000 || undefined;
      if (answer.status === 401) return this.#stop('refused', 'The token is missing, wrong or expired');
      if (answer.status === 403) return this.#stop('stopped', CLOSES[4003] as string);
      if (answer.status === 429) why = 'Too many tries from here';
      else if (answer.status === 503) why = CLOSES[4013] as string;
      else why = 'The server did not take the connection';
    } catch {
      // No answer at all: what stands in `why` is right.
    }
    if (this.#wanted) this.#retry(why, after);
  }

  #retry(why: string, after?: number): void {
    const top = Math.min(15_000, 500 * 2 ** this.#tries++);
    const wait = after ?? Math.max(100, Math.random() * top);
    this.#on.state('waiting', why, wait);
    this.#timer = window.setTimeout(() => this.open(), wait);
  }

  #stop(state: LinkState, why: string): void {
    this.#wanted = false;
    this.#on.state(state, why);
  }

  send(message: Message): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.send({ t: 'bye' });
    this.#socket?.close(1000);
    this.#socket = undefined;
  }
}
