import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, afterEach, before, describe, test } from 'node:test';
import { launch, link, outside, playing, serve, watch } from './bench.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser;
let server;
let context;
let page;
let errors;

async function open({ query = '', width = 1440, colorScheme = 'light', block } = {}) {
  await context?.close();
  // The test brings its own scripts for axe, which the page's policy would not let in.
  context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme,
    reducedMotion: 'reduce',
  });
  page = await context.newPage();
  errors = watch(page);
  if (block) await page.route(block, (route) => route.abort());
  await page.goto(link(server, `/dashboard${query}`));
  await page.waitForSelector('[data-live]');
}

const charts = (want) => page.waitForSelector(`[data-charts="${want}"]`);

/** Whether lines are drawn: pixels of the first chart that are not empty. */
const inked = () =>
  page.waitForFunction(() => {
    const canvas = document.querySelector('.plot canvas');
    if (!canvas?.width) return false;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 60) ink++;
    return ink > 200;
  });

async function clean() {
  // Evaluated by the debugger, which the content policy does not bind.
  const source = await import('node:fs/promises').then((fs) => fs.readFile(axe, 'utf8'));
  await page.evaluate(source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  assert.deepEqual(
    violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`),
    [],
  );
}

before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
afterEach(async () => {
  await context?.close();
  context = undefined;
  assert.deepEqual(errors, [], 'the page has no errors');
  assert.deepEqual(server.breaches.splice(0).slice(0, 3), [], 'the client keeps the rules of the protocol');
});

describe('charts', () => {
  test('Chart.js draws first', async () => {
    await open();
    await charts('chartjs');
    await inked();
    assert.deepEqual(
      await page.evaluate(() => typeof globalThis.PerformanceDashboard),
      'function',
      'the class is there for a page’s own script',
    );
  });

  for (const [name, how, reason] of [
    ['asked for', { query: '?charts=smoothie' }, ''],
    ['because Chart.js is blocked', { block: '**/chart.js' }, 'Chart.js could not be loaded'],
  ]) {
    test(`Smoothie draws, ${name}`, async () => {
      await open(how);
      await charts('smoothie');
      await inked();
      if (reason) await page.getByText(reason).waitFor();
    });
  }

  for (const [name, how, reason] of [
    ['asked for', { query: '?charts=text' }, ''],
    ['because both are blocked', { block: /chart\.js|smoothie\.js/ }, 'Smoothie could not be loaded'],
  ]) {
    test(`text says it, ${name}`, async () => {
      await open(how);
      await charts('text');
      await page.getByText(/Processor, last minute: \d+ % to \d+ %/).waitFor();
      assert.equal(await page.locator('canvas').count(), 0);
      if (reason) await page.getByText(reason).waitFor();
    });
  }
});

describe('at every size, light and dark', () => {
  for (const width of [360, 768, 1440]) {
    for (const colorScheme of ['light', 'dark']) {
      test(`${width} px, ${colorScheme}`, async () => {
        await open({ width, colorScheme });
        await charts('chartjs');
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `the page is ${over} px too wide`);
        await clean();
      });
    }
  }
  test('text, and the form for the token', async () => {
    await open({ query: '?charts=text', width: 360 });
    await clean();
    await context.close();
    context = await browser.newContext();
    page = await context.newPage();
    errors = watch(page);
    await page.goto(server.url('/dashboard'));
    await page.getByLabel('Token').waitFor();
    await clean();
  });
  test('the player', async () => {
    await open();
    await page.getByRole('link', { name: 'Player' }).click();
    await playing(page);
    await clean();
    for (const key of ['i', '?']) {
      await page.locator('loopy-player').press(key);
      await clean();
    }
  });
});

describe('figures and steering', { skip: outside && 'needs the test server' }, () => {
  test('figures are shown, and a missing one says why', async () => {
    server.noGpu = true;
    server.ml = { embedding_ms: { p50: 12.5 }, accuracy: 0.91 };
    try {
      await open();
      const tile = (name) => page.getByRole('region', { name, exact: true });
      await tile('GPU').getByText('no driver is loaded').waitFor();
      await tile('Processing').getByText('12 of 60 clips ready').waitFor();
      await tile('Memory').getByText('of 8.6 GB, LoopyComfy 157 MB').waitFor();
      await tile('Models').getByText('embedding ms p50').waitFor();
      await tile('Certificate so far').getByText('41', { exact: true }).waitFor();
      await tile('Fallbacks').getByText('hardware encoding: nvenc → libx264').waitFor();
      await page.getByRole('row', { name: /k3v0 webcodecs 720p, ethernet 2.4 Mb\/s 0.4 ms/ }).waitFor();
    } finally {
      server.noGpu = false;
      server.ml = null;
    }
  });

  test('a name that holds HTML is text', async () => {
    await open();
    const name = server.clips[2];
    await page.locator('.air-now').getByText(name, { exact: true }).waitFor();
    assert.equal(await page.locator('.board img').count(), 0);
    assert.equal(await page.title(), 'LoopyComfy dashboard');
  });

  test('everything can be steered by keyboard', async () => {
    await open();
    server.steered.length = 0;
    await page.waitForFunction(() => document.querySelector('fieldset').disabled === false);
    const status = page.locator('.answer');
    await page.getByLabel('Signal').focus();
    await page.keyboard.press('ArrowRight');
    await status.getByText('Signal 0.1: seen in 730 ms').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await status.getByText('State talk: seen in').waitFor();
    await page.getByLabel('Clip').selectOption('wave.mp4');
    await page.getByRole('button', { name: 'Show next' }).press('Enter');
    await status.getByText('wave.mp4 next: seen in').waitFor();
    await page.getByRole('button', { name: 'Do not show' }).press('Enter');
    await status.getByText('wave.mp4 is not shown any more').waitFor();
    await page.getByRole('button', { name: 'Allow again' }).press('Enter');
    await page.getByLabel('Seed').fill('7');
    await page.keyboard.press('Enter');
    await status.getByText('Seed 7: seen in').waitFor();
    assert.deepEqual(
      server.steered.map(({ id: _, ...rest }) => rest),
      [
        { t: 'signal', value: 0.1 },
        { t: 'state', state: 'talk' },
        { t: 'next', clip: 'wave.mp4' },
        { t: 'avoid', clip: 'wave.mp4', avoid: true },
        { t: 'avoid', clip: 'wave.mp4', avoid: false },
        { t: 'seed', seed: 7 },
      ],
    );
  });

  test('keys that are held down do not flood the server', async () => {
    await open();
    server.steered.length = 0;
    await page.waitForFunction(() => document.querySelector('fieldset').disabled === false);
    await page.getByLabel('Signal').focus();
    for (let i = 0; i < 15; i++) await page.keyboard.down('ArrowLeft');
    await page.keyboard.up('ArrowLeft');
    await page.locator('.answer').getByText('Signal -1.0: seen').waitFor();
    await page.getByRole('button', { name: 'Show next' }).focus();
    for (let i = 0; i < 30; i++) await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    await page.locator('.answer').getByText('idle_003.mp4 next: seen').waitFor();
    assert.ok(server.steered.length < 8, `${server.steered.length} messages`);
  });

  test('a refusal is said with its hint', async () => {
    await open();
    server.clips.push('gone.mp4');
    await page.waitForFunction(() =>
      [...document.querySelectorAll('#clip option')].some((o) => o.value === 'gone.mp4'),
    );
    await page.getByLabel('Clip').selectOption('gone.mp4');
    server.clips.pop();
    await page.getByRole('button', { name: 'Show next' }).click();
    await page.locator('.answer').getByText('No clip gone.mp4 See the list.').waitFor();
  });

  test('a token that may only watch cannot steer', async () => {
    server.scopes = ['view', 'metrics'];
    try {
      await open();
      await page.getByText('This token may watch, not steer.').waitFor();
      assert.ok(await page.getByRole('button', { name: 'Show next' }).isDisabled());
    } finally {
      server.scopes = ['view', 'control', 'metrics'];
    }
  });

  test('a lost connection is said and comes back', async () => {
    await open();
    server.refuse = 503;
    for (const v of server.viewers) v.socket.terminate();
    await page.getByText('Trying again in').waitFor();
    server.refuse = 0;
    await page.getByText('Live, round trip').waitFor({ timeout: 10_000 });
  });
});
