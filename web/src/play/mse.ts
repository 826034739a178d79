// The second way: Media Source or Managed Media Source, one fragment a picture, held at the live edge.
import { localNow } from './clock';
import { words } from './decode';
import { LiveEdge, trim } from './edge';
import type { Host, Renderer } from './renderer';
import { type Config, Flag, Kind, type Packet, rate } from './wire';

interface Managed extends MediaSource {
  streaming?: boolean;
}

export function mediaSource(): typeof MediaSource | undefined {
  const all = globalThis as unknown as { ManagedMediaSource?: typeof MediaSource };
  return globalThis.MediaSource ?? all.ManagedMediaSource;
}

const QUEUE_LIMIT = 300;
const SETTLE_MS = 1500;
const BURST_MS = 300;
const SOUND_GAP_MS = 400;

/** One SourceBuffer and what waits for it. */
class Track {
  readonly queue: Uint8Array<ArrayBuffer>[] = [];
  #full = false;

  readonly #video: HTMLVideoElement;
  readonly #failed: (why: string) => void;

  constructor(
    readonly buffer: SourceBuffer,
    video: HTMLVideoElement,
    after: () => void,
    failed: (why: string) => void,
  ) {
    this.#video = video;
    this.#failed = failed;
    buffer.mode = 'segments';
    buffer.onupdateend = () => {
      this.#pump();
      after();
    };
  }

  push(bytes: Uint8Array<ArrayBuffer>): void {
    this.queue.push(bytes);
    this.#pump();
  }

  #pump(): void {
    const { buffer } = this;
    const video = this.#video;
    if (buffer.updating) return;
    const ranges = buffer.buffered;
    const old = ranges.length > 0 ? trim(ranges.start(0), video.currentTime) : undefined;
    if (old) {
      buffer.remove(old[0], old[1]);
      return;
    }
    const bytes = this.queue[0];
    if (!bytes) return;
    try {
      buffer.appendBuffer(bytes);
      this.queue.shift();
      this.#full = false;
    } catch (error) {
      if ((error as DOMException).name !== 'QuotaExceededError') {
        this.#failed(`the media source takes no more: ${words(error)}`);
        this.queue.length = 0;
      } else if (!this.#full && ranges.length > 0 && video.currentTime - 1 > ranges.start(0)) {
        // The same bytes are tried again when the space is free.
        this.#full = true;
        buffer.remove(ranges.start(0), video.currentTime - 1);
      } else {
        this.#failed('the media source is full');
        this.queue.length = 0;
      }
    }
  }
}

export class MseRenderer implements Renderer {
  readonly el = document.createElement('video');
  dead = false;
  readonly #source: Managed;
  #config: Config | undefined;
  #picture: Track | undefined;
  #sound: Track | undefined;
  #waiting: Packet[] = [];
  #edge = new LiveEdge(100, 33);
  #waitKey = true;
  /** Until then stalls come from joining. */
  #settle = 0;
  #joining = false;
  #jump: number | undefined;
  #dropped = 0;
  #running = true;
  #newest = -1;
  readonly #address: string;

  readonly #host: Host;

  /** A sound track costs a fifth of a second of buffer, so a muted player has none. */
  readonly sounds: boolean;

  constructor(host: Host, sounds: boolean) {
    this.sounds = sounds;
    this.#host = host;
    const Source = mediaSource();
    if (!Source) throw new Error('this browser has no Media Source');
    this.#source = new Source() as Managed;
    const video = this.el;
    video.muted = true;
    video.autoplay = true;
    video.playsInline = true;
    if (Source !== globalThis.MediaSource) video.disableRemotePlayback = true;
    this.#address = URL.createObjectURL(this.#source);
    video.src = this.#address;
    this.#source.addEventListener('sourceopen', () => this.#build());
    this.#source.addEventListener('startstreaming', () => {
      if (this.#waitKey) host.needKey('the browser wants media again');
    });
    video.onwaiting = () => {
      if (!video.seeking && localNow() > this.#settle) this.#edge.stalled();
    };
    video.onerror = () => {
      this.#fail(`the media element failed: ${video.error?.message ?? ''}`, false);
    };
    this.#watch();
  }

  #fail(why: string, fatal: boolean): void {
    if (this.dead || !this.#running) return;
    this.dead = true;
    this.#host.failed(why, fatal);
  }

  /** Tells when each picture is on the screen. */
  #watch(): void {
    const video = this.el;
    if ('requestVideoFrameCallback' in video) {
      const shown: VideoFrameRequestCallback = (_now, { mediaTime, expectedDisplayTime }) => {
        if (!this.#running) return;
        this.#host.shown([[Math.round(mediaTime * 1e6), performance.timeOrigin + expectedDisplayTime]]);
        video.requestVideoFrameCallback(shown);
      };
      video.requestVideoFrameCallback(shown);
    } else {
      const legacy = video as HTMLVideoElement;
      legacy.ontimeupdate = () => this.#host.shown([[Math.round(legacy.currentTime * 1e6), localNow()]]);
    }
  }

