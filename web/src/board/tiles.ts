// The row of figures with a chart each.
import { h } from '../play/dom';
import { type Drawing, type Plot, plot } from './charts';
import type { Metrics } from './figures';
import { bits, bytes, duration, ms, number, percent } from './format';
import { Series } from './series';
import { write } from './view';

interface Tile {
  title: string;
  top?: number;
  format(value: number): string;
  /** The big figure, the line below, and what is drawn. */
  read(
    m: Metrics,
    rate: number | undefined,
  ): { value: string; more: string; points: (number | null | undefined)[] };
  lines: number;
  legend?: [string, string];
}

const worst = (m: Metrics): number | undefined => {
  const all = (m.viewers ?? []).flatMap((v) => (v.e2e_ms ? [v.e2e_ms.p95] : []));
  return all.length ? Math.max(...all) : undefined;
};
const middle = (m: Metrics): number | undefined => {
  const all = (m.viewers ?? []).flatMap((v) => (v.e2e_ms ? [v.e2e_ms.p50] : [])).sort((a, b) => a - b);
  return all[Math.floor((all.length - 1) / 2)];
};

const TILES: Tile[] = [
  {
    title: 'Processing',
    format: (v) => number(v),
    lines: 1,
    read: ({ processing: p }) => ({
      value: p?.fps === null || p?.fps === undefined ? '–' : `${number(p.fps, 1)} fps`,
      more: `${number(p?.clips_ready)} of ${number(p?.clips)} clips ready, ${number(p?.jobs_waiting)} jobs, ${duration((p?.buffered_ms ?? 0) / 1000)} ahead`,
      points: [p?.fps],
    }),
  },
  {
    title: 'Processor',
    top: 1,
    format: percent,
    lines: 2,
    legend: ['system', 'LoopyComfy'],
    read: ({ system: s }) => ({
      value: percent(s?.cpu),
      more: `LoopyComfy ${percent(s?.own_cpu)}`,
      points: [s?.cpu, s?.own_cpu],
    }),
  },
  {
    title: 'Memory',
    format: bytes,
    lines: 1,
    read: ({ system: s }) => ({
      value: bytes(s?.memory_used),
      more: `of ${bytes(s?.memory_total)}, LoopyComfy ${bytes(s?.own_memory)}`,
      points: [s?.memory_used],
    }),
  },
  {
    title: 'GPU',
    top: 1,
    format: percent,
    lines: 2,
    legend: ['use', 'memory'],
    read: ({ system: s }) => {
      const gpus = s?.gpus ?? [];
      const gpu = gpus[0];
      if (!gpu) return { value: 'none', more: s?.missing?.gpus ?? 'no GPU was found', points: [] };
      const memory = gpu.memory_used && gpu.memory_total ? gpu.memory_used / gpu.memory_total : null;
      const rest = gpus.slice(1).map((g) => `${g.name} ${percent(g.use)}`);
      const warm = gpu.temperature === null || gpu.temperature === undefined ? [] : [`${gpu.temperature} °C`];
      return {
        value: percent(gpu.use),
        more: [gpu.name, `${bytes(gpu.memory_used)} of ${bytes(gpu.memory_total)}`, ...warm, ...rest].join(
          ', ',
        ),
        points: [gpu.use, memory],
      };
    },
  },
  {
    title: 'Sending',
    format: bits,
    lines: 1,
    read: (m, rate) => ({
      value: bits(rate),
      more: `${number(m.viewers?.length)} viewers, in the queue p95 ${ms(m.server?.queue_ms?.p95)}, p99 ${ms(m.server?.queue_ms?.p99)}`,
      points: [rate],
    }),
  },
  {
    title: 'Latency',
    format: ms,
    lines: 2,
    legend: ['middle viewer', 'slowest p95'],
    read: (m) => ({
      value: ms(middle(m)),
      more: `from sending to showing, slowest viewer p95 ${ms(worst(m))}`,
      points: [middle(m), worst(m)],
    }),
  },
];

export class Tiles {
  readonly el = h('div', { class: 'tiles' });
  #parts: {
    tile: Tile;
    value: HTMLElement;
    more: HTMLElement;
    place: HTMLElement;
    series: Series[];
    plot?: Plot;
  }[];
  #sent: { bytes: number; at: number } | undefined;

  constructor() {
    this.#parts = TILES.map((tile) => {
      const value = h('p', { class: 'value' }, '–');
      const more = h('p', { class: 'more' });
      const place = h('div', { class: 'plot' });
      const id = `tile-${tile.title.toLowerCase()}`;
      const legend =
        tile.legend &&
        h(
          'p',
          { class: 'legend', 'aria-hidden': 'true' },
          ...tile.legend.map((name, i) => h('span', { class: `l${i + 1}` }, name)),
        );
      this.el.append(
        h(
          'section',
          { class: 'card tile', 'aria-labelledby': id },
          h('h2', { id }, tile.title),
          value,
          more,
          place,
          legend,
        ),
      );
      return { tile, value, more, place, series: Array.from({ length: tile.lines }, () => new Series()) };
    });
  }

  use(drawing: Drawing): void {
    for (const part of this.#parts) {
      const { tile, place, series } = part;
      const { format, title: label } = tile;
      part.plot = plot(drawing, place, {
        series,
        format,
        label,
        ...(tile.top === undefined ? {} : { top: tile.top }),
      });
    }
  }

  recolour(): void {
    for (const { plot } of this.#parts) plot?.recolour();
  }

  update(metrics: Metrics): void {
    const now = performance.now() / 1000;
    const rate = this.#rate(metrics.server?.sent_bytes, now);
    for (const { tile, value, more, series, plot, place } of this.#parts) {
      const read = tile.read(metrics, rate);
      write(value, read.value);
      write(more, read.more);
      series.forEach((s, i) => {
        s.add(now, read.points[i]);
      });
      place.hidden = read.points.length === 0;
      plot?.draw(now);
    }
  }

  #rate(bytes: number | null | undefined, at: number): number | undefined {
    const last = this.#sent;
    if (bytes === null || bytes === undefined) return undefined;
    this.#sent = { bytes, at };
    if (!last || bytes < last.bytes || at <= last.at) return undefined;
    return ((bytes - last.bytes) * 8) / (at - last.at);
  }
}
