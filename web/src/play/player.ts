// The player without its controls: the connection, the ladder, the clock, the figures.
import { type Able, able, canDecodeSound, MODES } from './able';
import { localNow } from './clock';
import { words } from './decode';
import { Ladder, Watchdog } from './ladder';
import { Link, type LinkState } from './link';
import { MseRenderer } from './mse';
import type { PlayerEvents, PlayerOptions } from './options';
import { PicturesRenderer } from './pictures';
import type { Figures, Renderer, Shown } from './renderer';
import type { Sound } from './sound';
import { Meter } from './stats';
import { WebCodecsRenderer } from './webcodecs';
import {
  type Config,
  Flag,
  Kind,
  type Message,
  type Mode,
  type Packet,
  parsePacket,
  type SoundConfig,
  type Welcome,
} from './wire';

const PINGS_AT_FIRST = 8;
const PING_EVERY_MS = 5000;
const AGAIN_MS = 1000;

export class Player {
  readonly stage: HTMLElement;
  readonly #link: Link;
  readonly #meter = new Meter();
  readonly #watchdog = new Watchdog();
  #sound: Sound | undefined;
  #ladder: Ladder | undefined;
  #able: Able | undefined;
  #welcome: Welcome | undefined;
  #config: Config | undefined;
  #renderer: Renderer | undefined;
  #rendererMode: Mode | undefined;
  /** Still on the screen until the next one has a picture. */
  #before: Renderer | undefined;
  #againAt = 0;
  #timers: number[] = [];
  #pingId = 0;
  #ticks = 0;
  #isPaused = false;
  #byUser = false;
  #isMuted = true;
  #level = 1;
  #live = false;
  #keptOpen = false;

  readonly #options: PlayerOptions;
  readonly #on: PlayerEvents;