  configure(config: Config): void {
    const before = this.#config;
    this.#config = config;
    const least = this.sounds ? SOUND_GAP_MS : config.latency_target_ms;
    this.#edge = new LiveEdge(least, 1000 / rate(config.fps));
    this.#waitKey = true;
    if (!this.#picture) return;
    try {
      if (before?.mime !== config.mime) this.#picture.buffer.changeType(config.mime);
      if (config.audio && this.#sound && before?.audio?.mime !== config.audio.mime) {
        this.#sound.buffer.changeType(config.audio.mime);
      }
    } catch (error) {
      this.#fail(`${config.mime} cannot follow here: ${words(error)}`, true);
    }
  }

  #build(): void {
    const config = this.#config;
    if (!config || this.#picture || !this.#running) return;
    const add = (mime: string) => {
      const failed = (why: string) => this.#fail(why, false);
      return new Track(this.#source.addSourceBuffer(mime), this.el, () => this.tick(), failed);
    };
    try {
      this.#picture = add(config.mime);
      if (config.audio && this.sounds) this.#sound = add(config.audio.mime);
    } catch (error) {
      this.#fail(`${config.mime} cannot be played here: ${words(error)}`, true);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const packet of waiting) this.push(packet);
  }

  push(packet: Packet): void {
    if (this.dead) return;
    if (!this.#picture && this.#source.readyState === 'open') this.#build();
    if (!this.#picture) {
      if (this.#waiting.length < QUEUE_LIMIT) this.#waiting.push(packet);
      return;
    }
    if (packet.kind === Kind.sound || packet.kind === Kind.soundInit) {
      this.#sound?.push(packet.payload);
      return;
    }
    if (packet.kind === Kind.init) {
      this.#picture.push(packet.payload);
      return;
    }
    if (packet.kind !== Kind.fragment) return;
    const key = (packet.flags & Flag.key) !== 0;
    if (this.#source.streaming === false || this.#picture.queue.length > QUEUE_LIMIT) this.#waitKey = true;
    if (this.#waitKey && !key) {
      this.#dropped++;
      return;
    }
    if (this.#waitKey) {
      const behind = this.#newest - packet.pts;
      // Another server, or a gap: playing goes on where this group begins.
      if (this.#newest < 0 || behind > 2_000_000 || behind < -250_000) this.#jump = packet.pts / 1e6;
    }
    this.#waitKey = false;
    this.#newest = packet.pts;
    this.#picture.push(packet.payload);
  }

  tick(): void {
    const video = this.el;
    const picture = this.#picture;
    const ranges = video.buffered;
    if (!picture || ranges.length === 0) return;
    if (this.#jump !== undefined) {
      for (let i = 0; i < ranges.length; i++) {
        if (ranges.start(i) - 0.1 <= this.#jump && this.#jump <= ranges.end(i)) {
          video.currentTime = Math.max(ranges.start(i), this.#jump, ranges.end(i) - this.#edge.target / 1000);
          this.#jump = undefined;
          this.#settle = localNow() + SETTLE_MS;
          this.#joining = true;
          this.#play();
          break;
        }
      }
      return;
    }
    const end = ranges.end(ranges.length - 1);
    const gap = (end - video.currentTime) * 1000;
    this.#host.figures({ bufferMs: Math.max(0, gap), queue: picture.queue.length, dropped: this.#dropped });
    if (video.seeking || video.readyState < 2) {
      // Playing stands at a hole: what has come lies after it.
      const last = ranges.start(ranges.length - 1);
      if (!video.seeking && last > video.currentTime) video.currentTime = last;
      return;
    }
    // What came at once when joining is jumped over, once it has come.
    const now = localNow();
    if (this.#joining && now > this.#settle - SETTLE_MS + BURST_MS) {
      this.#joining = false;
      if (gap < this.#edge.target + 100) return;
      video.currentTime = end - this.#edge.target / 1000;
      return;
    }
    const what = this.#edge.decide(gap);
    if ('seekBack' in what) {
      video.currentTime = end - what.seekBack;
      video.playbackRate = 1;
    } else if (video.playbackRate !== what.rate) video.playbackRate = what.rate;
    if (video.paused) this.#play();
  }

  #play(): void {
    const video = this.el;
    video.play().catch(() => {
      // Without a click no browser plays sound, but all of them play silently.
      video.muted = true;
    });
  }

  close(): void {
    this.#running = false;
    this.el.removeAttribute('src');
    this.el.load();
    URL.revokeObjectURL(this.#address);
  }
}
