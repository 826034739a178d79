import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { bits, bytes, duration, ms, number, percent } = await load('board/format.ts');
const { Series } = await load('board/series.ts');

test('figures read as people write them, and what is missing is a dash', () => {
  assert.equal(bytes(157_286_400), '157 MB');
  assert.equal(bytes(8_589_934_592), '8.6 GB');
  assert.equal(bytes(12), '12 B');
  assert.equal(bits(2_412_000), '2.4 Mb/s');
  assert.equal(bits(0), '0 kb/s');
  assert.equal(percent(0.424), '42 %');
  assert.equal(ms(0.42), '0.4 ms');
  assert.equal(ms(41.4), '41 ms');
  assert.equal(ms(1400), '1.4 s');
  assert.equal(number(2703), '2,703');
  assert.equal(duration(90.1), '1 min 30 s');
  assert.equal(duration(200_000), '2 d 7 h');
  for (const f of [bytes, bits, percent, ms, number, duration]) {
    for (const none of [null, undefined, Number.NaN]) assert.equal(f(none), '–');
  }
});

test('a series is the last minute, without holes', () => {
  const series = new Series();
  assert.equal(series.summary(), undefined);
  for (let x = 0; x < 100; x++) series.add(x, x % 10 === 3 ? null : x);
  assert.equal(series.points[0].x, 39);
  assert.deepEqual([series.summary().low, series.summary().high], [39, 99]);
});
