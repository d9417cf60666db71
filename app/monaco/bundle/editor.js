// The editor behind a small interface. Everything that is Monaco's stays in this file.
import * as monaco from 'monaco-editor/editor.js';
import 'monaco-editor/languages/definitions/yaml/register.js';
import './features.js';

const here = new URL('.', import.meta.url);
// The Content-Security-Policy asks for a policy around the address of a worker.
const policy = globalThis.trustedTypes?.createPolicy('podium-editor', { createScriptURL: url => url });
globalThis.MonacoEnvironment = {
  getWorker: () => {
    const url = new URL('editor.worker.js', here).href;
    return new Worker(policy ? policy.createScriptURL(url) : url);
  },
};

const bases = { light: 'vs', dark: 'vs-dark', contrast: 'hc-black' };
// The colours are the page's own: they stand in its tokens.
const paint = name => {
  const css = getComputedStyle(document.documentElement);
  const colour = token => css.getPropertyValue(token).trim();
  const letter = token => colour(token).replace('#', '');
  monaco.editor.defineTheme('podium', {
    base: bases[name] ?? 'vs',
    inherit: true,
    rules: [
      { token: 'type', foreground: letter('--accent') },
      { token: 'string', foreground: letter('--code-ink') },
      { token: 'number', foreground: letter('--info') },
      { token: 'keyword', foreground: letter('--info') },
      { token: 'comment', foreground: letter('--ink-faint') },
    ],
    colors: {
      'editor.background': colour('--code'),
      'editor.foreground': colour('--code-ink'),
      'editorLineNumber.foreground': colour('--ink-faint'),
      'editorLineNumber.activeForeground': colour('--ink'),
      'editorLineNumber.dimmedForeground': colour('--ink-faint'),
      'editorCursor.foreground': colour('--accent'),
    },
  });
  monaco.editor.setTheme('podium');
};
const editors = new Map();
const place = (model, position) => [model.getValue(), position.lineNumber, position.column];

monaco.languages.registerCompletionItemProvider('yaml', {
  // Not the colon: what is offered there begins with a space, and the next key is one.
  triggerCharacters: [' ', '-'],
  async provideCompletionItems(model, position) {
    const ask = editors.get(model.uri.toString())?.complete;
    if (!ask) return { suggestions: [] };
    const word = model.getWordUntilPosition(position);
    const range = new monaco.Range(position.lineNumber, word.startColumn, position.lineNumber, word.endColumn);
    const offers = await ask(...place(model, position));
    return {
      suggestions: offers.map((offer, index) => ({
        label: offer.label,
        detail: offer.detail,
        documentation: offer.documentation || undefined,
        insertText: offer.insert,
        kind: monaco.languages.CompletionItemKind.Field,
        sortText: String(index).padStart(4, '0'),
        range,
      })),
    };
  },
});

monaco.languages.registerHoverProvider('yaml', {
  async provideHover(model, position) {
    const ask = editors.get(model.uri.toString())?.hover;
    const value = ask && (await ask(...place(model, position)));
    return value ? { contents: [{ value }] } : null;
  },
});

