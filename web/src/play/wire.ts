// The binary header and the messages of `loopy.v1` (docs/protocol.md).

export type Mode = 'webcodecs' | 'mse' | 'jpeg' | 'webp';

// Constant enums, which the bundler puts in as plain numbers.
export enum Kind {
  init = 0,
  fragment = 1,
  unit = 2,
  jpeg = 3,
  webp = 4,
  thumbnail = 5,
  sound = 6,
  soundInit = 7,
}

export enum Flag {
  key = 1,
  discontinuity = 2,
  transition = 4,
  last = 8,
}

export const HEADER = 24;

export interface Packet {
  kind: number;
  flags: number;
  seq: number;
  group: number;
  index: number;
  /** Picture time in µs. */
  pts: number;
  /** µs from the moment the picture was due until it was queued. */
  queued: number;
  payload: Uint8Array<ArrayBuffer>;
}

export function parsePacket(buffer: ArrayBuffer): Packet | undefined {
  if (buffer.byteLength < HEADER) return undefined;
  const v = new DataView(buffer);
  if (v.getUint8(0) !== 1) return undefined;
  return {
    kind: v.getUint8(1),
    flags: v.getUint8(2),
    seq: v.getUint8(3),
    group: v.getUint32(4, true),
    index: v.getUint32(8, true),
    // Exact up to 2^53 µs, which is 285 years.
    pts: v.getUint32(12, true) + v.getUint32(16, true) * 4294967296,
    queued: v.getUint32(20, true),
    payload: new Uint8Array(buffer, HEADER),
  };
}

export interface RungInfo {
  name: string;
  codec: string;
  mime: string;
  width: number;
  height: number;
  fps: string;
  bitrate: number;
}

export interface SoundConfig {
  codec: string;
  mime: string;
  description?: string;
  rate: number;
  channels: number;
}

export interface Welcome {
  t: 'welcome';
  session: string;
  server: string;
  now_us: number;
  epoch_us: number;
  scopes: string[];
  rungs: RungInfo[];
  audio: SoundConfig[];
}

export interface Config {
  t: 'config';
  stream_seq: number;
  mode: Mode;
  rung: string;
  codec: string;
  mime: string;
  description?: string;
  width: number;
  height: number;
  fps: string;
  latency_target_ms: number;
  class?: string;
  audio?: SoundConfig;
}

export interface Message {
  t: string;
  // biome-ignore lint/suspicious/noExplicitAny: unknown fields are part of the protocol
  [field: string]: any;
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

/** Base64url without padding, as the subprotocol carries the token. */
export function toBase64Url(text: string): string {
  let raw = '';
  for (const byte of new TextEncoder().encode(text)) raw += String.fromCharCode(byte);
  return btoa(raw).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** `30000/1001` or `30` as a number. */
export function rate(text: string): number {
  const [n, d] = text.split('/').map(Number);
  const value = (n ?? 0) / (d ?? 1);
  return Number.isFinite(value) && value > 0 ? value : 30;
}

/** The socket's address from what a page writes: `ws://host`, `https://host/`, `/ws` or nothing. */
export function socketUrl(src: string | null, base: string): string {
  const url = new URL(src || '/ws', base);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  if (url.pathname === '/') url.pathname = '/ws';
  url.hash = '';
  return url.href;
}
