// Joins the files that app/styles/main.css imports into public/vendor/page.css.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const styles = join(root, 'app', 'styles');
const main = readFileSync(join(styles, 'main.css'), 'utf8');
const sheets = [...main.matchAll(/@import "(.+?)";/g)].map(([, file]) => readFileSync(join(styles, file), 'utf8'));
mkdirSync(join(root, 'public', 'vendor'), { recursive: true });
mkdirSync(join(root, 'public', 'vendor', 'editor'), { recursive: true });
writeFileSync(join(root, 'public', 'vendor', 'page.css'), sheets.join('\n'));