/** Makes an editor in `host`. `calls` holds change, run, leave, complete, hover and height. */
export function create(host, name, value, label, theme, calls) {
  const model = monaco.editor.createModel(value, 'yaml', monaco.Uri.parse(`podium:///${name}-${crypto.randomUUID()}.yaml`));
  model.updateOptions({ tabSize: 2, insertSpaces: true });
  paint(theme);
  const editor = monaco.editor.create(host, {
    model,
    ariaLabel: label,
    automaticLayout: true,
    fixedOverflowWidgets: true,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    scrollbar: { alwaysConsumeMouseWheel: false, vertical: 'hidden', horizontalScrollbarSize: 10 },
    fontSize: 14,
    lineHeight: 22,
    fontFamily: getComputedStyle(host).getPropertyValue('--font-code'),
    padding: { top: 12, bottom: 12 },
    lineNumbersMinChars: 3,
    folding: false,
    glyphMargin: false,
    overviewRulerLanes: 0,
    hideCursorInOverviewRuler: true,
    renderLineHighlight: 'line',
    renderLineHighlightOnlyWhenFocus: true,
    guides: { indentation: true },
    // A word that stands there in full needs no offer: Enter ends its line.
    acceptSuggestionOnEnter: 'smart',
    wordBasedSuggestions: 'off',
    quickSuggestions: { other: true, strings: true, comments: false },
    occurrencesHighlight: 'off',
    unicodeHighlight: { ambiguousCharacters: false },
    contextmenu: false,
  });
  editors.set(model.uri.toString(), calls);
  const fit = () => {
    if (model.isDisposed()) return;
    host.style.height = `${Math.max(editor.getContentHeight(), 68)}px`;
    editor.layout();
  };
  // Not at once: the event may come in the middle of an edit, and who draws then has Monaco read brackets from a
  // text that it has not finished changing, which can go on for ever.
  editor.onDidContentSizeChange(() => queueMicrotask(fit));
  fit();
  model.onDidChangeContent(() => calls.change(model.getValue()));
  const composing = () => editor.inComposition === true;
  editor.onKeyDown(event => {
    if (composing() || event.browserEvent.isComposing || event.browserEvent.keyCode === 229) return;
    const run = event.keyCode === monaco.KeyCode.Enter && (event.shiftKey || event.ctrlKey || event.metaKey);
    if (run) {
      event.preventDefault();
      event.stopPropagation();
      calls.run(event.shiftKey);
    }
  });
  editor.addCommand(monaco.KeyCode.Escape, () => calls.leave(),
    '!suggestWidgetVisible && !findWidgetVisible && !editorHasSelection && !editorHoverFocused && !parameterHintsVisible');

  let zones = [];
  return {
    value: () => model.getValue(),
    // Keeps the undo stack, so that a reset can be undone with the keyboard too.
    replace: text => {
      if (text === model.getValue()) return;
      editor.pushUndoStop();
      editor.executeEdits('podium', [{ range: model.getFullModelRange(), text }]);
      editor.pushUndoStop();
    },
    // The page changes its tokens in the same moment; the next frame has them.
    theme: name => requestAnimationFrame(() => paint(name)),
    reveal: (lineNumber, column) => {
      editor.setPosition({ lineNumber, column });
      editor.revealPositionInCenterIfOutsideViewport({ lineNumber, column });
      editor.focus();
    },
    // Offsets in UTF-16 units, as text areas count them.
    select: (start, end) => {
      const from = model.getPositionAt(start);
      const to = model.getPositionAt(end);
      editor.setSelection({
        startLineNumber: from.lineNumber, startColumn: from.column,
        endLineNumber: to.lineNumber, endColumn: to.column,
      });
      editor.revealPositionInCenterIfOutsideViewport(to);
      editor.focus();
    },
    // Squiggles, and the text of each finding under its line.
    mark: findings => {
      const level = { error: monaco.MarkerSeverity.Error, warning: monaco.MarkerSeverity.Warning, info: monaco.MarkerSeverity.Info };
      monaco.editor.setModelMarkers(model, 'podium', findings.map(finding => ({
        severity: level[finding.severity], message: finding.text, startLineNumber: finding.line,
        startColumn: finding.column, endLineNumber: finding.endLine, endColumn: finding.endColumn,
      })));
      editor.changeViewZones(accessor => {
        zones.forEach(zone => accessor.removeZone(zone));
        zones = findings.map(finding => {
          const node = document.createElement('div');
          node.className = `finding-line finding-line--${finding.severity}`;
          node.textContent = finding.text;
          const rows = Math.max(1, Math.ceil((finding.text.length * 8) / Math.max(200, editor.getLayoutInfo().contentWidth - 40)));
          return accessor.addZone({ afterLineNumber: finding.endLine, heightInLines: rows, domNode: node });
        });
      });
    },
    dispose: () => {
      editors.delete(model.uri.toString());
      editor.dispose();
      model.dispose();
    },
  };
}
