// The cards without charts: what plays, who watches, what is certain, what was stepped down.
import { h } from '../play/dom';
import type { Metrics, Viewer } from './figures';
import { bits, duration, ms, number } from './format';
import { card, facts, write } from './view';

export class NowCard {
  #now = h('p', { class: 'clip' }, '–');
  #nowMore = h('p', { class: 'more' });
  #next = h('p', { class: 'clip' }, '–');
  #nextMore = h('p', { class: 'more' });
  #seam = h('p', { class: 'seam' });
  readonly el = card(
    'On air',
    'air',
    h(
      'div',
      { class: 'airs' },
      h('div', { class: 'air-now' }, h('p', { class: 'label' }, 'Now'), this.#now, this.#nowMore),
      h('div', { class: 'air-seam' }, this.#seam),
      h('div', {}, h('p', { class: 'label' }, 'Next'), this.#next, this.#nextMore),
    ),
  );

  update({ stream }: Metrics): void {
    const { now, next } = stream ?? {};
    const of = (state: string | null | undefined) => (state ? `${state}, ` : '');
    write(this.#now, now?.clip ?? '–');
    write(this.#nowMore, now ? `${of(now.state)}${ms(now.left_ms)} left` : '');
    write(this.#next, next?.clip ?? '–');
    write(this.#nextMore, next ? `${of(next.state)}in ${ms(next.in_ms)}` : '');
    const score = next?.score === null || next?.score === undefined ? '' : `, score ${next.score.toFixed(2)}`;
    const bridge = next?.frames ? `, ${number(next.frames)} frames` : '';
    write(this.#seam, next?.seam ? `${next.seam.replace('_', ' ')}${bridge}${score}` : '');
  }
}

const COLUMNS: [string, (v: Viewer) => string][] = [
  ['Viewer', (v) => v.session],
  ['Way', (v) => v.mode ?? '–'],
  ['Quality', (v) => [v.rung, v.class].filter(Boolean).join(', ') || '–'],
  ['Rate', (v) => bits(v.bitrate)],
  ['Round trip', (v) => ms(v.rtt_ms)],
  ['Jitter', (v) => ms(v.jitter_ms)],
  [
    'Latency p50 / p95 / p99',
    (v) =>
      v.e2e_ms ? `${[v.e2e_ms.p50, v.e2e_ms.p95, v.e2e_ms.p99].map((x) => number(x)).join(' / ')} ms` : '–',
  ],
  ['Buffer', (v) => ms(v.buffer_ms)],
  ['Pictures', (v) => (v.fps === null || v.fps === undefined ? '–' : `${number(v.fps, 1)} fps`)],
  ['Left out', (v) => `${number(v.dropped_frames)} frames`],
  ['Since', (v) => duration(v.since_s)],
];

export class ViewersCard {
  #body = h('tbody');
  #none = h('p', { class: 'more' }, 'Nobody watches at present.');
  #table = h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Table of viewers' },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...COLUMNS.map(([name]) => h('th', { scope: 'col' }, name)))),
      this.#body,
    ),
  );
  readonly el = card('Viewers', 'wide', this.#none, this.#table);

  update({ viewers = [] }: Metrics): void {
    this.#none.hidden = viewers.length > 0;
    this.#table.hidden = viewers.length === 0;
    while (this.#body.rows.length > viewers.length) this.#body.deleteRow(-1);
    viewers.forEach((viewer, i) => {
      const row = this.#body.rows[i] ?? this.#row();
      COLUMNS.forEach(([, read], c) => {
        const cell = row.children[c];
        if (cell) write(cell, read(viewer));
      });
    });
  }

  #row(): HTMLTableRowElement {
    const row = h(
      'tr',
      {},
      ...COLUMNS.map(([name], i) =>
        h(i === 0 ? 'th' : 'td', i === 0 ? { scope: 'row' } : { 'data-name': name }),
      ),
    );
    this.#body.append(row);
    return row;
  }
}

export class CertificateCard {
  #facts = facts();
  readonly el = card('Certificate so far', '', this.#facts.el);

  update({ certificate: c = {}, stream }: Metrics): void {
    this.#facts.set([
      ['Visits', number(c.visits)],
      ['Frames', number(c.frames)],
      ['Clips shown', number(c.clips)],
      ['Least visits before a clip came back', number(c.least_gap)],
      ['Pairs repeated', number(c.repeated_pairs)],
      ['Longest repeat', `${number(c.longest_repeat)} ${c.longest_repeat === 1 ? 'visit' : 'visits'}`],
      ['Frames that were late', number(stream?.late)],
      ['Seed', stream?.seed === null || stream?.seed === undefined ? '–' : String(stream.seed)],
    ]);
  }
}

export class RungsCard {
  #facts = facts();
  readonly el = card('Qualities', '', this.#facts.el);

  update({ rungs = [] }: Metrics): void {
    this.#facts.set(
      rungs.map((r) => [
        r.name,
        r.ready === false
          ? 'being made'
          : `${number(r.viewers)} ${r.viewers === 1 ? 'viewer' : 'viewers'}, ${bits(r.bitrate)}`,
      ]),
    );
  }
}

export class LearningCard {
  #facts = facts();
  #none = h('p', { class: 'more' }, 'No model is in use.');
  readonly el = card('Models', '', this.#none, this.#facts.el);

  update({ ml }: Metrics): void {
    const rows: [string, string][] = [];
    const walk = (name: string, value: unknown) => {
      if (value === null || value === undefined) return;
      if (typeof value === 'object')
        for (const [k, v] of Object.entries(value)) walk(name ? `${name} ${k}` : k, v);
      else
        rows.push([
          name.replaceAll('_', ' '),
          typeof value === 'number' ? number(value, value % 1 ? 2 : 0) : String(value),
        ]);
    };
    walk('', ml);
    this.#none.hidden = rows.length > 0;
    this.#facts.set(rows);
  }
}

export class LedgerCard {
  #list = h('ul', { class: 'ledger' });
  #none = h('p', { class: 'more' }, 'Nothing was stepped down: everything works as it was asked for.');
  #kept = '';
  readonly el = card('Fallbacks', '', this.#none, this.#list);

  update({ ledger = [], system }: Metrics): void {
    const missing = Object.entries(system?.missing ?? {}).map(([what, why]) => ({
      what: `figures of ${what}`,
      from: null,
      to: null,
      why,
      fix: null,
      when: null,
    }));
    const all = [...ledger, ...missing];
    const kept = JSON.stringify(all);
    if (kept === this.#kept) return;
    this.#kept = kept;
    this.#none.hidden = all.length > 0;
    this.#list.replaceChildren(
      ...all.map((step) => {
        const way = step.from && step.to ? `: ${step.from} → ${step.to}` : '';
        const at = step.when ? new Date(step.when * 1000) : undefined;
        return h(
          'li',
          {},
          h('strong', {}, `${step.what}${way}`),
          at &&
            h(
              'time',
              { datetime: at.toISOString() },
              at.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' }),
            ),
          h('span', {}, step.why ?? ''),
          step.fix ? h('span', { class: 'fix' }, step.fix) : undefined,
        );
      }),
    );
  }
}
