// What the browser tests share: Chromium, the server, and reading the strip back from the picture.
import { chromium } from 'playwright-core';
import { TestServer } from '../server/server.mjs';

/**
 * Set LOOPY_URL and LOOPY_TOKEN to run what does not need the test server's hooks against another server, and
 * LOOPY_STRIP to the number of its pictures when they carry the strip of `media.mjs`.
 */
export const outside = process.env.LOOPY_URL;
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

export const launch = (autoplay = 'user-gesture-required') =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--host-resolver-rules=MAP player.test 127.0.0.1',
      `--autoplay-policy=${autoplay}`,
      '--disable-dev-shm-usage',
    ],
  });

export async function serve() {
  if (!outside) return new TestServer().start();
  const { port } = new URL(outside);
  return {
    token: process.env.LOOPY_TOKEN ?? '',
    port,
    breaches: [],
    stop: async () => {},
    url: (path = '/', host = '127.0.0.1') => `http://${host}:${port}${path}`,
  };
}

export const link = (server, path = '/', host) =>
  `${server.url(path, host)}#token=${encodeURIComponent(server.token)}`;

/** Errors that a page must not have. */
export function watch(page) {
  const errors = [];
  page.on('pageerror', (error) => errors.push(`${error}`));
  page.on('console', (line) => {
    const text = line.text();
    if (line.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(text))
      errors.push(text);
  });
  return errors;
}

export const playing = (page, mode, timeout = 10_000) =>
  page.waitForFunction(
    (want) => {
      const p = document.querySelector('loopy-player');
      return p?.dataset.state === 'playing' && (!want || p.dataset.mode === want);
    },
    mode,
    { timeout },
  );

/** Numbers of the pictures on the screen, looked at every animation frame for `ms`. */
export const numbers = (page, ms) =>
  page.evaluate(async (span) => {
    const root = document.querySelector('loopy-player').shadowRoot;
    const copy = new OffscreenCanvas(640, 24);
    const context = copy.getContext('2d', { willReadFrequently: true });
    const read = () => {
      const picture = root.querySelector('.picture:not(.next)');
      if (!picture) return -1;
      const [w, h] =
        picture instanceof HTMLVideoElement
          ? [picture.videoWidth, picture.videoHeight]
          : [picture.width, picture.height];
      if (!w || !h) return -1;
      context.drawImage(picture, 0, 0, w, (h * 24) / 360, 0, 0, 640, 24);
      const { data } = context.getImageData(0, 12, 640, 1);
      let n = 0;
      for (let cell = 0; cell < 32; cell++) if (data[(cell * 20 + 10) * 4] > 128) n |= 1 << cell;
      return n >>> 0;
    };
    const seen = [];
    const from = performance.now();
    while (performance.now() - from < span) {
      await new Promise((go) => requestAnimationFrame(go));
      const n = read();
      const now = performance.timeOrigin + performance.now();
      if (seen.at(-1)?.n !== n) seen.push({ n, at: now });
    }
    return seen;
  }, ms);

/** Order, repeats, freezes and holes in what was seen. */
export function judge(seen, frames = Number(process.env.LOOPY_STRIP) || 300) {
  let back = 0;
  let missed = 0;
  let longest = 0;
  for (let i = 1; i < seen.length; i++) {
    const step = (seen[i].n - seen[i - 1].n + frames) % frames;
    if (step > frames / 2) back++;
    else missed += step - 1;
    longest = Math.max(longest, seen[i].at - seen[i - 1].at);
  }
  return { shown: seen.length, back, missed, longest };
}
