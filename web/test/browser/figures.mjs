// Figures of the player in Chromium, against the stream at LOOPY_URL: how late pictures are on the screen, and how
// soon the first one is there. `scripts/live.sh --figures` runs it; times are printed and judged by nobody.
import { launch, link, playing, serve } from './bench.mjs';

const SECONDS = Number(process.env.LOOPY_SECONDS) || 20;
const JOINS = Number(process.env.LOOPY_JOINS) || 20;

const without = () => {
  for (const name of ['VideoDecoder', 'MediaSource', 'ManagedMediaSource']) delete globalThis[name];
};
/** Notes when the connection was begun and when the first picture was there. */
const notes = () => {
  globalThis.at = {};
  globalThis.WebSocket = class extends WebSocket {
    constructor(...args) {
      globalThis.at.socket ??= performance.now();
      super(...args);
    }
  };
  document.addEventListener('loopy-state', (event) => {
    if (event.detail.state === 'playing') globalThis.at.playing ??= performance.now();
  });
};
const modes = [
  ['webcodecs', undefined, []],
  ['mse', 'player.test', []],
  ['jpeg', undefined, [without]],
];

const browser = await launch();
const server = await serve();
const quantile = (list, part) =>
  list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];
const row = (list) => [0.5, 0.95, 1].map((part) => Math.round(quantile(list, part))).join(' / ');

console.log(`Chromium ${browser.version()}; times in ms`);
for (const [mode, host, scripts] of modes) {
  const fresh = async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    for (const script of [notes, ...scripts]) await context.addInitScript(script);
    const page = await context.newPage();
    await page.goto(link(server, '/', host));
    await playing(page, mode, 30_000);
    return { context, page };
  };
  const { context, page } = await fresh();
  // What was queued before it came, and the first rung, are left behind.
  await page.waitForTimeout(8000);
  const latest = () => page.evaluate(() => document.querySelector('loopy-player').latest);
  const before = await latest();
  await page.waitForTimeout(SECONDS * 1000);
  const { e2e_ms: late, rendered, rung } = await latest();
  await context.close();
  const rate = ((rendered - before.rendered) / SECONDS).toFixed(1);
  console.log(
    `${mode}: ${rung ?? ''} ${rate} pictures a second; on the screen p50 / p95 / p99 ${late.p50} / ${late.p95} / ${late.p99}, ±${late.uncertainty}`,
  );
  const [joins, loads] = [[], []];
  for (let join = 0; join < JOINS; join++) {
    const { context, page } = await fresh();
    const at = await page.evaluate(() => globalThis.at);
    joins.push(at.playing - at.socket);
    loads.push(at.playing);
    await context.close();
  }
  console.log(
    `${mode}: first picture p50 / p95 / worst of ${JOINS}: ${row(joins)} from connecting, ${row(loads)} from opening the page`,
  );
}
await browser.close();
await server.stop();