  constructor(stage: HTMLElement, options: PlayerOptions, on: PlayerEvents) {
    this.#options = options;
    this.#on = on;
    this.stage = stage;
    this.#link = new Link(options.src, options.base, options.token, {
      state: (state, why, retryMs) => this.#linkState(state, why, retryMs),
      message: (message) => this.#hear(message),
      media: (data) => this.#media(data),
    });
    document.addEventListener('visibilitychange', this.#visibility);
  }

  open(): void {
    this.#link.open();
    this.#timers.push(window.setInterval(() => this.#tick(), 250));
  }

  close(): void {
    document.removeEventListener('visibilitychange', this.#visibility);
    for (const timer of this.#timers) clearInterval(timer);
    this.#link.close();
    this.#sound?.disable();
    this.#renderer?.close();
    this.#before?.close();
    this.stage.replaceChildren();
  }

  #linkState(state: LinkState, why: string, retryMs?: number): void {
    this.#live = state === 'open';
    this.#watchdog.shown();
    if (state !== 'open') this.#sound?.restart();
    this.#on.state(state, why, retryMs);
  }

  #hear(message: Message): void {
    switch (message.t) {
      case 'welcome':
        void this.#greet(message as Welcome);
        break;
      case 'config':
        this.#configure(message as Config);
        break;
      case 'pong': {
        const now = localNow();
        this.#meter.clock.add(message.t1, message.t2, message.t3, now);
        break;
      }
      case 'tier':
        this.#on.note(`${message.name}: ${message.reason}`);
        break;
      case 'drop':
        if (message.frames) this.#on.note(`${message.frames} frames left out: ${message.reason}`);
        break;
      case 'error':
        this.#on.note([message.msg, message.hint].filter(Boolean).join(' '));
        break;
    }
  }

  async #greet(welcome: Welcome): Promise<void> {
    // Another server: its times have nothing to do with what is buffered.
    if (this.#welcome && this.#welcome.epoch_us !== welcome.epoch_us) this.#rendererMode = undefined;
    this.#welcome = welcome;
    this.#meter.epoch = welcome.epoch_us;
    this.#meter.clock.reset();
    const can = await able(welcome);
    this.#able = can;
    const { mode } = this.#options;
    if (!this.#ladder || mode) {
      const kept = this.#ladder?.reasons;
      this.#ladder = new Ladder(mode ? [mode] : can.modes, localNow());
      // Why no better way is tried at all.
      const above = mode ? [mode] : MODES.slice(0, MODES.indexOf(can.modes[0] as Mode));
      this.#ladder.reasons.push(...(kept ?? above.flatMap((m) => can.not[m] ?? [])));
      if (mode && can.not[mode] && !kept) this.#on.note(`${mode} was asked for, but ${can.not[mode]}`);
    }
    this.#on.welcome(welcome);
    this.#link.send({
      t: 'hello',
      client: this.#options.client,
      role: 'viewer',
      modes: this.#ladder.rest,
      codecs: can.codecs,
      screen: { w: screen.width, h: screen.height, dpr: devicePixelRatio },
      max_latency_ms: this.#options.maxLatencyMs,
      visible: this.#visible,
    });
    for (let i = 0; i < PINGS_AT_FIRST; i++) window.setTimeout(() => this.#ping(), i * 60);
    if (this.#isPaused) this.#link.send({ t: 'pause' });
  }

  #ping(): void {
    this.#link.send({ t: 'ping', id: ++this.#pingId, t1: localNow() });
  }

  get #visible(): boolean {
    return document.visibilityState === 'visible';
  }

  #configure(config: Config): void {
    const now = localNow();
    this.#ladder?.settle(config.mode, now);
    this.#config = config;
    this.#meter.restart(now);
    this.#watchdog.shown();
    if (this.#rendererMode !== config.mode || !this.#renderer) this.#mount(config.mode);
    this.#renderer?.configure(config);
    if (this.#usesSound && config.audio) this.#sound?.configure(config.audio);
    this.#applySound();
    this.#on.config(config);
    this.#on.mode(config.mode, this.reason);
  }

  /** Why it is not the first way that plays. */
  get reason(): string {
    const ladder = this.#ladder;
    if (!ladder || (ladder.mode === 'webcodecs' && ladder.reasons.length === 0)) return '';
    return ladder.reasons.join('; ');
  }

  #mount(mode: Mode): void {
    this.#drop(this.#before);
    this.#before = this.#renderer;
    const host = {
      shown: (pictures: Shown[]) => {
        if (this.#renderer === made) this.#shown(pictures);
      },
      failed: (reason: string, fatal: boolean) => {
        // A renderer may fail while it is being made.
        queueMicrotask(() => {
          if (this.#renderer === made) this.#failed(reason, fatal);
        });
      },
      needKey: (reason: string) => this.#needKey(reason),
      figures: (figures: Figures) => {
        if (this.#renderer === made) this.#meter.figures = figures;
      },
    };
    let made: Renderer | undefined;
    try {
      if (mode === 'webcodecs') made = new WebCodecsRenderer(host);
      else if (mode === 'mse') made = new MseRenderer(host, !this.#isMuted);
      else made = new PicturesRenderer(host);
    } catch (error) {
      this.#renderer = undefined;
      this.#rendererMode = undefined;
      this.#failed(words(error), true);
      return;
    }
    this.#renderer = made;
    this.#rendererMode = mode;
    made.el.className = 'picture next';
    this.stage.append(made.el);
  }

  #needKey(reason: string): void {
    const now = localNow();
    if (now - this.#againAt < AGAIN_MS) return;
    this.#againAt = now;
    this.#link.send({ t: 'keyframe', reason });
  }

  #drop(renderer: Renderer | undefined): void {
    renderer?.close();
    renderer?.el.remove();
  }

  #media(data: ArrayBuffer): void {
    const packet = parsePacket(data);
    if (!packet || !this.#config || packet.seq !== (this.#config.stream_seq & 255)) return;
    if (packet.kind === Kind.sound && this.#rendererMode !== 'mse') {
      if (this.#usesSound) this.#sound?.push(packet);
      return;
    }
    this.#note(packet);
    this.#renderer?.push(packet);
  }

  /** Remembers when a picture was sent, for the moment it is shown. */
  #note(packet: Packet): void {
    if (packet.kind === Kind.init || packet.kind >= Kind.thumbnail) return;
    if (packet.flags & Flag.key) this.#watchdog.key(localNow());
    this.#meter.sent(packet);
  }

  #shown(pictures: Shown[]): void {
    const newest = this.#renderer;
    if (newest?.el.classList.contains('next')) {
      newest.el.classList.remove('next');
      this.#drop(this.#before);
      this.#before = undefined;
    }
    this.#watchdog.shown();
    this.#meter.shown(pictures);
    if (this.#live && !this.#isPaused) this.#on.state('playing', '');
  }

  #failed(reason: string, fatal: boolean): void {
    const now = localNow();
    if (!this.#ladder) return;
    if (fatal || this.#ladder.failed(now)) this.#down(reason);
    else {
      this.#on.note(reason);
      this.#again(reason);
    }
  }

  /** The same way from its beginning, at most once a second. */
  #again(reason: string): void {
    const now = localNow();
    const mode = this.#rendererMode ?? this.#ladder?.mode;
    if (!mode || now - this.#againAt < AGAIN_MS) return;
    this.#againAt = now;
    if (this.#renderer?.dead) this.#rendererMode = undefined;
    this.#link.send({ t: 'ready', mode, reason });
  }

  #down(reason: string): void {
    const to = this.#options.mode ? undefined : this.#ladder?.down(reason, localNow());
    this.#watchdog.shown();
    if (to) this.#go(to, reason);
    else {
      this.#on.note(`Nothing can be shown: ${reason}`);
      this.#again(reason);
    }
  }

  #go(mode: Mode, reason: string): void {
    this.#on.mode(mode, reason);
    this.#on.note(`${reason}: going on with ${mode}`);
    this.#link.send({ t: 'ready', mode, reason });
  }

  #tick(): void {
    const now = localNow();
    this.#renderer?.tick?.(now);
    if (!this.#live || this.#isPaused) return;
    if (this.#watchdog.late(now, this.#visible)) {
      this.#down(`${this.#ladder?.mode} showed no picture within 3 s`);
    }
    const up = this.#options.mode ? undefined : this.#ladder?.up(now);
    if (up) this.#go(up, this.#ladder?.reasons.at(-1) ?? '');
    this.#ticks++;
    if (this.#ticks % (PING_EVERY_MS / 250) === 0) this.#ping();
    if (this.#ticks % 4 === 0) this.#report(now);
  }

  #report(now: number): void {
    const { rung = '', class: kind = '' } = this.#config ?? {};
    const about = { mode: this.#rendererMode, rung, class: kind };
    const stats = this.#meter.report(now, this.reason ? { ...about, reason: this.reason } : about);
    this.#link.send({ t: 'stats', ...stats });
    this.#on.stats(stats);
  }

  #visibility = (): void => {
    if (this.#byUser || this.#options.keep || this.#keptOpen) return;
    if (this.#visible) this.#resume();
    else this.#pause();
  };

  /** While a small window shows the picture, a hidden page goes on. */
  set inWindow(open: boolean) {
    this.#keptOpen = open;
    if (!open && !this.#visible) this.#visibility();
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#watchdog.shown();
    this.#sound?.restart();
    this.#link.send({ t: 'pause' });
    this.#on.state('paused', '');
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#meter.restart(localNow());
    this.#link.send({ t: 'resume' });
  }

  get paused(): boolean {
    return this.#isPaused;
  }

  set paused(on: boolean) {
    this.#byUser = on;
    if (on) this.#pause();
    else this.#resume();
  }

  get #usesSound(): boolean {
    return this.#rendererMode !== 'mse' && this.#sound?.on === true && !this.#isMuted;
  }

  get hasSound(): boolean {
    return (this.#welcome?.audio?.length ?? 0) > 0;
  }

  /** Why the stream's sound cannot be heard here; empty where it can. */
  get whySilent(): string {
    if (this.#rendererMode === 'mse' || canDecodeSound()) return '';
    return isSecureContext ? 'No sound in this browser' : 'No sound without https';
  }

  setSound(muted: boolean, volume: number): void {
    this.#isMuted = muted;
    this.#level = volume;
    this.#applySound();
  }

  #applySound(): void {
    const el = this.#renderer?.el;
    if (el instanceof HTMLVideoElement) {
      this.#sound?.disable();
      el.volume = this.#level;
      el.muted = this.#isMuted;
      if (this.#config?.audio && this.#renderer?.sounds === this.#isMuted) {
        // With or without its sound track: another media source. The old picture stays until it plays.
        this.#rendererMode = undefined;
        this.#link.send({ t: 'ready', mode: 'mse', reason: this.#isMuted ? 'sound off' : 'sound on' });
      }
      return;
    }
    const audio = this.#config?.audio;
    if (this.#isMuted) this.#sound?.disable();
    else if (audio && !this.whySilent) void this.#startSound(audio);
  }

  async #startSound(audio: SoundConfig): Promise<void> {
    try {
      if (!this.#sound) {
        const file: { Sound: typeof Sound } = await import(this.#options.soundFile);
        this.#sound ??= new file.Sound(
          this.#options.soundFile,
          (origin) => this.#renderer?.follow?.(origin),
          (why) => this.#on.note(why),
        );
      }
      this.#sound.volume = this.#level;
      if (!this.#isMuted) await this.#sound.enable(audio);
    } catch (error) {
      this.#on.note(`sound could not be loaded: ${words(error)}`);
    }
  }

  quality(rung: string): void {
    this.#link.send({ t: 'quality', rung });
  }

  /** What picture in picture can show. */
  get picture(): HTMLCanvasElement | HTMLVideoElement | undefined {
    return this.#renderer?.el;
  }

  get rungs(): string[] {
    const able = this.#able;
    return (this.#welcome?.rungs ?? []).filter((r) => able?.codecs.includes(r.codec)).map((r) => r.name);
  }
}
