// `node test/browser/shots.mjs` looks at player and dashboard at three sizes, into shots/ (not in git).
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launch, link, playing, serve } from './bench.mjs';

const folder = fileURLToPath(new URL('../../shots/', import.meta.url));
await mkdir(folder, { recursive: true });
const [browser, server] = await Promise.all([launch(), serve()]);
for (const [width, height] of [
  [360, 740],
  [768, 1024],
  [1440, 900],
]) {
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    await page.goto(link(server, '/dashboard'));
    await page.waitForSelector('[data-live]');
    await page.waitForTimeout(6000);
    await page.screenshot({ path: `${folder}dashboard-${width}-${colorScheme}.png`, fullPage: true });
    if (colorScheme === 'light') {
      await page.goto(link(server, '/', 'player.test'));
      await playing(page);
      await page.waitForTimeout(2500);
      await page.screenshot({ path: `${folder}player-${width}.png` });
      await page.keyboard.press('i');
      await page.waitForTimeout(300);
      await page.screenshot({ path: `${folder}player-${width}-figures.png` });
    }
    await context.close();
  }
}
await browser.close();
await server.stop();
