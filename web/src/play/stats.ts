// What is measured of playing: pictures shown, the longest gap, and how long each was under way.
import { type Percentiles, ServerClock, Window } from './clock';
import type { Figures, Shown } from './renderer';
import type { Mode, Packet } from './wire';

export interface Stats {
  mode: Mode | undefined;
  rung: string;
  class: string;
  buffer_ms: number;
  decode_q: number;
  rendered: number;
  dropped: number;
  fps: number;
  gap_ms: number;
  rtt_ms: number;
  jitter_ms: number;
  e2e_ms?: Percentiles & { uncertainty: number };
  reason?: string;
}

/** A group joined late is not a measure of latency. */
const SETTLE_MS = 1500;
const RATE_MS = 2000;

const round = (value: number): number => Math.round(value * 10) / 10;

export class Meter {
  readonly clock = new ServerClock();
  figures: Figures = { bufferMs: 0, queue: 0, dropped: 0 };
  /** When picture time 0 was due, server's µs. */
  epoch = 0;
  #latency = new Window();
  #queued = new Map<number, number>();
  #settledAt = 0;
  #rendered = 0;
  #shown: number[] = [];
  #gap = 0;

  /** Playing begins anew. */
  restart(now: number): void {
    this.#queued.clear();
    this.#settledAt = now + SETTLE_MS;
    this.#shown = [];
  }

  /** Remembers when a picture was sent, for the moment it is shown. */
  sent(packet: Packet): void {
    this.#queued.set(packet.pts, packet.queued);
    if (this.#queued.size > 600) {
      for (const pts of [...this.#queued.keys()].slice(0, 200)) this.#queued.delete(pts);
    }
  }

  shown(pictures: Shown[]): void {
    for (const [pts, at] of pictures) {
      this.#rendered++;
      const last = this.#shown.at(-1);
      if (last !== undefined) this.#gap = Math.max(this.#gap, at - last);
      this.#shown.push(at);
      if (this.#shown.length > 240) this.#shown.shift();
      const queued = this.#queued.get(pts);
      const server = this.clock.toServer(at);
      if (queued !== undefined && server !== undefined && at > this.#settledAt) {
        this.#latency.add((server - this.epoch - pts - queued) / 1000, at);
      }
    }
  }

  /** The figures since the last report. */
  report(now: number, about: Pick<Stats, 'mode' | 'rung' | 'class' | 'reason'>): Stats {
    const since = this.#shown.filter((at) => now - at < RATE_MS);
    const span = (since.at(-1) ?? 0) - (since[0] ?? 0);
    const e2e = this.#latency.percentiles(now);
    const stats: Stats = {
      ...about,
      buffer_ms: round(this.figures.bufferMs),
      decode_q: this.figures.queue,
      rendered: this.#rendered,
      dropped: this.figures.dropped,
      fps: span > 0 ? round(((since.length - 1) * 1000) / span) : 0,
      gap_ms: round(this.#gap),
      rtt_ms: round(this.clock.rtt),
      jitter_ms: round(this.clock.jitter),
    };
    if (e2e) {
      const uncertainty = round(this.clock.uncertainty(now) ?? 0);
      stats.e2e_ms = { p50: round(e2e.p50), p95: round(e2e.p95), p99: round(e2e.p99), uncertainty };
    }
    this.#gap = 0;
    return stats;
  }
}
