// What every way of playing is to the player.
import type { Config, Packet } from './wire';

/** One picture on the screen: its picture time (µs) and when it was shown (local ms). */
export type Shown = [pts: number, at: number];

export interface Host {
  shown(pictures: Shown[]): void;
  /** `fatal`: this way cannot work here; otherwise it failed once. */
  failed(reason: string, fatal: boolean): void;
  needKey(reason: string): void;
  figures(figures: Figures): void;
}

export interface Figures {
  bufferMs: number;
  queue: number;
  dropped: number;
}

export interface Renderer {
  readonly el: HTMLCanvasElement | HTMLVideoElement;
  /** Made to play sound as well. */
  readonly sounds?: boolean;
  /** It cannot go on; another one has to be made. */
  readonly dead?: boolean;
  /** Also while playing: what comes next is another stream. */
  configure(config: Config): void;
  push(packet: Packet): void;
  /** Where picture time 0 lies on the local clock by the sound, in ms. */
  follow?(origin: number | undefined): void;
  tick?(now: number): void;
  close(): void;
}
