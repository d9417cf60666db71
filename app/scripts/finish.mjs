// Finishes dist/: moves the inline module script into a file of its own, makes every address of the page
// a file (so that any static file server can serve it), and lists the files to keep for offline use.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const dist = process.env.TRUNK_STAGING_DIR;
const digest = text => createHash('sha256').update(text).digest('hex').slice(0, 16);

let index = readFileSync(join(dist, 'index.html'), 'utf8');
index = index.replace(/<script type="module"[^>]*>([\s\S]*?)<\/script>/, (_, script) => {
  const name = `start-${digest(script)}.js`;
  writeFileSync(join(dist, name), script.trim() + '\n');
  return `<script type="module" src="/${name}"></script>`;
});
// The words of each language are a file that the page fetches when the language is spoken. The script of the
// head asks for it early, before the page's code is there.
for (const language of ['ko', 'en']) {
  const folder = join('app', 'locales', language);
  const files = readdirSync(folder).filter(name => name.endsWith('.ftl')).sort();
  const words = files.map(name => readFileSync(join(folder, name), 'utf8')).join('\n');
  const name = `words-${language}-${digest(words)}.txt`;
  writeFileSync(join(dist, name), words);
  index = index.replace('<html ', `<html data-words-${language}="/${name}" `);
}
if (/<script(?![^>]*\ssrc=)[^>]*>/.test(index)) throw new Error('an inline script is left in index.html');
writeFileSync(join(dist, 'index.html'), index);
writeFileSync(join(dist, '404.html'), index);

const scenarios = join('manifests', 'scenarios');
const folders = path => (existsSync(path) ? readdirSync(path).filter(name => statSync(join(path, name)).isDirectory()) : []);
const pages = ['', ...folders(scenarios).flatMap(track => folders(join(scenarios, track)).map(name => `${track}/${name}`))];
for (const language of ['ko', 'en']) {
  for (const page of pages) {
    const folder = join(dist, language, page);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.html'), index);
  }
}

const walk = (folder, prefix) => readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
  entry.isDirectory() ? walk(join(folder, entry.name), `${prefix}${entry.name}/`) : [prefix + entry.name]);
const kept = walk(dist, '/').filter(path =>
  !/\.(br|gz|map)$/.test(path) && !/^\/(ko|en)\//.test(path) && !['/service-worker.js', '/404.html', '/index.html', '/robots.txt'].includes(path));
const version = digest(kept.map(path => digest(readFileSync(join(dist, path)))).join() + index);
const worker = readFileSync(join(dist, 'service-worker.js'), 'utf8')
  .replace("'VERSION'", JSON.stringify(version))
  .replace("['FILES']", JSON.stringify(['/', ...kept], null, 1));
writeFileSync(join(dist, 'service-worker.js'), worker);
