import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { load } from './load.mjs';

const { parsePacket, rate, socketUrl, toBase64Url, fromBase64 } = await load('play/wire.ts');
const { ServerClock, Window } = await load('play/clock.ts');
const { Ladder, Watchdog } = await load('play/ladder.ts');
const { Playout } = await load('play/playout.ts');
const { LiveEdge, trim } = await load('play/edge.ts');
const { Meter } = await load('play/stats.ts');

describe('wire', () => {
  test('a header is read as it was written', () => {
    const bytes = Buffer.alloc(27);
    bytes.writeUInt8(1, 0);
    bytes.writeUInt8(2, 1);
    bytes.writeUInt8(9, 2);
    bytes.writeUInt8(200, 3);
    bytes.writeUInt32LE(4_000_000_000, 4);
    bytes.writeUInt32LE(29, 8);
    bytes.writeBigUInt64LE(6_220_800_000_000n, 12);
    bytes.writeUInt32LE(0xffffffff, 20);
    bytes.set([1, 2, 3], 24);
    const p = parsePacket(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 27));
    assert.deepEqual(
      { ...p, payload: [...p.payload] },
      {
        kind: 2,
        flags: 9,
        seq: 200,
        group: 4_000_000_000,
        index: 29,
        pts: 6_220_800_000_000,
        queued: 0xffffffff,
        payload: [1, 2, 3],
      },
    );
  });

  test('short messages and other versions are no packets', () => {
    assert.equal(parsePacket(new ArrayBuffer(23)), undefined);
    assert.equal(parsePacket(new Uint8Array(24).fill(2).buffer), undefined);
  });

  test('a token of any letters becomes base64url without padding', () => {
    for (const token of ['a', 'ab', 'abc', 'ümläut?>', '~~~???>>>']) {
      assert.equal(toBase64Url(token), Buffer.from(token).toString('base64url'));
    }
    assert.deepEqual([...fromBase64('AWQAH/8=')], [1, 0x64, 0, 0x1f, 255]);
  });

  test('what a page writes becomes the address of the socket', () => {
    const base = 'http://h:8765/dashboard?x=1#token=t';
    assert.equal(socketUrl(null, base), 'ws://h:8765/ws');
    assert.equal(socketUrl('ws://localhost:8765', base), 'ws://localhost:8765/ws');
    assert.equal(socketUrl('https://a.example/', base), 'wss://a.example/ws');
    assert.equal(socketUrl('https://a.example/live/ws', base), 'wss://a.example/live/ws');
  });

  test('rates are fractions', () => {
    assert.equal(rate('30/1'), 30);
    assert.equal(rate('25'), 25);
    assert.ok(Math.abs(rate('30000/1001') - 29.97) < 0.001);
    assert.equal(rate('nonsense'), 30);
  });
});

describe('clock', () => {
  test('the ping with the shortest way decides', () => {
    const clock = new ServerClock();
    // The server is 1000 ms ahead; the first way back takes 80 ms longer than the way there.
    clock.add(0, 1_010_000, 1_010_000, 100);
    clock.add(200, 1_202_000, 1_202_000, 204);
    assert.equal(clock.toServer(300), 1_300_000);
    assert.ok(clock.uncertainty(204) < 2.5);
    assert.ok(clock.uncertainty(20_000) > clock.uncertainty(204), 'clocks drift');
  });

  test('nothing is known before the first pong', () => {
    assert.equal(new ServerClock().toServer(1), undefined);
  });

  test('percentiles are of the last ten seconds', () => {
    const window = new Window();
    window.add(9999, 0);
    for (let i = 1; i <= 100; i++) window.add(i, 11_000);
    assert.deepEqual(window.percentiles(12_000), { p50: 50, p95: 95, p99: 99 });
    assert.equal(window.percentiles(60_000), undefined);
  });

  test('latency is from sending to showing, without what was joined late', () => {
    const meter = new Meter();
    meter.epoch = 500_000;
    meter.clock.add(0, 0, 0, 0);
    meter.restart(0);
    const send = (pts, queued) => meter.sent({ pts, queued });
    send(1_000_000, 2000);
    send(2_000_000, 2000);
    meter.shown([[1_000_000, 1400]]);
    meter.shown([[2_000_000, 2540]]);
    const { e2e_ms, gap_ms, rendered } = meter.report(2600, { mode: 'mse', rung: '', class: '' });
    assert.equal(e2e_ms.p50, 38);
    assert.equal(gap_ms, 1140);
    assert.equal(rendered, 2);
  });
});

