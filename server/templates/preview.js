// The page of `podium preview`: loads itself again when the content changed, and shows what is wrong with
// it. Sessions live in the server, so that loading again loses nothing.
const news = new EventSource('/api/preview/events');
const shown = document.createElement('pre');
Object.assign(shown.style, {
  position: 'fixed', inset: 'auto 0 0 0', maxHeight: '40vh', overflow: 'auto', margin: '0', padding: '1rem',
  zIndex: '9999', background: 'Canvas', color: 'CanvasText', borderTop: '4px solid', whiteSpace: 'pre-wrap',
});
shown.setAttribute('role', 'alert');
shown.id = 'preview-findings';
let seen = null;
news.onmessage = event => {
  const { version, wrong } = JSON.parse(event.data);
  if (seen !== null && version !== seen) location.reload();
  seen = version;
  shown.textContent = wrong.join('\n');
  if (wrong.length > 0) document.body.append(shown);
  else shown.remove();
};
