// When a decoded picture is shown: as early as the jitter of its arrival allows, or by the clock of the sound.

export interface Held<T> {
  /** Picture time, µs. */
  pts: number;
  frame: T;
}

const HISTORY = 240;
const HELD = 24;

export class Playout<T extends { close(): void }> {
  #held: Held<T>[] = [];
  #late: number[] = [];
  #base = Number.POSITIVE_INFINITY;
  /** Local ms at which picture time 0 is heard, while sound is the clock. */
  master: number | undefined;
  dropped = 0;
  #last = -1;

  constructor(public targetMs = 100) {}

  /** How long pictures are held back at present, ms. */
  get delay(): number {
    if (this.#late.length < 8) return 0;
    const sorted = this.#late.slice().sort((a, b) => a - b);
    const usual = sorted[Math.floor((sorted.length - 1) * 0.95)] as number;
    return Math.min(usual, this.targetMs);
  }

  /** Packets older than this against the freshest are of no use any more. */
  expired(pts: number, now: number, limitMs: number): boolean {
    return now - pts / 1000 - this.#base > limitMs;
  }

  push(pts: number, frame: T, now: number): void {
    const way = now - pts / 1000;
    if (way < this.#base) this.#base = way;
    // The base creeps up, so that a clock that drifts does not add delay for ever.
    else if (Number.isFinite(this.#base)) this.#base += Math.min(0.02, way - this.#base);
    const late = way - this.#base;
    // What is far behind is a group joined late, not jitter.
    if (late < 500) {
      this.#late.push(late);
      if (this.#late.length > HISTORY) this.#late.shift();
    }
    if (pts <= this.#last) {
      frame.close();
      this.dropped++;
      return;
    }
    this.#held.push({ pts, frame });
    // Nobody draws while a page is hidden: the oldest go, so that nothing is replayed later.
    while (this.#held.length > HELD) this.#drop();
  }

  #drop(): void {
    this.#held.shift()?.frame.close();
    this.dropped++;
  }

  #due(pts: number): number {
    return pts / 1000 + (this.master ?? this.#base + this.delay);
  }

  /** The newest picture that is due; older ones are given up. `slackMs` is half a display interval. */
  take(now: number, slackMs = 8): Held<T> | undefined {
    while (this.#held.length > 1 && this.#due((this.#held[1] as Held<T>).pts) <= now + slackMs) this.#drop();
    const first = this.#held[0];
    if (!first || this.#due(first.pts) > now + slackMs) return undefined;
    this.#held.shift();
    this.#last = first.pts;
    return first;
  }

  /** Picture time may begin elsewhere from here on. */
  restart(): void {
    for (const { frame } of this.#held) frame.close();
    this.#held = [];
    this.#late = [];
    this.#base = Number.POSITIVE_INFINITY;
    this.#last = -1;
  }
}
