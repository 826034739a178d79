// The server's clock as this page sees it, and summaries of what is measured by it.

/** This page's clock in ms; workers read the same. */
export const localNow = (): number => performance.timeOrigin + performance.now();

const WINDOW_MS = 60_000;
const DRIFT = 200e-6;
const TIMER_MS = 0.1;

interface Sample {
  /** Server minus local, ms. */
  offset: number;
  rtt: number;
  at: number;
}

/** Keeps the ping with the shortest way: its error is at most half its round trip. */
export class ServerClock {
  #samples: Sample[] = [];
  /** The last round trip and how much round trips differ, ms. */
  rtt = 0;
  jitter = 0;

  /** `t1`, `t4` local ms; `t2`, `t3` server µs. */
  add(t1: number, t2: number, t3: number, t4: number): void {
    const rtt = Math.max(0, t4 - t1 - (t3 - t2) / 1000);
    const offset = (t2 / 1000 - t1 + (t3 / 1000 - t4)) / 2;
    if (this.#samples.length > 0) this.jitter += (Math.abs(rtt - this.rtt) - this.jitter) / 8;
    this.rtt = rtt;
    this.#samples = this.#samples.filter((s) => t4 - s.at < WINDOW_MS);
    this.#samples.push({ offset, rtt, at: t4 });
  }

  reset(): void {
    this.#samples = [];
    this.jitter = 0;
  }

  #best(now: number): { sample: Sample; error: number } | undefined {
    let found: { sample: Sample; error: number } | undefined;
    for (const sample of this.#samples) {
      const error = sample.rtt / 2 + TIMER_MS + DRIFT * (now - sample.at);
      if (!found || error < found.error) found = { sample, error };
    }
    return found;
  }

  /** Local ms to server µs; undefined before the first pong. */
  toServer(local: number): number | undefined {
    const best = this.#best(local);
    return best && (local + best.sample.offset) * 1000;
  }

  /** How wrong `toServer` can be, ms. */
  uncertainty(now: number): number | undefined {
    return this.#best(now)?.error;
  }
}

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

const SPAN_MS = 10_000;

/** The values of the last ten seconds. */
export class Window {
  #values: { at: number; value: number }[] = [];
  add(value: number, at: number): void {
    this.#values.push({ at, value });
    if (this.#values.length > 1500) this.#values.splice(0, 500);
  }

  percentiles(now: number): Percentiles | undefined {
    this.#values = this.#values.filter((v) => now - v.at < SPAN_MS);
    if (this.#values.length === 0) return undefined;
    const sorted = this.#values.map((v) => v.value).sort((a, b) => a - b);
    const at = (p: number) => sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] as number;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }
}
