// How a media element is kept at the live edge. Pure.

const SEEK_MS = 1000;

export class LiveEdge {
  /** The gap that is wanted between what plays and what has come, ms. It grows when playing stalls. */
  target: number;
  readonly #least: number;

  constructor(latencyMs: number, frameMs: number) {
    this.#least = Math.max(2.5 * frameMs, Math.min(latencyMs, 500) * 0.6);
    this.target = this.#least;
  }

  stalled(): void {
    this.target = Math.min(500, this.target * 1.5);
  }

  /** What to do about a gap: a rate, or a seek to `seconds` before the edge. */
  decide(gapMs: number): { rate: number } | { seekBack: number } {
    this.target += (this.#least - this.target) * 0.004;
    if (gapMs > SEEK_MS + this.target) return { seekBack: this.target / 1000 };
    const over = gapMs - this.target;
    if (over > 300) return { rate: 1.1 };
    if (over > Math.max(20, this.target * 0.3)) return { rate: 1.05 };
    if (gapMs < this.target * 0.3) return { rate: 0.95 };
    return { rate: 1 };
  }
}

/** What lies too far behind may go: from the first second kept to `keep` behind, once it is `slack` behind. */
export function trim(start: number, current: number, slack = 10, keep = 5): [number, number] | undefined {
  return start < current - slack ? [start, current - keep] : undefined;
}
