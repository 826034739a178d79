// `<loopy-player>`: the player with its controls (docs/player.md).
import { MODES } from './able';
import { h, icon } from './dom';
import css from './element.css';
import { ICON } from './icons';
import { figures, help } from './panels';
import { Player } from './player';
import type { Stats } from './stats';
import type { Config, Mode, Welcome } from './wire';

const NOTE_MS = 8000;

// The same file runs in workers, which have no elements.
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

export class LoopyPlayer extends Base {
  static observedAttributes = ['src', 'token', 'mode', 'background', 'muted'];

  readonly #root = this.attachShadow({ mode: 'open' });
  #player: Player | undefined;
  #isMuted = true;
  #level = 1;
  #idle = 0;
  #stats: Stats | undefined;
  #reason = '';
  #shownMode: Mode | undefined;
  #lastState = '';
  #countdown = 0;
  #helper: HTMLVideoElement | undefined;

  readonly #stage = h('div', { class: 'stage' });
  readonly #words = h('span', { role: 'status' });
  readonly #message = h('div', { class: 'message' }, h('div', { class: 'spin' }), this.#words);
  readonly #playButton = this.#button('Pause (Space)', ICON.pause, () => this.#toggle());
  readonly #muteButton = this.#button('Sound on (M)', ICON.mute, () => this.#setMuted(!this.#isMuted));
  readonly #unmute = h('button', { class: 'unmute', hidden: true, onclick: () => this.#setMuted(false) });
  readonly #slider = h('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 0.05,
    value: 1,
    'aria-label': 'Volume',
    oninput: () => this.#setVolume(Number(this.#slider.value)),
  });
  readonly #badge = h(
    'button',
    { class: 'badge', title: 'Figures (I)', 'aria-expanded': 'false', onclick: () => this.#panel('figures') },
    'LIVE',
  );
  readonly #rungs = h('select', {
    'aria-label': 'Quality',
    class: 'wide',
    onchange: () => this.#player?.quality(this.#rungs.value),
  });
  readonly #notes = h('div', { class: 'notes', role: 'log' });
  readonly #figures = h('div', {
    class: 'panel',
    hidden: true,
    role: 'region',
    'aria-label': 'Figures',
    tabindex: 0,
  });
  readonly #help = h(
    'div',
    { class: 'panel', hidden: true, role: 'region', 'aria-label': 'Keys', tabindex: 0 },
    ...help(),
  );
  readonly #bar = h(
    'div',
    { class: 'bar', role: 'group', 'aria-label': 'Player' },
    this.#playButton,
    this.#muteButton,
    this.#slider,
    this.#badge,
    h('div', { class: 'grow' }),
    this.#rungs,
    this.#button('Picture in picture (P)', ICON.pip, () => void this.#pictureInPicture()),
    this.#button('Keys (?)', ICON.help, () => this.#panel('help')),
    this.#button('Full screen (F)', ICON.full, () => void this.#fullScreen()),
  );
  readonly #frame = h('div', { class: 'frame' }, this.#stage, this.#message);

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.#root.adoptedStyleSheets = [sheet];
    this.#frame.append(this.#notes, this.#unmute, this.#figures, this.#help, this.#bar);
    this.#root.append(this.#frame);
    this.addEventListener('keydown', (event) => this.#key(event));
    for (const kind of ['pointermove', 'pointerdown', 'focusin', 'keydown']) {
      this.addEventListener(kind, () => this.#wake());
    }
    this.#stage.addEventListener('dblclick', () => void this.#fullScreen());
  }

  #button(name: string, path: string, act: () => void): HTMLButtonElement {
    return h('button', { title: name, 'aria-label': name, onclick: act }, icon(path));
  }

  connectedCallback(): void {
    if (!this.hasAttribute('tabindex') && !this.#bare) this.tabIndex = 0;
    this.#bar.hidden = this.#bare;
    this.#isMuted = !this.#bare || this.hasAttribute('muted');
    this.start();
    this.#wake();
  }

  disconnectedCallback(): void {
    this.stop();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected || !this.#player) return;
    if (name === 'muted') this.#setMuted(after !== null);
    else this.start();
  }

  /** No controls and no words: the picture alone. */
  get #bare(): boolean {
    return this.hasAttribute('bare');
  }

  /** Connects, again if need be, with the attributes as they are. */
  start(): void {
    this.stop();
    const mode = this.getAttribute('mode') as Mode | null;
    this.#player = new Player(
      this.#stage,
      {
        src: this.getAttribute('src'),
        base: location.href.startsWith('http') ? location.href : import.meta.url,
        token: this.getAttribute('token') ?? '',
        client: this.getAttribute('client') ?? 'loopy-player',
        mode: mode && MODES.includes(mode) ? mode : undefined,
        maxLatencyMs: Number(this.getAttribute('max-latency')) || 500,
        keep: this.getAttribute('background') === 'keep',
        soundFile: new URL('loopy-sound.js', import.meta.url).href,
      },
      {
        state: (state, why, retryMs) => this.#state(state, why, retryMs),
        mode: (to, reason) => this.#mode(to, reason),
        note: (text) => this.#note(text),
        stats: (stats) => this.#measured(stats),
        welcome: (welcome) => this.#greeted(welcome),
        config: (config) => this.#configured(config),
      },
    );
    this.#player.setSound(this.#isMuted, this.#level);
    this.#player.open();
  }

  stop(): void {
    clearInterval(this.#countdown);
    this.#player?.close();
    this.#player = undefined;
  }

  /** The figures of the last second. */
  get latest(): Stats | undefined {
    return this.#stats;
  }

  get muted(): boolean {
    return this.#isMuted;
  }

  set muted(on: boolean) {
    this.#setMuted(on);
  }

  get volume(): number {
    return this.#level;
  }

  set volume(level: number) {
    this.#setVolume(level);
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #state(state: string, why: string, retryMs?: number): void {
    if (state === this.#lastState && !why) return;
    clearInterval(this.#countdown);
    this.#lastState = state;
    this.dataset.state = state;
    this.#badge.classList.toggle('on', state === 'playing');
    let text = why;
    if (state === 'open') text = 'Waiting for the picture …';
    else if (state === 'playing') text = '';
    else if (state === 'paused') text = this.#player?.paused ? 'Paused' : '';
    else if (state === 'waiting' && retryMs) {
      const until = Date.now() + retryMs;
      const say = () => {
        this.#say(`${why}. Trying again in ${Math.max(1, Math.ceil((until - Date.now()) / 1000))} s.`, false);
      };
      this.#countdown = window.setInterval(say, 1000);
      text = `${why}. Trying again in ${Math.max(1, Math.ceil(retryMs / 1000))} s.`;
    }
    this.#say(text, state === 'paused' || state === 'refused' || state === 'stopped');
    const paused = state === 'paused';
    this.#face(this.#playButton, paused ? ICON.play : ICON.pause, paused ? 'Play (Space)' : 'Pause (Space)');
    this.#tell('loopy-state', { state, why, retryMs });
    if (state === 'refused') this.#tell('loopy-auth', { why });
  }

  #say(text: string, still: boolean): void {
    this.#message.hidden = !text || this.#bare;
    this.#message.classList.toggle('still', still);
    if (this.#words.textContent !== text) this.#words.textContent = text;
  }

  #face(button: HTMLButtonElement, path: string, name: string): void {
    button.replaceChildren(icon(path));
    button.title = name;
    button.setAttribute('aria-label', name);
  }

  #mode(to: Mode, reason: string): void {
    this.#shownMode = to;
    this.#reason = reason;
    this.dataset.mode = to;
    this.#tell('loopy-mode', { mode: to, reason });
    this.#measured(this.#stats);
  }

  #note(text: string): void {
    this.#tell('loopy-note', { text });
    if (this.#bare) return;
    const line = h('p', {}, text);
    this.#notes.append(line);
    while (this.#notes.childElementCount > 3) this.#notes.firstElementChild?.remove();
    setTimeout(() => line.remove(), NOTE_MS);
  }

  #greeted(_: Welcome): void {
    const names = this.#player?.rungs ?? [];
    this.#rungs.replaceChildren(
      h('option', { value: 'auto' }, 'Auto'),
      ...names.map((name) => h('option', { value: name }, name)),
    );
  }

  #configured(config: Config): void {
    this.style.aspectRatio = this.#bare ? '' : `${config.width} / ${config.height}`;
    this.#showMute();
  }

  #measured(stats: Stats | undefined): void {
    if (stats) this.#stats = stats;
    const e2e = stats?.e2e_ms;
    this.#badge.textContent = e2e ? `LIVE ${Math.round(e2e.p50)} ms ±${Math.ceil(e2e.uncertainty)}` : 'LIVE';
    if (stats) this.#tell('loopy-stats', stats);
    this.#figures.replaceChildren(...figures(this.#shownMode, this.#reason, stats));
  }

  #panel(which: 'figures' | 'help' | 'none'): void {
    this.#help.hidden = which !== 'help' || !this.#help.hidden;
    this.#figures.hidden = which !== 'figures' || !this.#figures.hidden;
    this.#badge.setAttribute('aria-expanded', String(!this.#figures.hidden));
  }

  #toggle(): void {
    if (this.#player) this.#player.paused = !this.#player.paused;
  }

  #setMuted(on: boolean): void {
    this.#isMuted = on;
    this.#player?.setSound(on, this.#level);
    this.#showMute();
    this.#tell('loopy-sound', { muted: on, volume: this.#level });
  }

  #setVolume(level: number): void {
    this.#level = Math.max(0, Math.min(1, level));
    this.#slider.value = String(this.#level);
    if (this.#level > 0 && this.#isMuted) this.#isMuted = false;
    this.#setMuted(this.#isMuted);
  }

  #showMute(): void {
    const sound = this.#player?.hasSound ?? false;
    const why = this.#player?.whySilent;
    const off = why || this.#isMuted;
    this.#unmute.hidden = this.#bare || !sound || !off;
    this.#unmute.disabled = !!why;
    this.#unmute.replaceChildren(icon(ICON.mute), why || 'Tap for sound');
    this.#muteButton.hidden = this.#slider.hidden = !sound;
    this.#face(
      this.#muteButton,
      off ? ICON.mute : ICON.loud,
      why || (off ? 'Sound on (M)' : 'Sound off (M)'),
    );
  }

  #wake(): void {
    clearTimeout(this.#idle);
    this.#frame.classList.remove('idle');
    this.#idle = window.setTimeout(() => {
      if (this.#lastState === 'playing') this.#frame.classList.add('idle');
    }, 3000);
  }

  async #fullScreen(): Promise<void> {
    const video = this.#player?.picture as (HTMLElement & { webkitEnterFullscreen?(): void }) | undefined;
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else if (this.requestFullscreen) await this.requestFullscreen();
      else video?.webkitEnterFullscreen?.();
    } catch {
      this.#note('Full screen is not allowed here');
    }
  }

  async #pictureInPicture(): Promise<void> {
    try {
      if (document.pictureInPictureElement) {
        await document.exitPictureInPicture();
        return;
      }
      const picture = this.#player?.picture;
      let video = picture instanceof HTMLVideoElement ? picture : undefined;
      if (picture instanceof HTMLCanvasElement) {
        // A canvas has no window of its own: a video that shows it does.
        video = this.#helper ??= h('video', { muted: true, playsinline: true });
        video.srcObject = picture.captureStream();
        video.muted = true;
        await video.play();
      }
      if (!video) return;
      await video.requestPictureInPicture();
      const player = this.#player;
      if (player) player.inWindow = true;
      video.onleavepictureinpicture = () => {
        if (player) player.inWindow = false;
        if (this.#helper) this.#helper.srcObject = null;
      };
    } catch {
      this.#note('Picture in picture is not allowed here');
    }
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || this.#bare) return;
    const target = event.composedPath()[0];
    const inSlider = target === this.#slider || target === this.#rungs;
    const onButton = target instanceof HTMLButtonElement;
    const louder = (by: number) => this.#setVolume(this.#level + by);
    const acts: Record<string, () => void> = {
      k: () => this.#toggle(),
      m: () => this.#setMuted(!this.#isMuted),
      f: () => void this.#fullScreen(),
      p: () => void this.#pictureInPicture(),
      i: () => this.#panel('figures'),
      '?': () => this.#panel('help'),
      Escape: () => this.#panel('none'),
    };
    if (!inSlider) {
      acts.ArrowUp = () => louder(0.1);
      acts.ArrowDown = () => louder(-0.1);
      if (!onButton) acts[' '] = () => this.#toggle();
    }
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
