// Runs before the page's own code: sets theme and language early, and says so when the code cannot run.
(() => {
  const read = key => { try { return localStorage.getItem(key); } catch { return null; } };
  const system = matchMedia('(forced-colors: active), (prefers-contrast: more)').matches
    ? 'contrast'
    : matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const chosen = read('podium-theme');
  document.documentElement.dataset.theme = ['light', 'dark', 'contrast'].includes(chosen) ? chosen : system;
  const fromPath = location.pathname.match(/^\/(ko|en)(\/|$)/);
  const fromBrowser = (navigator.languages || []).map(l => l.slice(0, 2)).find(l => l === 'ko' || l === 'en');
  const language = (fromPath && fromPath[1]) || read('podium-language') || fromBrowser || 'ko';
  document.documentElement.lang = language;
  const sentences = document.documentElement.getAttribute(`data-words-${language}`);
  if (sentences) {
    const early = document.createElement('link');
    Object.assign(early, { rel: 'preload', as: 'fetch', crossOrigin: 'anonymous', href: sentences });
    document.head.append(early);
  }

  const words = {
    ko: ['Podium을 여는 중입니다…', '페이지의 코드를 실행할 수 없습니다. 최신 브라우저로 다시 열어 보세요. 원인: '],
    en: ['Opening Podium…', 'The code of this page cannot run. Open it again in a current browser. Cause: '],
  }[language] || ['', ''];
  const say = text => {
    const place = document.getElementById('boot-text');
    if (place) place.textContent = text;
  };
  addEventListener('DOMContentLoaded', () => say(words[0]));
  addEventListener('error', event => say(words[1] + (event.message || 'a file did not load')), true);
  addEventListener('unhandledrejection', event => say(words[1] + event.reason));
  if (typeof WebAssembly !== 'object') addEventListener('DOMContentLoaded', () => say(words[1] + 'WebAssembly'));
})();
