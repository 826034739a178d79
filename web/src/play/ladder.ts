// Which way of playing is used, and when to leave it for the next. Pure: the caller brings the time.
import type { Mode } from './wire';

const ERRORS_WITHIN_MS = 10_000;
const UP_AFTER_MS = 60_000;
const UP_TRIES = 2;
const NO_PICTURE_MS = 3_000;

export class Ladder {
  #at = 0;
  #errors: number[] = [];
  #tries = 0;
  #since = 0;
  /** Why the present rung is not the first, oldest first. */
  readonly reasons: string[] = [];

  constructor(
    readonly modes: Mode[],
    now: number,
  ) {
    this.#since = now;
  }

  get mode(): Mode | undefined {
    return this.modes[this.#at];
  }

  /** What may still be tried, the present rung first. */
  get rest(): Mode[] {
    return this.modes.slice(this.#at);
  }

  /** A decoder failed; the second time within 10 s says to step down. */
  failed(now: number): boolean {
    this.#errors = this.#errors.filter((at) => now - at < ERRORS_WITHIN_MS);
    this.#errors.push(now);
    return this.#errors.length >= 2;
  }

  down(reason: string, now: number): Mode | undefined {
    const to = this.modes[this.#at + 1];
    this.reasons.push(reason);
    if (!to) return undefined;
    this.#at++;
    this.#errors = [];
    this.#since = now;
    return to;
  }

  /** The rung above, once a minute has gone well, at most twice. */
  up(now: number): Mode | undefined {
    if (this.#at === 0 || this.#tries >= UP_TRIES || now - this.#since < UP_AFTER_MS) return undefined;
    this.#tries++;
    this.#at--;
    this.#errors = [];
    this.#since = now;
    const to = this.mode as Mode;
    this.reasons.push(`a minute went well, so ${to} is tried again`);
    return to;
  }

  /** The server chose this one of the modes offered. */
  settle(mode: Mode, now: number): void {
    const at = this.modes.indexOf(mode);
    if (at < 0 || at === this.#at) return;
    if (at > this.#at) {
      this.reasons.push(`the server sends ${mode} to this page`);
    }
    this.#at = at;
    this.#since = now;
  }
}

/** Notices that packets come and nothing is shown. Time that the page is hidden does not count. */
export class Watchdog {
  #waiting: number | undefined;

  /** A key frame has come. */
  key(now: number): void {
    this.#waiting ??= now;
  }

  /** A picture was shown, or waiting begins anew. */
  shown(): void {
    this.#waiting = undefined;
  }

  /** True when a picture is overdue. */
  late(now: number, visible: boolean): boolean {
    if (!visible) this.#waiting = undefined;
    return this.#waiting !== undefined && now - this.#waiting > NO_PICTURE_MS;
  }
}
