// What stands in the two panels of the controls: the figures, and the keys.
import { h } from './dom';
import type { Stats } from './stats';
import type { Mode } from './wire';

const NAMES: Record<Mode, string> = {
  webcodecs: 'WebCodecs',
  mse: 'Media Source',
  jpeg: 'JPEG pictures',
  webp: 'WebP pictures',
};
const KEYS: [string, string][] = [
  ['Space, K', 'pause or play'],
  ['M', 'sound on or off'],
  ['↑ ↓', 'louder, quieter'],
  ['F', 'full screen'],
  ['P', 'picture in picture'],
  ['I', 'figures'],
  ['?', 'this help'],
  ['Esc', 'close a panel'],
];

const table = (title: string, rows: [string | Node, string][]): Node[] => [
  h('h2', {}, title),
  h('dl', {}, ...rows.flatMap(([k, v]) => [h('dt', {}, k), h('dd', {}, v)])),
];

export const help = (): Node[] =>
  table(
    'Keys',
    KEYS.map(([key, what]) => [h('kbd', {}, key), what]),
  );

export function figures(mode: Mode | undefined, reason: string, stats: Stats | undefined): Node[] {
  const rows: [string, string][] = [['Way of playing', mode ? NAMES[mode] : '–']];
  if (reason) rows.push(['Why', reason]);
  if (stats) {
    const { e2e_ms: e2e } = stats;
    rows.push(['Quality', `${stats.rung}${stats.class ? `, ${stats.class}` : ''}`]);
    rows.push(['Pictures', `${stats.fps} a second, ${stats.rendered} shown, ${stats.dropped} left out`]);
    if (e2e) {
      rows.push(['Latency', `p50 ${e2e.p50}, p95 ${e2e.p95}, p99 ${e2e.p99} ms (±${e2e.uncertainty} ms)`]);
    }
    rows.push(['Round trip', `${stats.rtt_ms} ms, jitter ${stats.jitter_ms} ms`]);
    rows.push(['Buffer', `${stats.buffer_ms} ms, ${stats.decode_q} to decode`]);
  }
  return table('Figures', rows);
}
