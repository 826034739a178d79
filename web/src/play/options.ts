// What a player is given, and whom it tells.
import type { LinkState } from './link';
import type { Stats } from './stats';
import type { Config, Mode, Welcome } from './wire';

export interface PlayerEvents {
  state(state: LinkState | 'playing' | 'paused', why: string, retryMs?: number): void;
  /** Another way of playing, and why. */
  mode(mode: Mode, reason: string): void;
  note(text: string): void;
  stats(stats: Stats): void;
  welcome(welcome: Welcome): void;
  config(config: Config): void;
}

export interface PlayerOptions {
  src: string | null;
  base: string;
  token: string;
  client: string;
  /** Forces one way of playing. */
  mode?: Mode | undefined;
  maxLatencyMs: number;
  /** Play on while the page is hidden. */
  keep: boolean;
  /** Where the module with the sound lies. */
  soundFile: string;
}
