// One file with two roles: the element on a page, and its decoder in a worker.
import { LoopyPlayer } from './element';
import { beDecoder } from './worker';

if (!('document' in globalThis)) beDecoder();
else if (!customElements.get('loopy-player')) customElements.define('loopy-player', LoopyPlayer);

export { LoopyPlayer };