describe('ladder', () => {
  const modes = ['webcodecs', 'mse', 'jpeg'];

  test('one decoder error is forgiven, two within ten seconds are not', () => {
    const ladder = new Ladder(modes, 0);
    assert.equal(ladder.failed(1000), false);
    assert.equal(ladder.failed(12_000), false);
    assert.equal(ladder.failed(15_000), true);
  });

  test('it goes down to its end and keeps every reason', () => {
    const ladder = new Ladder(modes, 0);
    assert.equal(ladder.down('a', 1), 'mse');
    assert.equal(ladder.down('b', 2), 'jpeg');
    assert.equal(ladder.down('c', 3), undefined);
    assert.equal(ladder.mode, 'jpeg');
    assert.deepEqual(ladder.reasons, ['a', 'b', 'c']);
  });

  test('it tries one step up after a minute, twice at most', () => {
    const ladder = new Ladder(modes, 0);
    ladder.down('a', 0);
    assert.equal(ladder.up(59_999), undefined);
    assert.equal(ladder.up(60_000), 'webcodecs');
    ladder.down('b', 60_001);
    assert.equal(ladder.up(120_001), 'webcodecs');
    ladder.down('c', 120_002);
    assert.equal(ladder.up(999_999), undefined);
  });

  test('no picture within three seconds is noticed, hidden pages excepted', () => {
    const dog = new Watchdog();
    assert.equal(dog.late(9000, true), false);
    dog.key(10_000);
    dog.key(12_000);
    assert.equal(dog.late(12_900, true), false);
    assert.equal(dog.late(13_001, true), true);
    assert.equal(dog.late(13_002, false), false);
    assert.equal(dog.late(13_003, true), false);
    dog.key(20_000);
    dog.shown();
    assert.equal(dog.late(30_000, true), false);
  });
});

describe('playout', () => {
  const frame = (log, n) => ({ close: () => log.push(n) });

  test('every frame is closed or handed out, and never one before an earlier one', () => {
    // A fixed sequence of random arrivals.
    let seed = 7;
    const random = () => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed / 2147483648;
    };
    for (let round = 0; round < 50; round++) {
      const playout = new Playout(100);
      const closed = [];
      const shown = [];
      let now = 1e6;
      let n = 0;
      for (let step = 0; step < 400; step++) {
        now += random() * 30;
        if (random() < 0.5) playout.push(n * 33_333, frame(closed, n++), now);
        const held = playout.take(now);
        if (held) shown.push(held.pts);
      }
      playout.restart();
      assert.equal(closed.length + shown.length, n);
      assert.deepEqual(
        shown,
        [...new Set(shown)].sort((a, b) => a - b),
      );
    }
  });

  test('of what came while nobody drew only the newest is shown', () => {
    const playout = new Playout(0);
    const closed = [];
    for (let n = 0; n < 60; n++) playout.push(n * 33_333, frame(closed, n), 1000 + n * 33.333);
    assert.equal(playout.take(5000).pts, 59 * 33_333);
    assert.equal(playout.take(5000), undefined);
    assert.equal(closed.length, 59);
  });

  test('the delay follows the jitter and stays within the target', () => {
    const playout = new Playout(50);
    for (let n = 0; n < 100; n++) playout.push(n * 20_000, frame([], n), 1000 + n * 20 + (n % 4) * 10);
    assert.ok(playout.delay >= 25 && playout.delay <= 35, `${playout.delay}`);
    playout.targetMs = 10;
    assert.equal(playout.delay, 10);
  });

  test('sound is the clock when there is sound', () => {
    const playout = new Playout(50);
    playout.push(1_000_000, frame([], 0), 5000);
    playout.master = 4200;
    assert.equal(playout.take(5100), undefined);
    assert.equal(playout.take(5195).pts, 1_000_000);
  });

  test('a packet far behind the freshest has expired', () => {
    const playout = new Playout(50);
    playout.push(0, frame([], 0), 1000);
    assert.equal(playout.expired(1_000_000, 2100, 1500), false);
    assert.equal(playout.expired(1_000_000, 3600, 1500), true);
  });
});

describe('live edge', () => {
  test('the gap settles at the target from both sides', () => {
    for (const start of [0, 60, 250, 600, 950]) {
      const edge = new LiveEdge(50, 1000 / 60);
      let gap = start;
      for (let i = 0; i < 1200; i++) {
        const what = edge.decide(gap);
        assert.ok('rate' in what, 'no seek within a second');
        assert.ok(what.rate >= 0.9 && what.rate <= 1.1);
        gap += (1 - what.rate) * 16.7;
      }
      assert.ok(gap < 120, `from ${start}: ${gap} ms`);
    }
  });

  test('more than a second behind is jumped over', () => {
    assert.ok('seekBack' in new LiveEdge(50, 33).decide(1400));
  });

  test('stalls widen the gap up to half a second, and it narrows again', () => {
    const edge = new LiveEdge(100, 33);
    const { target } = edge;
    for (let i = 0; i < 20; i++) edge.stalled();
    assert.equal(edge.target, 500);
    for (let i = 0; i < 5000; i++) edge.decide(100);
    assert.ok(Math.abs(edge.target - target) < 1);
  });

  test('what lies ten seconds behind is trimmed to five', () => {
    assert.equal(trim(0, 9), undefined);
    assert.deepEqual(trim(0, 11), [0, 6]);
  });
});
