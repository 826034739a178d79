// Builds the pages into dist/ and fails when one grows over its budget.
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const common = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'chrome100', 'firefox114', 'safari16.4'],
  legalComments: 'none',
  absWorkingDir: here('.'),
};

/** `import css from './x.css'` is the text of the style sheet, made small. */
const cssText = {
  name: 'css text',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

await rm(here('dist'), { recursive: true, force: true });
await mkdir(here('dist'));

const entries = {
  'loopy-player': 'src/play/main.ts',
  'loopy-sound': 'src/play/sound-main.ts',
  player: 'src/pages/player.ts',
  obs: 'src/pages/obs.ts',
  dashboard: 'src/pages/dashboard.ts',
};
await build({ ...common, entryPoints: entries, outdir: 'dist', plugins: [cssText] });
// A second pass takes another two per cent off what every viewer loads.
for (const name of ['loopy-player', 'loopy-sound', 'player', 'obs', 'dashboard']) {
  const file = here(`dist/${name}.js`);
  const { code } = await minify(await readFile(file, 'utf8'), {
    module: true,
    compress: {
      passes: 3,
      ecma: 2020,
      unsafe_arrows: true,
      unsafe_methods: true,
      booleans_as_integers: false,
      keep_fargs: false,
      pure_getters: true,
      hoist_props: true,
    },
  });
  await writeFile(file, code);
}
// Classic scripts that set a global, so that the dashboard goes on without the one or the other.
for (const [name, file] of [
  ['chart', 'src/board/chart-global.js'],
  ['smoothie', 'src/board/smoothie-global.js'],
]) {
  await build({ ...common, entryPoints: { [name]: file }, outdir: 'dist', format: 'iife' });
}
for (const name of ['page', 'obs', 'dashboard']) {
  const { code } = await transform(await readFile(here(`src/pages/${name}.css`), 'utf8'), {
    loader: 'css',
    minify: true,
  });
  await writeFile(here(`dist/${name}.css`), code);
}
for (const name of ['index.html', 'obs.html', 'dashboard.html', 'icon.svg']) {
  await copyFile(here(`src/pages/${name}`), here(`dist/${name}`));
}
const licences = [];
for (const name of ['chart.js', '@kurkle/color', 'smoothie']) {
  const folder = here(`node_modules/${name}`);
  const file = (await readdir(folder)).find((f) => /^licen[cs]e/i.test(f));
  licences.push(`${name}\n\n${(await readFile(`${folder}/${file}`, 'utf8')).trim()}\n`);
}
await writeFile(here('dist/licences.txt'), licences.join('\n----\n\n'));

const budgets = [
  // `loopy-sound.js` comes when somebody turns the sound on, and never in Media Source.
  ['player', 15_000, ['index.html', 'page.css', 'icon.svg', 'player.js', 'loopy-player.js']],
  ['sound of the player', 2_000, ['loopy-sound.js']],
  ['dashboard', 120_000, ['dashboard.html', 'dashboard.css', 'dashboard.js', 'chart.js']],
];
for (const [what, most, files] of budgets) {
  let sum = 0;
  for (const file of files) sum += gzipSync(await readFile(here(`dist/${file}`)), { level: 9 }).length;
  const words = `${what}: ${sum} of ${most} bytes gzipped`;
  if (sum > most) {
    console.error(`${words}: too much`);
    process.exitCode = 1;
  } else console.log(words);
}
