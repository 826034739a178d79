// `PerformanceDashboard`: connects, asks for figures, and shows them.
import { h } from '../play/dom';
import { Link, type LinkState } from '../play/link';
import type { Message } from '../play/wire';
import { CertificateCard, LearningCard, LedgerCard, NowCard, RungsCard, ViewersCard } from './cards';
import { type Drawing, load } from './charts';
import { ControlCard } from './control';
import type { Metrics } from './figures';
import { duration, ms } from './format';
import { Tiles } from './tiles';
import { write } from './view';

const PING_EVERY_MS = 5000;
const STALE_MS = 4000;

export interface DashboardOptions {
  place?: HTMLElement;
  charts?: Drawing;
  /** The token was refused. */
  refused?(why: string): void;
}

export class PerformanceDashboard {
  /** As the charts are drawn: `charts`, `smoothie` or `text`. */
  displayMode: 'charts' | 'smoothie' | 'text' = 'text';
  chartLibrary: 'chartjs' | 'smoothie' | null = null;

  #url: string | null;
  #options: DashboardOptions;
  #link: Link | undefined;
  #timer = 0;
  #heardAt = 0;
  #pill = h('p', { class: 'pill', role: 'status' }, 'Not connected');
  #up = h('span', { class: 'more' });
  #charts = h('p', { class: 'note', hidden: true });
  #tiles = new Tiles();
  #control = new ControlCard((message) => this.#link?.send(message));
  #cards = [
    new NowCard(),
    new ViewersCard(),
    new CertificateCard(),
    new RungsCard(),
    new LearningCard(),
    new LedgerCard(),
  ] as const;
  readonly el: HTMLElement;

  constructor(url: string | null = null, options: DashboardOptions = {}) {
    this.#url = url;
    this.#options = options;
    const [now, viewers, certificate, rungs, learning, ledger] = this.#cards;
    this.el = h(
      'div',
      { class: 'board' },
      h('div', { class: 'status' }, this.#pill, this.#up),
      this.#charts,
      h('div', { class: 'top' }, now.el, this.#control.el),
      this.#tiles.el,
      viewers.el,
      h('div', { class: 'rest' }, certificate.el, rungs.el, learning.el, ledger.el),
    );
    (options.place ?? document.body).append(this.el);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#tiles.recolour());
    void this.detectDisplayMode(options.charts ?? 'chartjs');
  }

  /** Chart.js, else Smoothie, else text. */
  async detectDisplayMode(wanted: Drawing = 'chartjs'): Promise<void> {
    const { drawing, reason } = await load(wanted);
    this.displayMode = drawing === 'chartjs' ? 'charts' : drawing;
    this.chartLibrary = drawing === 'text' ? null : drawing;
    this.el.dataset.charts = drawing;
    this.#charts.hidden = !reason;
    write(
      this.#charts,
      reason &&
        `${reason}: ${drawing === 'text' ? 'figures are shown as text' : 'Smoothie draws the charts'}.`,
    );
    this.#tiles.use(drawing);
  }

  connect(token: string): void {
    this.close();
    this.#link = new Link(this.#url, location.href, token, {
      state: (state, why, retryMs) => this.#state(state, why, retryMs),
      message: (message) => this.#hear(message),
    });
    this.#link.open();
    this.#timer = window.setInterval(() => this.#tick(), 1000);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#link?.close();
    this.#link = undefined;
  }

  #say(text: string, kind: string): void {
    write(this.#pill, text);
    this.#pill.dataset.kind = kind;
  }

  #state(state: LinkState, why: string, retryMs?: number): void {
    this.el.classList.toggle('stale', state !== 'open');
    if (state === 'open') this.#say('Connected', 'good');
    else if (state === 'waiting')
      this.#say(`${why}. Trying again in ${Math.ceil((retryMs ?? 0) / 1000)} s.`, 'bad');
    else this.#say(why, state === 'connecting' ? 'wait' : 'bad');
    if (state !== 'open') this.#control.allow(false, 'Not connected.');
    if (state === 'refused') this.#options.refused?.(why);
  }

  #hear(message: Message): void {
    switch (message.t) {
      case 'welcome': {
        this.#link?.send({ t: 'hello', client: 'dashboard', role: 'dashboard' });
        const scopes: string[] = message.scopes ?? [];
        if (scopes.includes('metrics')) this.#link?.send({ t: 'subscribe', channel: 'metrics' });
        else this.#say('This token may not read figures', 'bad');
        this.#control.allow(scopes.includes('control'), 'This token may watch, not steer.');
        this.#ping();
        break;
      }
      case 'metrics':
        this.#show(message as Metrics);
        break;
      case 'done':
      case 'error':
        this.#control.answer(message);
        if (message.t === 'error' && message.id === undefined)
          this.#say(`${message.msg ?? message.code}`, 'bad');
        break;
      case 'pong':
        this.#say(`Live, round trip ${ms(performance.now() - message.t1)}`, 'good');
        break;
    }
  }

  #show(metrics: Metrics): void {
    this.#heardAt = performance.now();
    this.el.classList.remove('stale');
    this.el.dataset.live = 'yes';
    write(this.#up, `running for ${duration(metrics.uptime_s)}`);
    this.#tiles.update(metrics);
    this.#control.update(metrics);
    for (const card of this.#cards) card.update(metrics);
  }

  #ping(): void {
    this.#link?.send({ t: 'ping', id: 1, t1: performance.now() });
    this.#pingAt = performance.now();
  }
  #pingAt = 0;

  #tick(): void {
    const now = performance.now();
    if (this.#heardAt && now - this.#heardAt > STALE_MS) this.el.classList.add('stale');
    if (this.#pingAt && now - this.#pingAt > PING_EVERY_MS) this.#ping();
  }
}
