// Pieces of the page that several cards use.
import { type Child, h } from '../play/dom';

/** Writes only what has changed, so that nothing flickers and a screen reader is left in peace. */
export function write(el: Element, text: string): void {
  if (el.textContent !== text) el.textContent = text;
}

export function card(title: string, className: string, ...children: Child[]): HTMLElement {
  const id = `card-${title.toLowerCase().replace(/\W+/g, '-')}`;
  return h(
    'section',
    { class: `card ${className}`, 'aria-labelledby': id },
    h('h2', { id }, title),
    ...children,
  );
}

export function facts(): { el: HTMLElement; set(rows: [string, string][]): void } {
  const el = h('dl', { class: 'facts' });
  let shape = '';
  return {
    el,
    set(rows) {
      const keys = rows.map(([k]) => k).join('\n');
      if (keys !== shape) {
        shape = keys;
        el.replaceChildren(...rows.map(([k]) => h('div', {}, h('dt', {}, k), h('dd'))));
      }
      rows.forEach(([, v], i) => {
        const dd = el.children[i]?.lastElementChild;
        if (dd) write(dd, v);
      });
    },
  };
}
