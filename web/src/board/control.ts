// Steering: signal, state, clips, seed. Every answer is said.
import { h } from '../play/dom';
import type { Metrics } from './figures';
import { card, write } from './view';

type Send = (message: { t: string; [field: string]: unknown }) => void;

/** The server takes twenty messages a second. */
const APART_MS = 200;

export class ControlCard {
  #send: Send;
  #id = 0;
  #later = 0;
  #lastWords = '';
  #lastAt = 0;
  #asked = new Map<number, string>();
  #answer = h('p', { class: 'answer', role: 'status' });
  #fields = h('fieldset', {}, h('legend', { class: 'hidden' }, 'Steer the stream'));
  #signal = h('input', { type: 'range', id: 'signal', min: -1, max: 1, step: 0.1, value: 0 });
  #signalValue = h('output', { for: 'signal' }, '0.0');
  #states = h('div', { class: 'buttons', role: 'group', 'aria-label': 'State' });
  #clip = h('select', { id: 'clip' });
  #seed = h('input', { type: 'number', id: 'seed', min: 0, step: 1, value: 1 });
  #avoided = new Set<string>();
  #avoidButton = h('button', { type: 'button', onclick: () => this.#avoid() }, 'Do not show');
  #shape = '';
  readonly el: HTMLElement;

  constructor(send: Send) {
    this.#send = send;
    this.#signal.oninput = () => write(this.#signalValue, Number(this.#signal.value).toFixed(1));
    this.#signal.onchange = () => {
      // A key that is held down changes it thirty times a second.
      clearTimeout(this.#later);
      this.#later = window.setTimeout(() => {
        const value = Number(this.#signal.value);
        this.#ask({ t: 'signal', value }, `Signal ${value.toFixed(1)}`);
      }, APART_MS);
    };
    this.#clip.onchange = () => this.#face();
    const next = () => {
      if (this.#clip.value) this.#ask({ t: 'next', clip: this.#clip.value }, `${this.#clip.value} next`);
    };
    const seed = (event: Event) => {
      event.preventDefault();
      const value = Math.trunc(Number(this.#seed.value));
      if (Number.isFinite(value)) this.#ask({ t: 'seed', seed: value }, `Seed ${value}`);
    };
    this.#fields.append(
      h(
        'div',
        { class: 'field' },
        h('label', { for: 'signal' }, 'Signal'),
        h('div', { class: 'slider' }, this.#signal, this.#signalValue),
      ),
      h('div', { class: 'field' }, h('span', { class: 'name' }, 'State'), this.#states),
      h(
        'div',
        { class: 'field' },
        h('label', { for: 'clip' }, 'Clip'),
        this.#clip,
        h(
          'div',
          { class: 'buttons' },
          h('button', { type: 'button', class: 'first', onclick: next }, 'Show next'),
          this.#avoidButton,
        ),
      ),
      h(
        'form',
        { class: 'field', onsubmit: seed },
        h('label', { for: 'seed' }, 'Seed'),
        h('div', { class: 'buttons' }, this.#seed, h('button', {}, 'New walk')),
      ),
    );
    this.el = card('Steer', 'steer', this.#fields, this.#answer);
    this.allow(false, '');
  }

  allow(may: boolean, why: string): void {
    this.#fields.disabled = !may;
    if (!may) write(this.#answer, why);
    else if (!this.#asked.size) write(this.#answer, '');
  }

  #ask(message: { t: string; [field: string]: unknown }, words: string): void {
    // Nor does a button that is held down ask for the same again and again.
    const now = performance.now();
    if (words === this.#lastWords && now - this.#lastAt < APART_MS) {
      this.#lastAt = now;
      return;
    }
    this.#lastWords = words;
    this.#lastAt = now;
    const id = ++this.#id;
    this.#asked.set(id, words);
    write(this.#answer, `${words} …`);
    this.#send({ ...message, id });
  }

  #avoid(): void {
    const clip = this.#clip.value;
    if (!clip) return;
    const avoid = !this.#avoided.has(clip);
    if (avoid) this.#avoided.add(clip);
    else this.#avoided.delete(clip);
    this.#ask(
      { t: 'avoid', clip, avoid },
      avoid ? `${clip} is not shown any more` : `${clip} may be shown again`,
    );
    this.#face();
  }

  #face(): void {
    write(this.#avoidButton, this.#avoided.has(this.#clip.value) ? 'Allow again' : 'Do not show');
  }

  /** `done` or `error` for something that was asked here. */
  answer(message: { t: string; [field: string]: unknown }): void {
    const words = this.#asked.get(Number(message.id));
    if (words === undefined) return;
    this.#asked.delete(Number(message.id));
    const bad = message.t === 'error';
    const text = bad
      ? `${words}: ${[message.msg, message.hint].filter(Boolean).join(' ')}`
      : `${words}: seen in ${Math.round(Number(message.due_ms))} ms, at frame ${message.frame}`;
    write(this.#answer, text);
    this.#answer.classList.toggle('bad', bad);
  }

  update({ stream }: Metrics): void {
    const states = stream?.states ?? [];
    const clips = stream?.clips ?? [];
    const shape = JSON.stringify([states, clips]);
    if (shape !== this.#shape) {
      this.#shape = shape;
      const button = (name: string, state: string | null) =>
        h(
          'button',
          {
            type: 'button',
            onclick: () =>
              this.#ask({ t: 'state', state }, state === null ? 'States as they come' : `State ${state}`),
          },
          name,
        );
      this.#states.replaceChildren(button('Any', null), ...states.map((s) => button(s, s)));
      const chosen = this.#clip.value;
      this.#clip.replaceChildren(...clips.map((name) => h('option', { value: name }, name)));
      if (clips.includes(chosen)) this.#clip.value = chosen;
      this.#face();
    }
    const now = stream?.now?.state;
    for (const button of this.#states.children) button.classList.toggle('on', button.textContent === now);
  }
}
