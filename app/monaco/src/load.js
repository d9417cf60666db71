// Loads the editor's bundle once, when the first cell wants it.
let loading;

export function load() {
  loading ??= (async () => {
    const sheet = document.createElement('link');
    sheet.rel = 'stylesheet';
    sheet.href = '/vendor/editor/editor.css';
    const styled = new Promise((resolve, reject) => {
      sheet.onload = resolve;
      sheet.onerror = () => reject(new Error('editor.css'));
    });
    document.head.append(sheet);
    const [bundle] = await Promise.all([import('/vendor/editor/editor.js'), styled]);
    return bundle;
  })();
  loading.catch(() => { loading = undefined; });
  return loading;
}
