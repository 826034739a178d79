// TypeScript modules for Node: bundled in memory.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export async function load(path) {
  const entry = fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    write: false,
    loader: { '.css': 'text' },
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
