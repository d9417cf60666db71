// Bundles the editor into public/vendor/editor and compresses it.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const output = join(here, '..', '..', '..', 'public', 'vendor', 'editor');
rmSync(output, { recursive: true, force: true });

const shared = { bundle: true, minify: true, legalComments: 'linked', absWorkingDir: here, logLevel: 'warning', target: 'es2022' };
await build({
  ...shared,
  entryPoints: { editor: 'editor.js' },
  outdir: output,
  format: 'esm',
  loader: { '.ttf': 'file' },
  assetNames: '[name]-[hash]',
});
await build({
  ...shared,
  entryPoints: { 'editor.worker': 'monaco-editor/editor/editor.worker.js' },
  outdir: output,
  format: 'iife',
});

for (const name of readdirSync(output)) {
  const file = join(output, name);
  const text = readFileSync(file);
  const options = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: text.length } };
  writeFileSync(`${file}.br`, brotliCompressSync(text, options));
  writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }));
}
